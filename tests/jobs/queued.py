"""Jobs in the queue of a test's database, and what the database says of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from trax.database import Database, media, queue
from trax.database.engine import Transaction

numbers = count()


def add_media(database: Database) -> UUID:
    """A media file that nobody looks into."""
    number = next(numbers)
    name = f"{number}.mp3"
    new = media.NewMedia(name, 1, uuid4().hex * 2, f"/in/{name}", f"/in/{name}", 1)
    with database.transaction() as session:
        return media.add(session, new)[0].id


def new_job(database: Database, **options: object) -> queue.NewJob:
    return replace(queue.NewJob(add_media(database), uuid4(), {"model": "tiny.en"}, {}), **options)  # type: ignore[arg-type]


def add_job(database: Database, **options: object) -> UUID:
    new = new_job(database, **options)
    with database.transaction() as session:
        return queue.enqueue(session, new)[0]


def ticket_of(database: Database, job_id: UUID) -> int | None:
    """The ticket that the job names."""
    with database.transaction() as session:
        ticket: int | None = session.scalar(
            text("SELECT ticket_id FROM transcription_jobs WHERE id = :id"), {"id": job_id}
        )
        return ticket


def status_of(database: Database, job_id: UUID) -> str:
    with database.transaction() as session:
        return queue.state(session, job_id)[0]


def waiting_tickets(database: Database) -> dict[int, str]:
    """Tickets that a worker could fetch, now or later, with their queues."""
    with database.transaction() as session:
        rows = session.execute(text("SELECT id, queue_name FROM procrastinate_jobs WHERE status = 'todo'"))
        return {row.id: row.queue_name for row in rows}


def fetch(database: Database, ticket_id: int) -> None:
    """What Procrastinate does to a ticket that a worker takes."""
    with database.transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id"), {"id": ticket_id})


def close(database: Database, ticket_id: int) -> None:
    """What Procrastinate does to a ticket whose attempt is over."""
    with database.transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": ticket_id})


def row(database: Database, job_id: UUID, columns: str) -> Any:
    with database.transaction() as session:
        return session.execute(text(f"SELECT {columns} FROM transcription_jobs WHERE id = :id"), {"id": job_id}).one()


def attempts(database: Database, job_id: UUID) -> list[tuple[str, str | None]]:
    with database.transaction() as session:
        rows = session.execute(
            text("SELECT outcome, error_kind FROM job_attempts WHERE job_id = :id ORDER BY number"), {"id": job_id}
        )
        return [tuple(found) for found in rows]


def begin(session: Transaction, media_id: UUID, options: dict[str, object] | None = None) -> tuple[UUID, int]:
    """A job of the media that a worker has begun with, and its ticket."""
    job_id, _ = queue.enqueue(session, queue.NewJob(media_id, uuid4(), {}, options or {}))
    ticket = session.scalar(text("SELECT ticket_id FROM transcription_jobs WHERE id = :id"), {"id": job_id})
    assert isinstance(ticket, int)
    assert queue.start(session, job_id, ticket, uuid4(), "test:1") is not None
    return job_id, ticket


def take(database: Database, job_id: UUID, worker_id: UUID) -> int:
    """A worker has begun with the job, and that is the last that was heard of it; the ticket."""
    ticket = ticket_of(database, job_id)
    assert ticket is not None
    fetch(database, ticket)
    with database.transaction() as session:
        assert queue.start(session, job_id, ticket, worker_id, "gone:1") is not None
    return ticket
