"""The steps that a batch takes from its creation to its end, beside those that its jobs take for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from trax.database import batches
from trax.database.models import ProcessingJob, TranscriptionJob
from trax.database.queue_models import BatchItem
from trax.errors import JobInterrupted
from trax.storable import storable_json, storable_text

# Jobs of a batch that wait in a given queue, or (where none is given) in their own.
IN_QUEUE = text("""
SELECT DISTINCT j.id FROM batch_items i JOIN transcription_jobs j ON j.id = i.job_id
JOIN procrastinate_jobs p ON p.id = j.ticket_id
WHERE i.batch_id = :batch_id AND i.status = 'pending' AND j.status = 'pending' AND p.status = 'todo'
  AND p.queue_name = coalesce(CAST(:queue AS text), j.queue)
""")


@dataclass(frozen=True, slots=True)
class NewItem:
    """One source of a new batch; `error` says why there is nothing to transcribe."""

    source: str
    error: str | None = None
    details: dict[str, Any] | None = None  # what there is to know beside the source


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """An item that is still to be queued."""

    position: int
    source: str
    details: dict[str, Any] | None


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
    _append(session, batch_id, items, 1)
    batches.end_if_done(session, batch_id)
    return batch_id


def waiting(session: Session, batch_id: UUID) -> list[WaitingItem]:
    """The items that are still to be queued, in order."""
    item = BatchItem
    found = select(item.position, item.source, item.details).where(item.batch_id == batch_id, item.status == "waiting")
    return [WaitingItem(*row) for row in session.execute(found.order_by(item.position))]


def sources_beside(session: Session, batch_id: UUID, position: int) -> set[str]:
    """The sources of all items but one."""
    item = BatchItem
    return set(session.scalars(select(item.source).where(item.batch_id == batch_id, item.position != position)))


def become(session: Session, batch_id: UUID, position: int, first: NewItem, others: Sequence[NewItem]) -> None:
    """The item that waits there becomes the first, and waits on; the others come after all that the batch has.

    Raises: JobInterrupted: the batch was cancelled meanwhile.
    """
    batches.lock(session, [batch_id])
    change = update(BatchItem).where(*_waits(batch_id, position)).values(_told_of(first))
    if session.scalar(change.returning(BatchItem.position)) is None:
        raise _waits_no_longer(batch_id, position)
    last = session.scalars(select(func.max(BatchItem.position)).where(BatchItem.batch_id == batch_id)).one()
    session.execute(
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id)
        .values(total_items=ProcessingJob.total_items + len(others))
    )
    _append(session, batch_id, others, last + 1)


def item_queued(session: Session, batch_id: UUID, position: int, media_id: UUID, job_id: UUID) -> bool:
    """waiting → pending: the item waits for that job, which is locked; True: a paused batch, whose job is to be held.

    Raises: JobInterrupted: the batch was cancelled meanwhile.
    """
    batches.lock(session, [batch_id])
    change = update(BatchItem).where(*_waits(batch_id, position))
    change = change.values(status="pending", media_file_id=media_id, job_id=job_id)
    if session.scalar(change.returning(BatchItem.position)) is None:
        raise _waits_no_longer(batch_id, position)
    return session.scalar(select(ProcessingJob.status).where(ProcessingJob.id == batch_id)) == "paused"


def fail_item(session: Session, batch_id: UUID, position: int, error: str) -> None:
    """waiting → failed, without a job; nothing where the item waits no longer."""
    batches.lock(session, [batch_id])
    batches.end_items(session, _waits(batch_id, position), "failed", error)


def item_answered(session: Session, batch_id: UUID, position: int, media_id: UUID, job_id: UUID) -> None:
    """waiting → completed by a job that had ended before; nothing where the item waits no longer."""
    batches.lock(session, [batch_id])
    which = _waits(batch_id, position)
    session.execute(update(BatchItem).where(*which).values(media_file_id=media_id, job_id=job_id))
    batches.end_items(session, which, "completed", None)


def all_queued(session: Session, batch_id: UUID) -> None:
    """pending → processing: no item is left to be queued."""
    batches.lock(session, [batch_id])
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
        .values(status="paused", config=batches.with_config(paused_at=func.now()))
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
            config=batches.with_config(idle_seconds=batches.idle_since(paused_at), paused_at=None),
        )
    )
    return session.scalar(moved.returning(ProcessingJob.id)) is not None


def cancel(session: Session, batch_id: UUID) -> None:
    """Anything → cancelled, unless it has ended; items that are still to be queued never will be."""
    batches.lock(session, [batch_id])
    session.execute(
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status.not_in(batches.OVER))
        .values(status="cancelled", completed_at=func.now())
    )
    item = BatchItem
    batches.end_items(
        session, (item.batch_id == batch_id, item.status == "waiting"), "cancelled", "The batch was cancelled."
    )


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
    """Whether others have asked for the job too: another batch, a `trax add`, or somebody who waits for it."""
    item, job = BatchItem, TranscriptionJob
    others = select(1).where(item.job_id == job_id, item.status == "pending", item.batch_id != batch_id)
    not_ours = job.shared | job.owner_id.is_distinct_from(batch_id)
    return bool(session.scalar(select(exists(others) | exists(select(1).where(job.id == job_id, not_ours)))))


def give_up(session: Session, batch_id: UUID, job_id: UUID) -> None:
    """The batch no longer waits for a job that goes on for others."""
    batches.lock(session, [batch_id])
    item = BatchItem
    which = (item.batch_id == batch_id, item.job_id == job_id, item.status == "pending")
    batches.end_items(session, which, "cancelled", "The batch was cancelled; the job goes on for others.")


def revive(session: Session, batch_id: UUID) -> None:
    """cancelled → processing, so that its items can be tried again."""
    batches.lock(session, [batch_id])
    session.execute(
        update(ProcessingJob)
        .where(ProcessingJob.id == batch_id, ProcessingJob.status == "cancelled")
        .values(batches.on_again())
    )


def to_try_again(session: Session, batch_id: UUID) -> list[tuple[int, UUID | None]]:
    """Position and job of the items that failed or were cancelled."""
    item = BatchItem
    found = select(item.position, item.job_id).where(item.batch_id == batch_id, item.status.in_(batches.PUT_BACK))
    return [(position, job_id) for position, job_id in session.execute(found.order_by(item.position))]


def put_back(session: Session, batch_id: UUID, position: int) -> None:
    """failed or cancelled → waiting, to be registered and queued anew."""
    batches.lock(session, [batch_id])
    item = BatchItem
    which = (item.batch_id == batch_id, item.position == position, item.status.in_(batches.PUT_BACK))
    batches.reopen_items(session, which, "waiting")


def jobs_in_queue(session: Session, batch_id: UUID, queue: str | None) -> list[UUID]:
    """Jobs of the batch that wait in that queue; None: each in its own."""
    return list(session.scalars(IN_QUEUE, {"batch_id": batch_id, "queue": queue}))


def _append(session: Session, batch_id: UUID, items: Sequence[NewItem], first: int) -> None:
    """Add items, which are counted in `total_items` already, from that position on; what is wrong has failed."""
    rows = [
        {"batch_id": batch_id, "position": position, **_told_of(item)} for position, item in enumerate(items, first)
    ]
    if rows:
        session.execute(insert(BatchItem), rows)
    for position, item in enumerate(items, first):
        if item.error is not None:
            fail_item(session, batch_id, position, item.error)


def _told_of(item: NewItem) -> dict[str, Any]:
    return {"source": storable_text(item.source), "details": storable_json(item.details)}


def _waits_no_longer(batch_id: UUID, position: int) -> JobInterrupted:
    return JobInterrupted(f"Item {position} of batch {batch_id} waits no longer.", "See `trax batch show`.")


def _waits(batch_id: UUID, position: int) -> tuple[ColumnElement[bool], ...]:
    return (BatchItem.batch_id == batch_id, BatchItem.position == position, BatchItem.status == "waiting")
