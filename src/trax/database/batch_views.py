"""What is shown of batches: their counts, how fast they get on, and what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from trax.database.models import ProcessingJob
from trax.timeline import Seconds

# Items by their own state and that of their job; lengths are known once a worker has looked at a file.
ITEMS = text("""
SELECT i.status, j.status AS job_status, count(*) AS items, count(m.duration) AS measured,
       coalesce(sum(m.duration), 0) AS seconds, coalesce(sum(a.seconds_done), 0) AS seconds_done
FROM batch_items i
LEFT JOIN media_files m ON m.id = i.media_file_id
LEFT JOIN transcription_jobs j ON j.id = i.job_id
LEFT JOIN job_attempts a ON a.ticket_id = j.ticket_id AND j.status = 'processing'
WHERE i.batch_id = :batch_id
GROUP BY i.status, j.status
""")

# The work that was done for the batch: each job once, and none that had been done before.
WORK = text("""
SELECT count(*) FILTER (WHERE j.status = 'completed') AS jobs,
       coalesce(sum(m.duration) FILTER (WHERE j.status = 'completed'), 0) + coalesce(sum(a.seconds_done), 0) AS seconds,
       least(min(b.started_at), min(f.started_at)) AS began,
       extract(epoch FROM coalesce(min(b.completed_at), min((b.config ->> 'paused_at')::timestamptz), now())
           - least(min(b.started_at), min(f.started_at)))::float
           - coalesce(min((b.config ->> 'idle_seconds')::float), 0) AS run_seconds
FROM processing_jobs b
LEFT JOIN (SELECT DISTINCT batch_id, job_id FROM batch_items WHERE batch_id = :batch_id AND job_id IS NOT NULL) i
    ON i.batch_id = b.id
LEFT JOIN transcription_jobs j ON j.id = i.job_id AND (j.completed_at IS NULL OR j.completed_at >= b.created_at)
LEFT JOIN media_files m ON m.id = j.media_file_id
LEFT JOIN job_attempts a ON a.ticket_id = j.ticket_id AND j.status = 'processing'
LEFT JOIN LATERAL (
    SELECT min(started_at) AS started_at FROM job_attempts WHERE job_id = j.id AND started_at >= b.created_at
) f ON true
WHERE b.id = :batch_id
""")

FAILURES = text("""
SELECT i.position, i.source, i.status, i.job_id, i.error_message FROM batch_items i
WHERE i.batch_id = :batch_id AND i.status IN ('failed', 'cancelled') ORDER BY i.position
""")

RESULTS = text("""
SELECT i.position, r.id FROM batch_items i JOIN transcription_results r ON r.job_id = i.job_id
WHERE i.batch_id = :batch_id AND i.status = 'completed' AND r.pipeline_version = :version
""")

ALL_ITEMS = text("""
SELECT i.position, i.source, CASE WHEN i.status = 'pending' THEN coalesce(j.status, 'pending') ELSE i.status END,
       i.job_id, i.media_file_id, coalesce(i.error_message, CASE WHEN i.status = 'pending' THEN j.error_message END)
FROM batch_items i LEFT JOIN transcription_jobs j ON j.id = i.job_id
WHERE i.batch_id = :batch_id ORDER BY i.position
""")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is, and how fast it gets on."""

    waiting: int  # items still to be registered and queued
    pending: int
    running: int
    measured_items: int  # whose length is known
    measured_seconds: Seconds  # of audio, in these
    seconds_done: Seconds  # of audio, in items that are completed or in work
    run_seconds: Seconds | None  # since the first job began, without pauses; None: none has begun
    audio_per_second: float | None  # seconds of audio for each second
    items_per_hour: float | None
    seconds_left: Seconds | None  # None: unknown, or nothing is left


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that came to no good end."""

    position: int
    source: str
    status: str  # failed or cancelled
    job_id: UUID | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One source of a batch; its status is that of its job while it waits for it."""

    position: int
    source: str
    status: str
    job_id: UUID | None
    media_id: UUID | None
    error: str | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as it stands."""

    id: UUID
    status: str
    patterns: Sequence[str]
    config: dict[str, Any]
    total: int
    processed: int
    successful: int
    failed: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to be done."""
        return self.status in ("completed", "failed", "cancelled")


def get(session: Session, batch_id: UUID) -> BatchView:
    """The batch; it must exist."""
    return _view(session.get_one(ProcessingJob, batch_id, populate_existing=True))


def listing(session: Session, limit: int | None = None) -> list[BatchView]:
    """Batches, newest first."""
    newest_first = select(ProcessingJob).order_by(ProcessingJob.created_at.desc(), ProcessingJob.id).limit(limit)
    return [_view(row) for row in session.scalars(newest_first)]


def progress(session: Session, batch_id: UUID) -> Progress:
    """How far the batch is."""
    parameters = {"batch_id": batch_id}
    groups = session.execute(ITEMS, parameters).all()
    work = session.execute(WORK, parameters).one()
    batch = get(session, batch_id)
    count = {name: sum(group.items for group in groups if group.status == name) for name in ("waiting", "pending")}
    running = sum(group.items for group in groups if group.status == "pending" and group.job_status == "processing")
    done = sum(group.seconds if group.status == "completed" else group.seconds_done for group in groups)
    usable = [group for group in groups if group.status not in ("failed", "cancelled")]
    measured, seconds = sum(group.measured for group in usable), sum(group.seconds for group in usable)
    run = None if work.run_seconds is None else max(work.run_seconds, 0.001)
    rate = work.seconds / run if run and work.seconds else None
    left = None
    if measured and rate and count["waiting"] + count["pending"] and batch.status != "paused":
        left = max(0.0, seconds / measured * sum(group.items for group in usable) - done) / rate
    return Progress(
        waiting=count["waiting"],
        pending=count["pending"] - running,
        running=running,
        measured_items=measured,
        measured_seconds=seconds,
        seconds_done=done,
        run_seconds=run,
        audio_per_second=rate,
        items_per_hour=3600 * work.jobs / run if run and work.jobs else None,
        seconds_left=left,
    )


def failures(session: Session, batch_id: UUID) -> list[Failure]:
    """Items that failed or were cancelled, in order, with the reason."""
    return [Failure(*row) for row in session.execute(FAILURES, {"batch_id": batch_id})]


def results(session: Session, batch_id: UUID, version: str) -> dict[int, UUID]:
    """Position of each completed item, and the ID of its job's result of that pipeline version."""
    found = session.execute(RESULTS, {"batch_id": batch_id, "version": version})
    return {position: result_id for position, result_id in found}  # noqa: C416 - rows are no pairs to mypy


def items(session: Session, batch_id: UUID) -> list[Item]:
    """All items, in order."""
    return [Item(*row) for row in session.execute(ALL_ITEMS, {"batch_id": batch_id})]


def _view(row: ProcessingJob) -> BatchView:
    return BatchView(
        id=row.id,
        status=row.status,
        patterns=row.file_patterns or [],
        config=row.config or {},
        total=row.total_items or 0,
        processed=row.processed_items or 0,
        successful=row.successful_items or 0,
        failed=row.failed_items or 0,
        created_at=row.created_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        error=row.error_message,
    )
