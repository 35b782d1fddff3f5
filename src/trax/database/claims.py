"""Who is at work on a row: a session-level advisory lock, which PostgreSQL lets go of when its process dies.

Liveness is thus a fact of the server and no guess from timestamps: a row `in processing` whose claim is free was
left behind by a process that no longer exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from trax.database.engine import Database
from trax.errors import JobInterrupted

KEY = "hashtextextended(CAST(:id AS text), 0)"


@contextmanager
def claim(database: Database, row_id: UUID, *, wait: bool = False) -> Iterator[None]:
    """Hold the claim on a row for the length of the block, on a connection of its own.

    Raises: JobInterrupted: another process holds it (and `wait` is off).
    """
    parameters = {"id": str(row_id)}
    with database.explained():
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with database.explained():
            held = _take(connection, parameters, wait=wait)
        if not held:
            raise JobInterrupted(f"Another process is at work on {row_id}.", "Wait for it, or end it.")
        yield
    finally:
        # Not handed back to the pool: closing the connection frees the claim even where an unlock can't be sent.
        connection.invalidate()
        connection.close()


def _take(connection: Connection, parameters: dict[str, str], *, wait: bool) -> bool:
    if wait:
        connection.execute(text(f"SELECT pg_advisory_lock({KEY})"), parameters)
        return True
    return bool(connection.execute(text(f"SELECT pg_try_advisory_lock({KEY})"), parameters).scalar_one())


def is_free(session: Session, row_id: UUID) -> bool:
    """Whether nobody holds the claim; if so it is ours until the transaction ends."""
    found = session.execute(text(f"SELECT pg_try_advisory_xact_lock({KEY})"), {"id": str(row_id)})
    return bool(found.scalar_one())
