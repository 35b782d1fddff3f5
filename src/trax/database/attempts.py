"""The history of a job: one row for each attempt that a worker began."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from trax.database import checkpoints
from trax.database.models import TranscriptionJob
from trax.database.queue_models import JobAttempt
from trax.storable import storable_text


def begin(session: Session, job: TranscriptionJob, ticket_id: int, worker_id: UUID, worker: str) -> int:
    """Record that a worker starts on a job; returns the number of the attempt, from 1."""
    before = select(func.count()).where(JobAttempt.job_id == job.id).scalar_subquery()
    statement = insert(JobAttempt).values(
        ticket_id=ticket_id,
        job_id=job.id,
        number=before + 1,
        worker_id=worker_id,
        worker=worker,
        windows_before=checkpoints.counted(job.request_id or job.id).scalar_subquery(),
    )
    return session.execute(statement.returning(JobAttempt.number)).scalar_one()


@dataclass(frozen=True, slots=True)
class Heard:
    """What an attempt has done in all."""

    windows: int
    seconds_done: float  # of the media
    engine_seconds: float


def tell(session: Session, ticket_id: int, heard: Heard) -> None:
    """Record what an attempt has done in all, beyond what it told on the way."""
    session.execute(
        update(JobAttempt)
        .where(JobAttempt.ticket_id == ticket_id)
        .values(windows_heard=heard.windows, seconds_done=heard.seconds_done, engine_seconds=heard.engine_seconds)
    )


def end(
    session: Session, ticket_id: int, outcome: str, error_kind: str | None = None, message: str | None = None
) -> None:
    """Record how an attempt ended, if it was running."""
    session.execute(
        update(JobAttempt)
        .where(JobAttempt.ticket_id == ticket_id, JobAttempt.ended_at.is_(None))
        .values(
            outcome=outcome,
            ended_at=func.clock_timestamp(),
            error_kind=error_kind,
            error_message=None if message is None else storable_text(message),
        )
    )


def outcome(session: Session, ticket_id: int) -> str | None:
    """How an attempt ended; None while it runs."""
    return session.scalar(select(JobAttempt.outcome).where(JobAttempt.ticket_id == ticket_id))


def got_on(session: Session, job: TranscriptionJob, ticket_id: int) -> bool:
    """Whether the attempt left more windows behind than it found."""
    before = session.scalar(select(JobAttempt.windows_before).where(JobAttempt.ticket_id == ticket_id))
    return before is not None and checkpoints.count(session, job.request_id or job.id) > before
