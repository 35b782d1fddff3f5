"""A stored version of a transcript as the archive hands it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from trax.coverage.storing import of_content
from trax.coverage.values import Coverage
from trax.database import speakers as who
from trax.database.engine import Transaction
from trax.database.models import MediaFile, TranscriptionResult
from trax.export import ExportDocument, render
from trax.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Result:
    """One stored version of a transcript."""

    id: UUID
    media_id: UUID
    job_id: UUID
    version: int
    parent_id: UUID | None
    pipeline_version: str
    transcript: Transcript
    title: str
    source: str
    model_used: str | None
    accuracy: (
        float | None
    )  # share of words that are right, 0..1: measured where the media has a reference, else estimated
    word_count: int | None
    processing_time: float | None  # seconds
    profile: Mapping[str, float]  # seconds of work by stage, of all threads; empty for results of before it was kept
    created_at: datetime
    existed: bool = False  # the same request had been answered before; nothing was done
    lacks: int | None = None  # the version whose corrections by hand are not in this newer one
    speaker_info: Mapping[str, Any] | None = None  # who speaks, where that is known, with their names
    content: Mapping[str, Any] = field(default_factory=dict)  # as it is stored: of a v2, all that was to be corrected

    @property
    def coverage(self) -> Coverage | None:
        """What every second of its sound holds; None: it was made before Trax kept that, or by others."""
        return of_content(self.content)

    def export(self, format: str = "txt") -> str:
        """The transcript as `txt`, `srt`, `vtt`, `json` or `md`."""
        return render(_document(self), format)


def result_of(session: Transaction, row: TranscriptionResult, file: MediaFile) -> Result:
    """The version of that file as the archive hands it out, with the names that its speakers have now."""
    spoken = who.spoken(session, row)
    return Result(
        id=row.id,
        media_id=row.media_file_id,
        job_id=row.job_id,
        version=row.version,
        parent_id=row.parent_result_id,
        pipeline_version=row.pipeline_version,
        transcript=spoken.transcript,
        title=file.filename,
        source=file.source_path,
        model_used=row.model_used,
        accuracy=row.accuracy,
        word_count=row.word_count,
        processing_time=row.processing_time,
        profile=(row.model_config or {}).get("profile", {}),
        created_at=row.created_at,
        speaker_info=spoken.info,
        content=row.content,
    )


def _document(result: Result) -> ExportDocument:
    return ExportDocument(
        transcript=result.transcript,
        title=result.title,
        source=result.source,
        media_id=str(result.media_id),
        result_id=str(result.id),
        version=result.version,
        pipeline_version=result.pipeline_version,
        model_used=result.model_used,
        created_at=result.created_at.isoformat(),
        speaker_info=result.speaker_info,
    )
