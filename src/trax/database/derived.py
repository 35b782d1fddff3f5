"""Results that are made of others without any work in the queue: each has a job of its own, which is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert
from sqlalchemy.orm import Session

from trax.database import transcripts
from trax.database.models import TranscriptionJob, TranscriptionResult
from trax.database.transcripts import NewResult


def store(session: Session, new: NewResult, *, asked: dict[str, Any]) -> TranscriptionResult:
    """The stored row, of a job of its own.

    asked: what led to it, for the job's `processing_options`; the result's own job ID doesn't count.
    """
    return transcripts.store(session, replace(new, job_id=_finished_job(session, new.media_id, new.model_used, asked)))


def _finished_job(session: Session, media_id: UUID, model: str, asked: dict[str, Any]) -> UUID:
    job = TranscriptionJob
    statement = insert(job).values(
        id=uuid4(),
        media_file_id=media_id,
        status="completed",
        model_config={"model": model},
        processing_options=asked,
        started_at=func.now(),
        completed_at=func.now(),
    )
    return session.scalars(statement.returning(job.id)).one()
