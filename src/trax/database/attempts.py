"""The history of a job: one row for each attempt that a worker began."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from trax.database import checkpoints
from trax.database.models import TranscriptionJob
from trax.database.queue_models import JobAttempt
from trax.storable import storable_text

WORKER_LOST = "WorkerLost"  # kind of error of an attempt whose process died or was cut off
EXCUSED = "DatabaseUnavailable"  # that of one which was lost because the server was away
TOLERATED = 2  # losses among others, one after the other, before a further one is a job's own fault


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


def is_suspect(session: Session, job_id: UUID) -> bool:
    """Whether the job's last attempt took its process with it, or was taken along by another one's."""
    ended = select(JobAttempt.error_kind).where(JobAttempt.job_id == job_id)
    return session.scalar(ended.order_by(JobAttempt.number.desc()).limit(1)) == WORKER_LOST


def is_to_blame(session: Session, ticket_id: int) -> bool:
    """Whether the end of the process may be put down to the attempt: it ran alone, or it was lost twice before.

    Who is lost among others becomes a suspect. Suspects run one at a time in each process, but beside others that
    nobody suspects yet: once more may be chance.
    """
    lost, other = aliased(JobAttempt), aliased(JobAttempt)
    company = exists().where(
        other.worker_id == lost.worker_id,
        other.ticket_id != lost.ticket_id,
        or_(other.ended_at.is_(None), and_(other.error_kind == WORKER_LOST, other.ended_at >= lost.started_at)),
    )
    earlier = (
        select(func.count())
        .where(
            other.job_id == lost.job_id,
            other.number.between(lost.number - TOLERATED, lost.number - 1),
            other.error_kind == WORKER_LOST,
        )
        .scalar_subquery()
    )
    return bool(session.scalar(select(or_(~company, earlier >= TOLERATED)).where(lost.ticket_id == ticket_id)))


def got_on(session: Session, job: TranscriptionJob, ticket_id: int) -> bool:
    """Whether the attempt left more windows behind than it found."""
    before = session.scalar(select(JobAttempt.windows_before).where(JobAttempt.ticket_id == ticket_id))
    return before is not None and checkpoints.count(session, job.request_id or job.id) > before
