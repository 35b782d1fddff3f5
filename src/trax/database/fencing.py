"""The fence: only the attempt whose ticket a job names may change the job, or store what came of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionJob
from trax.errors import JobInterrupted


def fence(job_id: UUID, ticket_id: int) -> ColumnElement[bool]:
    """Whether the job is still run by the attempt of that ticket."""
    job = TranscriptionJob
    return and_(job.id == job_id, job.ticket_id == ticket_id, job.status == "processing")


def is_ours(session: Session, job_id: UUID, ticket_id: int) -> bool:
    """Whether the job is still that attempt's; if so, nobody else gets at it until the transaction ends."""
    return (
        session.scalar(select(TranscriptionJob.id).where(fence(job_id, ticket_id)).with_for_update(key_share=True))
        is not None
    )


def require_ours(session: Session, job_id: UUID, ticket_id: int) -> None:
    """Keep everybody else from the job until the transaction ends.

    Raises: JobInterrupted: the job was cancelled, or given to another worker.
    """
    if not is_ours(session, job_id, ticket_id):
        raise JobInterrupted(
            f"Job {job_id} is no longer this worker's.", "It was cancelled, or another worker has taken it over."
        )
