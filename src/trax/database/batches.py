"""State changes of batches and their items, within the transactions that change a job.

Whoever locks rows of several of these tables locks them in this order: media file, jobs in order of ID, batches in
order of ID, items. A batch's counters then stay exact and nobody waits in a circle, whatever happens at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from trax.database.models import ProcessingJob
from trax.database.queue_models import BatchItem
from trax.storable import storable_text

OVER = ("completed", "failed", "cancelled")


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
    reopened = (BatchItem.job_id == job_id, BatchItem.status.in_(("failed", "cancelled")))
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
            .values(status="processing", completed_at=None, error_message=None)
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
    failures = select(BatchItem.error_message).where(
        BatchItem.batch_id == batch_id, BatchItem.status.in_(("failed", "cancelled"))
    )
    return failures.order_by(BatchItem.position).limit(1).scalar_subquery()
