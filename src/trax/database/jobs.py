"""Queries about transcription jobs: each state change is one guarded UPDATE."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from trax.database import claims
from trax.database.models import TranscriptionJob
from trax.errors import JobInterrupted
from trax.storable import storable_text

RUNNING = TranscriptionJob.status == "processing"
THOUGHT_ABANDONED = TranscriptionJob.processing_options["abandoned"].as_boolean()


def create(
    session: Session,
    job_id: UUID,
    media_id: UUID,
    *,
    model_config: dict[str, Any],
    processing_options: dict[str, Any],
) -> None:
    """A new job, pending, under an ID that the caller has claimed."""
    job = TranscriptionJob(
        id=job_id, media_file_id=media_id, model_config=model_config, processing_options=processing_options
    )
    session.add(job)
    session.flush()


def start(session: Session, job_id: UUID) -> None:
    """pending → processing."""
    _move(session, job_id, TranscriptionJob.status == "pending", status="processing", started_at=func.now())


def complete(session: Session, job_id: UUID, processing_time: float) -> None:
    """processing → completed; in the transaction that stores the result.

    A job that was taken for abandoned while its process had lost the database, and is not, completes all the same.
    """
    _move(
        session,
        job_id,
        or_(RUNNING, and_(TranscriptionJob.status == "failed", THOUGHT_ABANDONED)),
        status="completed",
        completed_at=func.now(),
        processing_time=processing_time,
        error_message=None,
    )


def fail(session: Session, job_id: UUID, message: str) -> None:
    """processing → failed, with the reason."""
    _move(session, job_id, RUNNING, status="failed", completed_at=func.now(), error_message=storable_text(message))


def cancel(session: Session, job_id: UUID, message: str) -> None:
    """processing → cancelled, with the reason."""
    _move(session, job_id, RUNNING, status="cancelled", completed_at=func.now(), error_message=storable_text(message))


def fail_abandoned(session: Session) -> int:
    """Mark jobs that a dead process left `processing` as failed; returns how many."""
    running = session.scalars(
        select(TranscriptionJob).where(TranscriptionJob.status == "processing").with_for_update(skip_locked=True)
    ).all()
    abandoned = [job for job in running if claims.is_free(session, job.id)]
    for job in abandoned:
        fail(session, job.id, "Interrupted: the process that ran this job ended before it was finished.")
        job.processing_options = {**(job.processing_options or {}), "abandoned": True}
    return len(abandoned)


def _move(session: Session, job_id: UUID, expected: ColumnElement[bool], **values: Any) -> None:
    statement = (
        update(TranscriptionJob)
        .where(TranscriptionJob.id == job_id, expected)
        .values(**values)
        .returning(TranscriptionJob.id)
    )
    if session.scalar(statement) is None:
        raise JobInterrupted(
            f"Job {job_id} is not in the state that was expected.", "Another process has changed it; look at it again."
        )
