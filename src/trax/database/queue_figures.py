"""How full the queues are: what a worker's metrics show, in one question that an index answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Float, Select, cast, func, select
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionJob
from trax.database.queue_models import Worker
from trax.timeline import Seconds

WAITING = TranscriptionJob.status == "pending"
HELD = TranscriptionJob.ticket_id.is_(None)


@dataclass(frozen=True, slots=True)
class Queue:
    """The live jobs of one queue."""

    pending: int = 0  # that workers may take, at once or after the delay of a retry
    held: int = 0  # pending ones whose batch is paused
    processing: int = 0
    oldest_pending: Seconds = 0.0  # how long the one that waits longest has been pending


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """All queues with live jobs, and how many workers are alive."""

    workers: int
    queues: Mapping[str, Queue] = field(default_factory=dict)


def figures(session: Session, *, patience: Seconds) -> QueueFigures:
    """The queues as they are; a worker counts as alive until it has been silent for longer than it said it would be.

    Raises: DatabaseUnavailable: also where the server takes longer than `patience` seconds.
    """
    session.execute(select(func.set_config("statement_timeout", f"{patience * 1000:.0f}ms", True)))
    alive = Worker.heartbeat_at > func.now() - func.make_interval(0, 0, 0, 0, 0, 0, Worker.stall_timeout)
    workers = session.scalar(select(func.count()).select_from(Worker).where(alive)) or 0
    rows = session.execute(live_jobs())
    return QueueFigures(workers, {row[0]: Queue(row[1], row[2], row[3], row[4]) for row in rows})


def live_jobs() -> Select[str, int, int, int, float]:
    """A row for each queue with live jobs; the index of the status finds them among all that ever were."""
    waited = func.extract("epoch", func.now() - func.min(TranscriptionJob.updated_at).filter(WAITING, ~HELD))
    return (
        select(
            TranscriptionJob.queue,
            func.count().filter(WAITING, ~HELD),
            func.count().filter(WAITING, HELD),
            func.count().filter(TranscriptionJob.status == "processing"),
            cast(func.greatest(func.coalesce(waited, 0), 0), Float),
        )
        .where(TranscriptionJob.status.in_(("pending", "processing")))
        .group_by(TranscriptionJob.queue)
    )
