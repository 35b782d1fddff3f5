"""What is shown of jobs: their state, how far they are, and the attempts that were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select, true
from sqlalchemy.orm import Session, aliased

from trax.database import batches
from trax.database.models import MediaFile, TranscriptionJob
from trax.database.queue_models import BatchItem, JobAttempt
from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are asked for; None: all."""

    status: str | None = None
    batch_id: UUID | None = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stands."""

    id: UUID
    status: str
    media_id: UUID
    filename: str
    duration: Seconds | None  # of the media; None: nobody has looked yet
    model: str | None
    language: str | None
    pipeline: str
    queue: str
    priority: int
    held: bool  # a paused batch waits for it
    attempts: int
    retry_count: int
    max_retries: int
    seconds_done: Seconds | None  # of the media, by the attempt that runs
    worker: str | None  # that runs it, or ran it last
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    processing_time: Seconds | None
    error: str | None

    @property
    def is_over(self) -> bool:
        """Whether no worker will touch it again unless somebody asks for it."""
        return self.status in ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt at a job."""

    ticket_id: int
    number: int
    worker: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None  # None: it runs
    windows_before: int
    windows_heard: int
    seconds_done: Seconds | None
    engine_seconds: Seconds
    error_kind: str | None
    error: str | None


def listing(session: Session, wanted: JobFilter, limit: int | None = None) -> list[JobView]:
    """Jobs, newest first."""
    job = TranscriptionJob
    newest = _ids(wanted).order_by(job.created_at.desc(), job.id).limit(limit)
    statement = _jobs().where(job.id.in_(newest)).order_by(job.created_at.desc(), job.id)
    return [_view(row) for row in session.execute(statement)]


def get(session: Session, job_id: UUID) -> JobView:
    """The job; it must exist."""
    return _view(session.execute(_jobs().where(TranscriptionJob.id == job_id)).one())


def ids(session: Session, wanted: JobFilter) -> Sequence[UUID]:
    """IDs of the jobs that are asked for, oldest first."""
    return session.scalars(_ids(wanted).order_by(TranscriptionJob.created_at, TranscriptionJob.id)).all()


def attempts(session: Session, job_id: UUID) -> list[AttemptView]:
    """All attempts at a job, oldest first."""
    rows = session.scalars(
        select(JobAttempt).where(JobAttempt.job_id == job_id).order_by(JobAttempt.number, JobAttempt.ticket_id)
    )
    return [
        AttemptView(
            ticket_id=row.ticket_id,
            number=row.number,
            worker=row.worker,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            windows_before=row.windows_before,
            windows_heard=row.windows_heard,
            seconds_done=row.seconds_done,
            engine_seconds=row.engine_seconds,
            error_kind=row.error_kind,
            error=row.error_message,
        )
        for row in rows
    ]


def _ids(wanted: JobFilter) -> Select[Any]:
    job = TranscriptionJob
    statement = select(job.id)
    if wanted.status is not None:
        statement = statement.where(job.status == wanted.status)
    if wanted.queue is not None:
        statement = statement.where(job.queue == wanted.queue)
    if wanted.batch_id is not None:
        of_batch = select(BatchItem.job_id).where(BatchItem.batch_id == wanted.batch_id, BatchItem.job_id.is_not(None))
        statement = statement.where(job.id.in_(of_batch))
    return statement


def _jobs() -> Any:
    """Jobs with their media, their last attempt, and whether a batch holds them."""
    job, attempt = TranscriptionJob, JobAttempt
    of_job = select(attempt).where(attempt.job_id == job.id).order_by(attempt.number.desc()).limit(1)
    last = aliased(attempt, of_job.correlate(job).lateral())
    held = and_(job.status == "pending", batches.is_held(job.id))
    return select(job, MediaFile, last, held).join(MediaFile).outerjoin(last, true())


def _view(row: Any) -> JobView:
    job: TranscriptionJob
    media: MediaFile
    last: JobAttempt | None
    job, media, last, held = row
    asked, options = job.model_config or {}, job.processing_options or {}
    running = job.status == "processing"
    return JobView(
        id=job.id,
        status=job.status,
        media_id=media.id,
        filename=media.filename,
        duration=media.duration,
        model=asked.get("model"),
        language=asked.get("language"),
        pipeline=str(options.get("pipeline", "v1")),
        queue=job.queue,
        priority=job.priority or 0,
        held=held,
        attempts=0 if last is None else last.number,
        retry_count=job.retry_count or 0,
        max_retries=job.max_retries or 0,
        seconds_done=last.seconds_done if running and last is not None else None,
        worker=None if last is None else last.worker,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        processing_time=job.processing_time,
        error=job.error_message,
    )
