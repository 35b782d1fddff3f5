"""Windows that were heard for a request which is not answered yet.

They belong to the request, not to the job: a later job for the same bytes and options goes on where an earlier one
ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database.fencing import require_ours
from trax.database.models import TranscriptionJob
from trax.database.queue_models import JobAttempt, WindowCheckpoint

KEPT_DAYS = 30  # for requests that nobody has come back to


@dataclass(frozen=True, slots=True)
class Whose:
    """The attempt that hears the windows, and the request that they are for."""

    job_id: UUID
    ticket_id: int
    request_id: UUID
    media_id: UUID


def save(
    session: Session,
    whose: Whose,
    engine: str,
    windows: Mapping[int, dict[str, Any]],
    *,
    seconds_done: float,
    engine_seconds: float,
) -> None:
    """Keep windows by their position, with the attempt's progress.

    Raises: JobInterrupted: the job is no longer this attempt's; nothing was kept.
    """
    require_ours(session, whose.job_id, whose.ticket_id)
    rows = [
        {
            "request_id": whose.request_id,
            "position": position,
            "engine": engine,
            "media_file_id": whose.media_id,
            "result": result,
        }
        for position, result in windows.items()
    ]
    if rows:
        statement = insert(WindowCheckpoint)
        changed = {"engine": statement.excluded.engine, "result": statement.excluded.result}
        session.execute(statement.on_conflict_do_update(index_elements=["request_id", "position"], set_=changed), rows)
    session.execute(
        update(JobAttempt)
        .where(JobAttempt.ticket_id == whose.ticket_id)
        .values(
            windows_heard=JobAttempt.windows_heard + len(rows),
            seconds_done=seconds_done,
            engine_seconds=JobAttempt.engine_seconds + engine_seconds,
        )
    )


def load(session: Session, request_id: UUID, engine: str) -> dict[int, dict[str, Any]]:
    """What that very engine heard for the request, by position."""
    found = select(WindowCheckpoint.position, WindowCheckpoint.result).where(
        WindowCheckpoint.request_id == request_id, WindowCheckpoint.engine == engine
    )
    rows = session.execute(found.order_by(WindowCheckpoint.position)).all()
    return {row.position: row.result for row in rows}


def count(session: Session, request_id: UUID) -> int:
    """How many windows of the request have been heard."""
    return session.scalar(counted(request_id)) or 0


def counted(request_id: UUID) -> Select[Any]:
    """The question behind `count`, for use within another one."""
    return select(func.count()).where(WindowCheckpoint.request_id == request_id)


def forget(session: Session, request_id: UUID) -> None:
    """Drop them: the request is answered."""
    session.execute(delete(WindowCheckpoint).where(WindowCheckpoint.request_id == request_id))


def prune(session: Session) -> int:
    """Drop what nobody has come back to for long; returns how many windows."""
    wanted = select(TranscriptionJob.request_id).where(
        TranscriptionJob.request_id == WindowCheckpoint.request_id,
        TranscriptionJob.status.in_(("pending", "processing")),
    )
    old = WindowCheckpoint.created_at < func.now() - text(f"interval '{KEPT_DAYS} days'")
    dropped = session.execute(
        delete(WindowCheckpoint).where(old, ~wanted.exists()).returning(WindowCheckpoint.position)
    )
    return len(dropped.all())
