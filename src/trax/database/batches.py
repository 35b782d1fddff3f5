"""State changes of batches and their items, within the transactions that change a job.

Whoever locks rows of several of these tables locks them in this order: media file, jobs in order of ID, batches in
order of ID, items. A batch's counters then stay exact and nobody waits in a circle, whatever happens at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, case, exists, func, insert, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from trax.database.models import ProcessingJob, TranscriptionJob
from trax.database.queue_models import BatchItem
from trax.errors import JobInterrupted
from trax.storable import storable_text

OVER = ("completed", "failed", "cancelled")
PUT_BACK = ("failed", "cancelled")  # items that can be tried again


@dataclass(frozen=True, slots=True)
class NewItem:
    """One source of a new batch; `error` says why there is nothing to transcribe."""

    source: str
    error: str | None = None


def create(session: Session, patterns: Sequence[str], items: Sequence[NewItem], config: dict[str, Any]) -> UUID:
    """A new batch with all its items, none of them queued; what is wrong already counts as failed."""
    batch_id = session.scalars(
        insert(ProcessingJob).returning(ProcessingJob.id),
        {
            "job_type": "transcription",
            "config": config,
            "file_patterns": [storable_text(pattern) for pattern in patterns],
            "total_items": len(items),
        },
    ).one()
    rows = [
        {"batch_id": batch_id, "position": position, "source": storable_text(item.source)}
        for position, item in enumerate(items, start=1)
    ]
    if rows:
        session.execute(insert(BatchItem), rows)
    for position, item in enumerate(items, start=1):
        if item.error is not None:
            end_item(session, batch_id, position, "failed", item.error)
    end_if_done(session, batch_id)
    return batch_id


def waiting(session: Session, batch_id: UUID) -> list[tuple[int, str]]:
    """Position and source of the items that are still to be queued, in order."""
    item = BatchItem
    found = select(item.position, item.source).where(item.batch_id == batch_id, item.status == "waiting")
    return [(position, source) for position, source in session.execute(found.order_by(item.position))]


def item_queued(session: Session, batch_id: UUID, position: int, media_id: UUID, job_id: UUID) -> bool:
    """waiting → pending: the item waits for that job, which is locked; True: a paused batch, whose job is to be held.

    Raises: JobInterrupted: the batch was cancelled meanwhile.
    """
    lock(session, [batch_id])
    change = update(BatchItem).where(*_waits(batch_id, position))
    change = change.values(status="pending", media_file_id=media_id, job_id=job_id)
    if session.scalar(change.returning(BatchItem.position)) is None:
        raise JobInterrupted(f"Item {position} of batch {batch_id} waits no longer.", "See `trax batch show`.")
    return session.scalar(select(ProcessingJob.status).where(ProcessingJob.id == batch_id)) == "paused"


def end_item(
    session: Session, batch_id: UUID, position: int, status: str, error: str | None, media_id: UUID | None = None
) -> None:
    """waiting → completed or failed, without a job; nothing where the item waits no longer."""
    lock(session, [batch_id])
    which = _waits(batch_id, position)
    if media_id is not None:
        session.execute(update(BatchItem).where(*which).values(media_file_id=media_id))
    end_items(session, which, status, error)


def all_queued(session: Session, batch_id: UUID) -> None:
    """pending → processing: no item is left to be queued."""
    lock(session, [batch_id])
    session.execute(
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status == "pending")
        .values(status="processing", started_at=func.coalesce(ProcessingJob.started_at, func.now()))
    )


def pause(session: Session, batch_id: UUID) -> bool:
    """pending or processing → paused; False: it is neither. Its jobs are then to be held, in another transaction.

    From the commit on no attempt at a job of the batch begins; those in work go on.
    """
    moved = (
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status.in_(("pending", "processing")))
        .values(status="paused", config=_with(paused_at=func.now()))
    )
    return session.scalar(moved.returning(ProcessingJob.id)) is not None


def resume(session: Session, batch_id: UUID) -> bool:
    """paused → processing (or pending, with items to be queued); False: it is not paused. Its jobs are to be released.

    The jobs are released in another transaction.
    """
    item = BatchItem
    some_wait = exists(select(1).where(item.batch_id == batch_id, item.status == "waiting"))
    paused_at = ProcessingJob.config["paused_at"].astext.cast(ProcessingJob.created_at.type)
    moved = (
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status == "paused")
        .values(
            status=case((some_wait, "pending"), else_="processing"),
            started_at=case(
                (some_wait, ProcessingJob.started_at), else_=func.coalesce(ProcessingJob.started_at, func.now())
            ),
            config=_with(idle_seconds=_idle_since(paused_at), paused_at=None),
        )
    )
    return session.scalar(moved.returning(ProcessingJob.id)) is not None


def cancel(session: Session, batch_id: UUID) -> None:
    """Anything → cancelled, unless it has ended; items that are still to be queued never will be."""
    lock(session, [batch_id])
    session.execute(
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status.not_in(OVER))
        .values(status="cancelled", completed_at=func.now())
    )
    item = BatchItem
    end_items(session, (item.batch_id == batch_id, item.status == "waiting"), "cancelled", "The batch was cancelled.")


def live_jobs(session: Session, batch_id: UUID) -> Sequence[UUID]:
    """The jobs that the batch waits for, in order of ID."""
    item = BatchItem
    chosen = select(item.job_id).where(item.batch_id == batch_id, item.status == "pending", item.job_id.is_not(None))
    return [job_id for job_id in session.scalars(chosen.distinct().order_by(item.job_id)) if job_id is not None]


def lock_jobs(session: Session, job_ids: Sequence[UUID]) -> None:
    """Wait for every change of these jobs that is under way, and keep others from starting one."""
    job = TranscriptionJob
    session.execute(select(job.id).where(job.id.in_(job_ids)).order_by(job.id).with_for_update(key_share=True))


def is_wanted_elsewhere(session: Session, batch_id: UUID, job_id: UUID) -> bool:
    """Whether others wait for the job too: another batch, or whoever had queued it before there was a batch of it."""
    item, batch = BatchItem, ProcessingJob
    others = select(1).where(item.job_id == job_id, item.status == "pending", item.batch_id != batch_id)
    first = select(func.min(batch.created_at)).join(item, item.batch_id == batch.id).where(item.job_id == job_id)
    job = TranscriptionJob
    older = select(1).where(job.id == job_id, job.created_at < first.scalar_subquery())
    return bool(session.scalar(select(exists(others) | exists(older))))


def give_up(session: Session, batch_id: UUID, job_id: UUID) -> None:
    """The batch no longer waits for a job that goes on for others."""
    lock(session, [batch_id])
    item = BatchItem
    which = (item.batch_id == batch_id, item.job_id == job_id, item.status == "pending")
    end_items(session, which, "cancelled", "The batch was cancelled; the job goes on for others.")


def revive(session: Session, batch_id: UUID) -> None:
    """cancelled → processing, so that its items can be tried again."""
    lock(session, [batch_id])
    session.execute(
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status == "cancelled")
        .values(_on_again())
    )


def to_try_again(session: Session, batch_id: UUID) -> list[tuple[int, UUID | None]]:
    """Position and job of the items that failed or were cancelled."""
    item = BatchItem
    found = select(item.position, item.job_id).where(item.batch_id == batch_id, item.status.in_(PUT_BACK))
    return [(position, job_id) for position, job_id in session.execute(found.order_by(item.position))]


def put_back(session: Session, batch_id: UUID, position: int) -> None:
    """failed or cancelled → waiting, to be registered and queued anew."""
    lock(session, [batch_id])
    item = BatchItem
    which = (item.batch_id == batch_id, item.position == position, item.status.in_(PUT_BACK))
    reopen_items(session, which, "waiting")


def job_ended(session: Session, job_id: UUID, status: str, error: str | None) -> None:
    """A job has moved to `completed`, `failed` or `cancelled`: so have the items that wait for it.

    To be called after the UPDATE of the job's row, in its transaction.
    """
    waits = (BatchItem.job_id == job_id, BatchItem.status == "pending")
    if not lock(session, session.scalars(select(BatchItem.batch_id).where(*waits).distinct())):
        return
    end_items(session, waits, status, error)


def job_reopened(session: Session, job_id: UUID) -> None:
    """An ended job is pending again: so are its items, except in batches that were cancelled as a whole.

    To be called after the UPDATE of the job's row, in its transaction.
    """
    reopened = (BatchItem.job_id == job_id, BatchItem.status.in_(PUT_BACK))
    found = select(BatchItem.batch_id).join(ProcessingJob).where(*reopened, ProcessingJob.status != "cancelled")
    batch_ids = lock(session, session.scalars(found.distinct()))
    if batch_ids:
        reopen_items(session, (*reopened, BatchItem.batch_id.in_(batch_ids)), "pending")


def is_held(job_id: InstrumentedAttribute[UUID] | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a paused batch waits for the job: such a job gets no ticket."""
    batch = ProcessingJob.__table__.alias()
    item = BatchItem.__table__.alias()
    return exists(
        select(1)
        .select_from(item.join(batch, batch.c.id == item.c.batch_id))
        .where(item.c.job_id == job_id, item.c.status == "pending", batch.c.status == "paused")
    )


def lock(session: Session, batch_ids: Iterable[UUID]) -> Sequence[UUID]:
    """The batches' rows are ours until the transaction ends; those that exist, in order."""
    wanted = set(batch_ids)
    if not wanted:
        return []
    in_order = select(ProcessingJob.id).where(ProcessingJob.id.in_(wanted)).order_by(ProcessingJob.id)
    return session.scalars(in_order.with_for_update(key_share=True)).all()


def end_items(session: Session, which: Sequence[ColumnElement[bool]], status: str, error: str | None) -> int:
    """Move items of locked batches to `status`, count them, and end the batches that have no other; returns how many.

    They must not have ended before.
    """
    message = None if error is None else storable_text(error)
    change = update(BatchItem).where(*which).values(status=status, error_message=message).returning(BatchItem.batch_id)
    counted = Counter(session.scalars(change.execution_options(synchronize_session=False)))
    for batch_id, count in sorted(counted.items()):
        _count(session, batch_id, good=count if status == "completed" else 0, bad=0 if status == "completed" else count)
        end_if_done(session, batch_id)
    return counted.total()


def reopen_items(session: Session, which: Sequence[ColumnElement[bool]], status: str) -> int:
    """Move failed and cancelled items of locked batches back to `status`, and their batches on; returns how many."""
    change = update(BatchItem).where(*which).values(status=status, error_message=None).returning(BatchItem.batch_id)
    counted = Counter(session.scalars(change.execution_options(synchronize_session=False)))
    for batch_id, count in sorted(counted.items()):
        _count(session, batch_id, good=0, bad=-count)
        session.execute(
            update(ProcessingJob)
            .where(ProcessingJob.id == batch_id, ProcessingJob.status.in_(OVER))
            .values(_on_again())
            .execution_options(synchronize_session=False)
        )
    return counted.total()


def end_if_done(session: Session, batch_id: UUID) -> None:
    """Move a locked batch to its end where no item is left; one good item makes it a completed one."""
    batch = ProcessingJob
    change = (
        update(batch)
        .where(batch.id == batch_id, batch.status.not_in(OVER), batch.processed_items == batch.total_items)
        .values(
            status=case((func.coalesce(batch.failed_items, 0) == 0, "completed"), else_=_end_with_failures()),
            started_at=func.coalesce(batch.started_at, func.now()),
            completed_at=func.now(),
            error_message=case((_all_failed(), _first_error(batch_id)), else_=None),
        )
    )
    session.execute(change.execution_options(synchronize_session=False))


def _count(session: Session, batch_id: UUID, *, good: int, bad: int) -> None:
    batch = ProcessingJob
    change = (
        update(batch)
        .where(batch.id == batch_id)
        .values(
            processed_items=batch.processed_items + good + bad,
            successful_items=batch.successful_items + good,
            failed_items=batch.failed_items + bad,
        )
    )
    session.execute(change.execution_options(synchronize_session=False))


def _all_failed() -> ColumnElement[bool]:
    return (ProcessingJob.failed_items > 0) & (ProcessingJob.successful_items == 0)


def _end_with_failures() -> ColumnElement[str]:
    return case((ProcessingJob.successful_items > 0, "completed"), else_="failed")


def _first_error(batch_id: UUID) -> ColumnElement[str | None]:
    failures = select(BatchItem.error_message).where(BatchItem.batch_id == batch_id, BatchItem.status.in_(PUT_BACK))
    return failures.order_by(BatchItem.position).limit(1).scalar_subquery()


def _waits(batch_id: UUID, position: int) -> tuple[ColumnElement[bool], ...]:
    return (BatchItem.batch_id == batch_id, BatchItem.position == position, BatchItem.status == "waiting")


def _on_again() -> dict[str, Any]:
    """Values of a batch that had ended and goes on."""
    idle = _idle_since(ProcessingJob.completed_at)
    return {
        "status": "processing", "completed_at": None, "error_message": None, "config": _with(idle_seconds=idle)
    }  # fmt: skip


def _with(**changes: Any) -> ColumnElement[Any]:
    """The batch's config with these keys set."""
    pairs = [part for name, value in changes.items() for part in (literal(name), value)]
    return func.coalesce(ProcessingJob.config, func.jsonb_build_object()).op("||")(func.jsonb_build_object(*pairs))


def _idle_since(moment: ColumnElement[datetime | None] | InstrumentedAttribute[datetime | None]) -> ColumnElement[Any]:
    """Seconds in which the batch was paused or over, those since `moment` included: its rate leaves them out."""
    before = func.coalesce(ProcessingJob.config["idle_seconds"].astext.cast(Float), 0.0)
    return before + func.coalesce(func.extract("epoch", func.now() - moment), 0.0)
