"""What an export is made from: a transcript and the facts of the result that holds it, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
    speaker_info: Mapping[str, Any] | None = None  # who speaks, as it is stored, with the names that are known

    def speakers(self) -> Iterator[Mapping[str, Any]]:
        """What is known of each speaker who has a label, by first appearance."""
        stored = (self.speaker_info or {}).get("speakers")
        for speaker in stored if isinstance(stored, list) else ():
            if isinstance(speaker, Mapping) and isinstance(speaker.get("label"), str):
                yield speaker
