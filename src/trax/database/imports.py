"""Queries about transcripts that others have made, which are kept beside ours and never taken for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from trax.database import media, transcripts
from trax.database.models import MediaFile, TranscriptionJob, TranscriptionResult
from trax.database.transcripts import IMPORT, NewResult
from trax.timeline import Seconds
from trax.transcript import Transcript

TRANSCRIPT_ALONE = "transcript_sha256"  # key of `file_metadata`: there is no recording, and this is its transcript


@dataclass(frozen=True, slots=True)
class NewImport:
    """A transcript of others that is to be stored."""

    media_id: UUID
    transcript: Transcript
    model_used: str  # such as import:srt
    sha256: str  # of the file's bytes, which tell it from others
    details: dict[str, Any]  # for `model_config`: where it came from


def lock(session: Session, media_id: UUID) -> Seconds | None:
    """Keep other imports to that media out until the transaction ends; the media's duration, if it is known."""
    media = session.execute(
        select(MediaFile.duration).where(MediaFile.id == media_id).with_for_update(key_share=True)
    ).one()
    duration: Seconds | None = media.duration
    return duration


def media_of_transcript(session: Session, sha256: str, *, filename: str, source_path: str) -> UUID:
    """The row that stands for the recording of a transcript that has none here: the one of those bytes, or a new one.

    It has no bytes, so no hash; should the recording come, it is a row of its own.
    """
    media.lock_identities(session)
    known = select(MediaFile.id).where(MediaFile.file_metadata.contains({TRANSCRIPT_ALONE: sha256}))
    if (found := session.scalar(known.order_by(MediaFile.created_at).limit(1))) is not None:
        return found
    values = {
        "filename": filename,
        "file_size": 0,
        "source_path": source_path,
        "file_metadata": {TRANSCRIPT_ALONE: sha256},
    }
    return session.scalars(insert(MediaFile).values(**values).returning(MediaFile.id)).one()


def find(session: Session, media_id: UUID, sha256: str) -> TranscriptionResult | None:
    """What was imported of these very bytes for that media."""
    statement = select(TranscriptionResult).where(
        TranscriptionResult.media_file_id == media_id,
        TranscriptionResult.pipeline_version == IMPORT,
        TranscriptionResult.model_config["sha256"].astext == sha256,
    )
    return session.scalars(statement.order_by(TranscriptionResult.version).limit(1)).first()


def store(session: Session, new: NewImport) -> TranscriptionResult:
    """The stored row, and a job of its own that is over: every result has one."""
    result = NewResult(
        job_id=_finished_job(session, new),
        media_id=new.media_id,
        pipeline_version=IMPORT,
        transcript=new.transcript,
        accuracy=None,
        processing_time=None,
        model_used=new.model_used,
        model_config={**new.details, "sha256": new.sha256},
        is_measured=False,
    )
    return transcripts.store(session, result)


def _finished_job(session: Session, new: NewImport) -> UUID:
    job = TranscriptionJob
    statement = insert(job).values(
        id=uuid4(),
        media_file_id=new.media_id,
        status="completed",
        model_config={"model": new.model_used, "language": new.transcript.language},
        processing_options={"pipeline": IMPORT},
        started_at=func.now(),
        completed_at=func.now(),
    )
    return session.scalars(statement.returning(job.id)).one()
