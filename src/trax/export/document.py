"""What an export is made from: a transcript and the facts of the result that holds it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from trax.transcript import Transcript


@dataclass(frozen=True, slots=True)
class ExportDocument:
    """One version of one transcript, ready to be written in any format."""

    transcript: Transcript
    title: str
    source: str | None = None  # path or URL that the media came from
    media_id: str | None = None
    result_id: str | None = None
    version: int | None = None
    pipeline_version: str | None = None  # v1 .. v4
    model_used: str | None = None
    created_at: str | None = None  # ISO 8601
