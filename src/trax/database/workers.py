"""Processes that run jobs, which of them are alive, and what the dead ones left behind.

A worker holds the claim on its ID and moves its heartbeat. PostgreSQL frees the claim the moment that the process dies,
so that its jobs wait for no timeout. A worker that is cut off, or stopped, keeps its claim for as long as the server
takes its connection for alive: there the heartbeat decides. Right after a start of the server nobody holds a claim yet,
and heartbeats alone count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.orm import Session

from trax.database import batches, claims
from trax.database.models import TranscriptionJob
from trax.database.queue_models import JobAttempt, Worker
from trax.timeline import Seconds

PRIVATE_QUEUE = "@"  # followed by the ID of the only worker that serves it
FORGOTTEN = "1 day"  # after which a worker that didn't say goodbye is no longer listed

BEAT = text("""
INSERT INTO workers (id, name, queues, concurrency, stall_timeout)
VALUES (:id, :name, CAST(:queues AS jsonb), :concurrency, :stall_timeout)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
""")

# Fetched by a worker that died before it began, or a ticket that is gone without its job having moved on.
ASTRAY = text("""
SELECT j.id FROM transcription_jobs j LEFT JOIN procrastinate_jobs p ON p.id = j.ticket_id
LEFT JOIN procrastinate_workers w ON w.id = p.worker_id
WHERE j.status = 'pending' AND j.ticket_id IS NOT NULL AND (
    p.id IS NULL OR p.status NOT IN ('todo', 'doing')
    OR (p.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => :stalled)))
)
""")
PRIVATE_QUEUES = text(
    "SELECT DISTINCT queue_name FROM procrastinate_jobs "
    "WHERE status IN ('todo', 'doing') AND queue_name ~ '^@[0-9a-f]{32}$'"
)
JOBS_IN_QUEUE = text("""
SELECT j.id FROM transcription_jobs j JOIN procrastinate_jobs p ON p.id = j.ticket_id
WHERE j.status = 'pending' AND p.status IN ('todo', 'doing') AND p.queue_name = :queue
""")
# Tickets that no job waits for any more, and that no worker is about to close.
DROP_LEFTOVERS = text("""
DELETE FROM procrastinate_jobs p
WHERE NOT EXISTS (SELECT 1 FROM transcription_jobs j WHERE j.ticket_id = p.id)
  AND (p.status <> 'doing' OR NOT EXISTS (SELECT 1 FROM procrastinate_workers w
       WHERE w.id = p.worker_id AND w.last_heartbeat > now() - make_interval(secs => :stalled)))
  AND task_name = 'trax.transcribe'
""")


def private_queue(worker_id: UUID) -> str:
    """Name of the queue that this worker alone serves."""
    return f"{PRIVATE_QUEUE}{worker_id.hex}"


@dataclass(frozen=True, slots=True)
class Card:
    """What a worker says of itself."""

    id: UUID
    name: str  # host:pid
    queues: Sequence[str]
    concurrency: int
    stall_timeout: Seconds


def beat(connection: Connection, card: Card) -> None:
    """A sign of life, over the connection that holds the worker's claim; the first one registers the worker."""
    connection.execute(BEAT, {**asdict(card), "queues": json.dumps(list(card.queues))})


def leave(session: Session, worker_id: UUID) -> None:
    """Take a worker off the list that has ended in good order."""
    session.execute(delete(Worker).where(Worker.id == worker_id))


def dead(session: Session, worker_ids: Iterable[UUID | None]) -> set[UUID | None]:
    """Those of the workers that are no more, or have been silent for longer than they said they would be."""
    asked = set(worker_ids)
    patience = func.make_interval(0, 0, 0, 0, 0, 0, Worker.stall_timeout)
    fresh = Worker.heartbeat_at > func.now() - patience
    settled = func.pg_postmaster_start_time() < func.now() - patience
    known = select(Worker.id, settled).where(Worker.id.in_([id for id in asked if id is not None]), fresh)
    alive = {
        worker_id
        for worker_id, is_settled in session.execute(known)
        if not (is_settled and claims.is_free(session, worker_id))
    }
    return asked - alive


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A job whose worker is dead."""

    job_id: UUID
    ticket_id: int | None
    worker: str
    excused: bool  # the worker was last heard of before the server started: the job may not be to blame


def abandoned_jobs(session: Session) -> list[Abandoned]:
    """Jobs in work whose worker is dead."""
    before_start = Worker.heartbeat_at < func.pg_postmaster_start_time()
    running = session.execute(
        select(TranscriptionJob.id, TranscriptionJob.ticket_id, JobAttempt.worker_id, JobAttempt.worker, before_start)
        .outerjoin(JobAttempt, JobAttempt.ticket_id == TranscriptionJob.ticket_id)
        .outerjoin(Worker, Worker.id == JobAttempt.worker_id)
        .where(TranscriptionJob.status == "processing")
        .order_by(TranscriptionJob.id)
    ).all()
    gone = dead(session, {worker_id for _, _, worker_id, _, _ in running})
    return [
        # of a worker that nobody knows, a Trax of before the queue: who knows what ended it
        Abandoned(job_id, ticket_id, worker or "an unknown worker", bool(excused) or worker is None)
        for job_id, ticket_id, worker_id, worker, excused in running
        if worker_id in gone
    ]


def stray_jobs(session: Session, stalled: Seconds) -> list[UUID]:
    """Pending jobs that nobody will begin: their ticket is gone, or in the queue of a dead process."""
    astray = set(session.scalars(ASTRAY, {"stalled": stalled}))
    queues = {UUID(name.removeprefix(PRIVATE_QUEUE)): name for name in session.scalars(PRIVATE_QUEUES)}
    for worker_id in dead(session, queues):
        if worker_id is not None:
            astray |= set(session.scalars(JOBS_IN_QUEUE, {"queue": queues[worker_id]}))
    return sorted(astray)


def unqueued_jobs(session: Session, most: int | None = None) -> list[UUID]:
    """Pending jobs without a ticket that no batch holds, such as those of somebody's own INSERT."""
    job = TranscriptionJob
    free = (job.status == "pending", job.ticket_id.is_(None), ~batches.is_held(job.id))
    return list(session.scalars(select(job.id).where(*free).limit(most)))


def jobs_of(session: Session, worker_id: UUID) -> dict[int, UUID]:
    """The jobs that the worker has, as the database sees it, by their tickets."""
    job, attempt = TranscriptionJob, JobAttempt
    running = select(attempt.ticket_id, job.id).join(job, job.ticket_id == attempt.ticket_id)
    ours = (attempt.worker_id == worker_id, attempt.ended_at.is_(None), job.status == "processing")
    return {ticket_id: job_id for ticket_id, job_id in session.execute(running.where(*ours))}  # noqa: C416 - typed


def tidy(session: Session, stalled: Seconds) -> None:
    """Drop tickets that no job waits for, and workers that have been gone for long."""
    session.execute(DROP_LEFTOVERS, {"stalled": stalled})
    session.execute(delete(Worker).where(Worker.heartbeat_at < func.now() - text(f"interval '{FORGOTTEN}'")))


def has_pending(session: Session, queues: Sequence[str]) -> bool:
    """Whether any job waits in one of these queues, be it for a later moment."""
    waiting = text(
        "SELECT EXISTS (SELECT 1 FROM transcription_jobs j JOIN procrastinate_jobs p ON p.id = j.ticket_id "
        "WHERE j.status = 'pending' AND p.queue_name = ANY(:queues))"
    )
    return bool(session.scalar(waiting, {"queues": list(queues)}))
