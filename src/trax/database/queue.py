"""Jobs and their tickets: every step a job can take, each within the caller's transaction.

`transcription_jobs` is the truth. A ticket, which is one of Procrastinate's jobs, delivers one attempt to one worker
and is never used again; its ID is the fencing token. Whoever runs a job may change it only as long as the job still
names the ticket that the attempt began with (`fencing`): a worker that was taken for dead and wakes up finds another.

Rows are locked in one order, media before job before batch, so that nobody waits in a circle; and so that others may
still refer to them (`key_share`): checking a foreign key locks a row, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trax.database import attempts, batches, checkpoints, llm_calls
from trax.database.fencing import is_ours
from trax.database.models import TranscriptionJob
from trax.errors import JobInterrupted, RecordNotFound
from trax.storable import storable_text

TASK = "trax.transcribe"  # name of the task that a ticket asks for
LIVE = ("pending", "processing")

ADD_TICKET = text("""
SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(
    :queue, :task, :priority, NULL, NULL, jsonb_build_object('job_id', CAST(:job_id AS text)),
    CASE WHEN :delay > 0 THEN now() + make_interval(secs => :delay) END
)]::procrastinate_job_to_defer_v1[]))
""")
DROP_TICKET = text("SELECT procrastinate_cancel_job_v1(:ticket_id, true, true)")


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be put in a queue."""

    media_id: UUID
    request_id: UUID
    model_config: dict[str, Any]
    processing_options: dict[str, Any]
    queue: str = "default"  # where the job is at home
    ticket_queue: str | None = None  # where its first ticket goes, if not there: a process's own queue
    priority: int = 0
    max_retries: int = 3
    owner_id: UUID | None = None  # the batch or process that may give it up again
    id: UUID = field(default_factory=uuid4)


def enqueue(session: Session, new: NewJob) -> tuple[UUID, bool]:
    """ID of the job, and whether it is new: a live job with the same request is joined."""
    job = TranscriptionJob
    live = job.status.in_(LIVE)
    while True:
        statement = insert(job).values(
            id=new.id,
            media_file_id=new.media_id,
            request_id=new.request_id,
            priority=new.priority,
            max_retries=new.max_retries,
            queue=new.queue,
            owner_id=new.owner_id,
            model_config=new.model_config,
            processing_options=new.processing_options,
        )
        statement = statement.on_conflict_do_nothing(
            index_elements=["request_id"], index_where=text("status IN ('pending', 'processing')")
        )
        if session.scalar(statement.returning(job.id)) is not None:
            _give_ticket(session, new.id, new.ticket_queue or new.queue, new.priority)
            return new.id, True
        joined = (
            update(job)
            .where(job.request_id == new.request_id, live)
            .values(shared=job.shared | job.owner_id.is_distinct_from(new.owner_id))
        )
        known = session.scalar(joined.returning(job.id))
        if known is not None:  # None: it has ended in this very moment
            return known, False


def withdraw(session: Session, job_id: UUID) -> None:
    """Take a job back that this very transaction has queued."""
    job = TranscriptionJob
    ticket_id = session.scalar(delete(job).where(job.id == job_id).returning(job.ticket_id))
    session.execute(DROP_TICKET, {"ticket_id": ticket_id})


def state(session: Session, job_id: UUID) -> tuple[str, str | None]:
    """A job's status, and what its last attempt ended with, if that was an error."""
    job = TranscriptionJob
    found = session.execute(select(job.status, job.error_message).where(job.id == job_id)).one_or_none()
    if found is None:
        raise RecordNotFound(f"Job {job_id} is gone: its media was deleted.", "`trax media list` shows what there is.")
    return found.status, found.error_message


def is_held(session: Session, job_id: UUID) -> bool:
    """Whether a paused batch keeps the job from being begun."""
    return bool(session.scalar(select(batches.is_held(TranscriptionJob.id)).where(TranscriptionJob.id == job_id)))


def start(
    session: Session, job_id: UUID, ticket_id: int, worker_id: UUID, worker: str
) -> tuple[TranscriptionJob, int] | None:
    """pending → processing: the job and the attempt's number, if the ticket is the one that the job waits for.

    A job that a paused batch holds is not begun, and loses its ticket.
    """
    job = TranscriptionJob
    expected = (job.id == job_id, job.ticket_id == ticket_id, job.status == "pending")
    begun = (
        update(job)
        .where(*expected, ~batches.is_held(job.id))
        .values(status="processing", started_at=func.now(), completed_at=None)
        .returning(job)
        .execution_options(synchronize_session=False)
    )
    started = session.scalar(begun)
    if started is None:
        session.execute(update(job).where(*expected).values(ticket_id=None))
        return None
    return started, attempts.begin(session, started, ticket_id, worker_id, worker)


def complete(session: Session, job_id: UUID, ticket_id: int, processing_time: float) -> None:
    """processing → completed, in the transaction that stores the last result and knows the job to be its own."""
    request_id = _end(session, job_id, status="completed", processing_time=processing_time, error_message=None)
    attempts.end(session, ticket_id, "completed")
    checkpoints.forget(session, request_id or job_id)
    llm_calls.forget(session, request_id or job_id)
    batches.job_ended(session, job_id, "completed", None)


def fail(session: Session, job_id: UUID, ticket_id: int, kind: str, message: str) -> bool:
    """processing → failed, for good; False: the job is no longer this attempt's."""
    if not is_ours(session, job_id, ticket_id):
        return False
    attempts.end(session, ticket_id, "failed", kind, message)
    _fail(session, job_id, message)
    return True


def retry_later(
    session: Session, job_id: UUID, ticket_id: int, kind: str, message: str, *, queue: str, delay: float
) -> str | None:
    """processing → pending with a ticket for `delay` seconds on, or → failed after the last retry.

    Returns `retried`, `failed`, or None where the job is no longer this attempt's.
    """
    if not is_ours(session, job_id, ticket_id):
        return None
    attempts.end(session, ticket_id, "failed", kind, message)
    return _again_or_fail(session, job_id, message, queue=queue, delay=delay)


def put_off(session: Session, job_id: UUID, ticket_id: int, *, queue: str, delay: float) -> None:
    """Let a pending job that waits for this very ticket, fetched already, wait for another one."""
    job = _live(session, job_id)
    if job is not None and job.status == "pending" and job.ticket_id == ticket_id:
        _give_ticket(session, job_id, queue, job.priority or 0, delay)


def hand_back(
    session: Session, job_id: UUID, ticket_id: int, message: str, *, queue: str | None = None, delay: float = 0.0
) -> bool:
    """processing → pending with a new ticket, at once or later; not a retry, for it wasn't the job's fault.

    `queue` is the job's home unless given. False: the job is no longer this attempt's.
    """
    if not is_ours(session, job_id, ticket_id):
        return False
    attempts.end(session, ticket_id, "interrupted", None, message)
    job = session.get_one(TranscriptionJob, job_id)
    _to_pending(session, job, message, queue=queue or job.queue, delay=delay)
    return True


def lost(
    session: Session,
    job_id: UUID,
    ticket_id: int | None,
    message: str,
    *,
    delay: Callable[[int], float] = lambda _: 0.0,
    excused: bool = False,
) -> str | None:
    """processing → pending, or → failed after the last retry: the worker of that attempt is dead.

    An attempt that heard windows which none before it had doesn't count as a retry: whatever ended it, the job gets on.
    Neither does one that ran among others and was not lost before, or one that is `excused`. `delay` tells the
    seconds before the next one from the number of retries.
    Returns `retried`, `failed`, or None where somebody else was faster.
    """
    job = session.scalar(
        select(TranscriptionJob)
        .where(
            TranscriptionJob.id == job_id,
            TranscriptionJob.ticket_id.is_not_distinct_from(ticket_id),
            TranscriptionJob.status == "processing",
        )
        .with_for_update(skip_locked=True, key_share=True)
    )
    if job is None:
        return None
    counts = not excused
    if counts and ticket_id is not None:
        counts = attempts.is_to_blame(session, ticket_id) and not attempts.got_on(session, job, ticket_id)
    if ticket_id is not None:
        attempts.end(session, ticket_id, "lost", attempts.EXCUSED if excused else attempts.WORKER_LOST, message)
        session.execute(DROP_TICKET, {"ticket_id": ticket_id})
    if not counts:
        _to_pending(session, job, message, queue=job.queue)
        return "retried"
    return _again_or_fail(session, job_id, message, queue=job.queue, delay=delay(job.retry_count or 0))


def cancel(session: Session, job_id: UUID, message: str) -> bool:
    """pending or processing → cancelled; whoever runs it is told to stop. False: it had ended already."""
    job = _live(session, job_id)
    if job is None:
        return False
    ticket_id = job.ticket_id
    _end(session, job_id, status="cancelled", error_message=storable_text(message))
    if ticket_id is not None:
        attempts.end(session, ticket_id, "cancelled", None, message)
        session.execute(DROP_TICKET, {"ticket_id": ticket_id})
    batches.job_ended(session, job_id, "cancelled", message)
    return True


def give_up(session: Session, job_id: UUID, message: str) -> bool:
    """Cancel a job that nobody else has asked for; False: it goes on for others, or has ended."""
    job = _live(session, job_id)
    return job is not None and not job.shared and cancel(session, job_id, message)


def retry(session: Session, job_id: UUID) -> None:
    """failed or cancelled → pending, with all its retries before it again.

    Raises: JobInterrupted: the job has not failed, or an equal request is queued already.
    """
    job = session.scalar(select(TranscriptionJob).where(TranscriptionJob.id == job_id).with_for_update(key_share=True))
    if job is None or job.status not in ("failed", "cancelled"):
        state = "is gone" if job is None else f"is {job.status}"
        raise JobInterrupted(f"Job {job_id} {state}.", "Only a failed or cancelled job can be tried again.")
    try:
        with session.begin_nested():
            job.status, job.retry_count = "pending", 0
            job.started_at = job.completed_at = job.error_message = None
            session.flush()
    except IntegrityError as error:
        raise JobInterrupted(
            f"Job {job_id} is not needed: another one for the same request is in the queue.", "See `trax jobs list`."
        ) from error
    batches.job_reopened(session, job_id)
    _give_ticket(session, job_id, job.queue, job.priority or 0)


def adopt(session: Session, job_id: UUID, queue: str) -> bool:
    """Take a pending job over into the queue of a process that wants it now; False: somebody is about to run it."""
    job = _live(session, job_id)
    if job is None or job.status != "pending" or is_held(session, job_id):
        return False
    waits_in = None if job.ticket_id is None else _queue_of_ticket(session, job.ticket_id)
    if waits_in == queue or (job.ticket_id is not None and waits_in != job.queue):
        return False  # ours already, fetched by a worker, or in the queue of another process
    if job.ticket_id is not None:
        session.execute(DROP_TICKET, {"ticket_id": job.ticket_id})
    _give_ticket(session, job_id, queue, job.priority or 0)
    return True


def return_home(session: Session, job_id: UUID) -> bool:
    """Give a pending job a new ticket in its own queue."""
    job = _live(session, job_id)
    if job is None or job.status != "pending":
        return False
    if job.ticket_id is not None:
        session.execute(DROP_TICKET, {"ticket_id": job.ticket_id})
    _give_ticket(session, job_id, job.queue, job.priority or 0)
    return True


def hold(session: Session, job_ids: Sequence[UUID]) -> int:
    """Take the tickets of pending jobs away, so that nobody begins with them; returns how many."""
    job = TranscriptionJob
    chosen = select(job.id, job.ticket_id).where(
        job.id.in_(job_ids), job.status == "pending", job.ticket_id.is_not(None)
    )
    found = session.execute(chosen.order_by(job.id).with_for_update(key_share=True)).all()
    for job_id, ticket_id in found:
        session.execute(DROP_TICKET, {"ticket_id": ticket_id})
        session.execute(update(job).where(job.id == job_id).values(ticket_id=None))
    return len(found)


def release(session: Session, job_ids: Sequence[UUID]) -> int:
    """Give pending jobs without a ticket one in their own queue, unless a batch holds them; returns how many."""
    job = TranscriptionJob
    waiting = (job.id.in_(job_ids), job.status == "pending", job.ticket_id.is_(None), ~batches.is_held(job.id))
    found = session.execute(
        select(job.id, job.queue, job.priority).where(*waiting).order_by(job.id).with_for_update(of=job, key_share=True)
    ).all()
    for job_id, queue, priority in found:
        _give_ticket(session, job_id, queue, priority or 0)
    return len(found)


def _give_ticket(session: Session, job_id: UUID, queue: str, priority: int, delay: float = 0.0) -> int:
    values = {"queue": queue, "task": TASK, "priority": priority, "job_id": str(job_id), "delay": delay}
    ticket_id = int(session.execute(ADD_TICKET, values).scalar_one())
    session.execute(update(TranscriptionJob).where(TranscriptionJob.id == job_id).values(ticket_id=ticket_id))
    return ticket_id


def _queue_of_ticket(session: Session, ticket_id: int) -> str | None:
    waiting = text("SELECT queue_name FROM procrastinate_jobs WHERE id = :id AND status = 'todo'")
    found: str | None = session.scalar(waiting, {"id": ticket_id})
    return found


def _live(session: Session, job_id: UUID) -> TranscriptionJob | None:
    statement = select(TranscriptionJob).where(TranscriptionJob.id == job_id, TranscriptionJob.status.in_(LIVE))
    return session.scalar(statement.with_for_update(key_share=True).execution_options(populate_existing=True))


def _again_or_fail(session: Session, job_id: UUID, message: str, *, queue: str, delay: float) -> str:
    job = session.get_one(TranscriptionJob, job_id)
    retries = job.retry_count or 0
    if retries >= (job.max_retries or 0):
        _fail(session, job_id, message)
        return "failed"
    job.retry_count = retries + 1
    _to_pending(session, job, message, queue=queue, delay=delay)
    return "retried"


def _to_pending(session: Session, job: TranscriptionJob, message: str, *, queue: str, delay: float = 0.0) -> None:
    job.status = "pending"
    job.error_message = storable_text(message)
    session.flush()
    if is_held(session, job.id):
        session.execute(update(TranscriptionJob).where(TranscriptionJob.id == job.id).values(ticket_id=None))
        return
    _give_ticket(session, job.id, queue, job.priority or 0, delay)


def _fail(session: Session, job_id: UUID, message: str) -> None:
    _end(session, job_id, status="failed", error_message=storable_text(message))
    batches.job_ended(session, job_id, "failed", message)


def _end(session: Session, job_id: UUID, **values: Any) -> UUID | None:
    """The job's request ID, for whoever clears up after it."""
    job = TranscriptionJob
    statement = update(job).where(job.id == job_id).values(ticket_id=None, completed_at=func.now(), **values)
    return session.scalar(statement.returning(job.request_id))
