"""Archives that tests search: transcripts in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from trax.database import Database, transcripts
from trax.database.models import MediaFile, TranscriptionJob, TranscriptionResult
from trax.transcript import Segment, Transcript, Word

SECONDS = 5.0  # that a line takes


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a transcript."""

    text: str
    speaker: str | None = None
    confidence: float = 0.9


def segments(lines: Sequence[str | Said], seconds: float = SECONDS) -> tuple[Segment, ...]:
    """The lines as segments that follow each other without a pause."""
    said = [line if isinstance(line, Said) else Said(line) for line in lines]
    return tuple(
        Segment(
            start=number * seconds,
            end=(number + 1) * seconds,
            text=line.text,
            words=(Word(number * seconds, (number + 1) * seconds, f" {line.text}", line.confidence),),
            speaker=line.speaker,
        )
        for number, line in enumerate(said)
    )


def add_media(database: Database, filename: str, **columns: Any) -> UUID:
    with database.transaction() as session:
        media = MediaFile(filename=filename, file_size=1, source_path=f"/talks/{filename}", **columns)
        session.add(media)
        session.flush()
        return media.id


def add_transcript(
    database: Database,
    filename: str,
    *lines: str | Said,
    language: str = "en",
    media_id: UUID | None = None,
    seconds: float = SECONDS,
    **columns: Any,
) -> TranscriptionResult:
    """A stored, indexed transcript of these lines; of new media unless `media_id` is given."""
    spoken = segments(lines, seconds)
    transcript = Transcript(language, spoken[-1].end, spoken)
    columns = {"duration": transcript.duration, **columns}
    media_id = media_id or add_media(database, filename, **columns)
    with database.transaction() as session:
        job_id = uuid4()
        session.add(TranscriptionJob(id=job_id, media_file_id=media_id, status="completed"))
        session.flush()
        new = transcripts.NewResult(job_id, media_id, "v1", transcript, None, 1.0, "tiny.en", {})
        return transcripts.store(session, new)
