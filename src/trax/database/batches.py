"""State changes of batches and their items, within the transactions that change a job.

Whoever locks a job and batches locks the job first, then the batches in order of ID, then items. A batch's counters
then stay exact and nobody waits in a circle, whatever happens at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, case, exists, func, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from trax.database.models import ProcessingJob
from trax.database.queue_models import BatchItem
from trax.storable import storable_text

OVER = ("completed", "failed", "cancelled")
PUT_BACK = ("failed", "cancelled")  # items that can be tried again


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


def fail_orphans(session: Session) -> int:
    """Items that wait for a job that was deleted with its media have failed; returns how many."""
    orphans = (BatchItem.status == "pending", BatchItem.job_id.is_(None))
    if not lock(session, session.scalars(select(BatchItem.batch_id).where(*orphans).distinct())):
        return 0
    return end_items(session, orphans, "failed", "Its media file was deleted.")


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
            .values(on_again())
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


def on_again() -> dict[str, Any]:
    """Values of a batch that had ended and goes on."""
    idle = idle_since(ProcessingJob.completed_at)
    return {
        "status": "processing", "completed_at": None, "error_message": None, "config": with_config(idle_seconds=idle)
    }  # fmt: skip


def with_config(**changes: Any) -> ColumnElement[Any]:
    """The batch's config with these keys set."""
    pairs = [part for name, value in changes.items() for part in (literal(name), value)]
    return func.coalesce(ProcessingJob.config, func.jsonb_build_object()).op("||")(func.jsonb_build_object(*pairs))


def idle_since(moment: ColumnElement[datetime | None] | InstrumentedAttribute[datetime | None]) -> ColumnElement[Any]:
    """Seconds in which the batch was paused or over, those since `moment` included: its rate leaves them out."""
    before = func.coalesce(ProcessingJob.config["idle_seconds"].astext.cast(Float), 0.0)
    return before + func.coalesce(func.extract("epoch", func.now() - moment), 0.0)
