"""Who is at work on a row: a session-level advisory lock, which PostgreSQL lets go of when its process dies.

Liveness is thus a fact of the server and no guess from timestamps: a row `in processing` whose claim is free was
left behind by a process that no longer exists. Each claim has a connection of its own, outside the pool, for as long
as it is held (a pooler between Trax and the server has to keep sessions: transaction mode doesn't do).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from trax.database.engine import Database
from trax.errors import ClaimHeld

KEY = "hashtextextended(CAST(:id AS text), 0)"
END_SESSION = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid AND backend_start = :backend_start"
)
# A claim waits for hours if it must, and stays idle for as long as the work takes.
PATIENCE = "SET idle_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = 0"


@contextmanager
def claim(database: Database, row_id: UUID, *, wait: bool = False) -> Iterator[Connection]:
    """Hold the claim on a row for the length of the block; the claim is as good as the connection.

    Raises: ClaimHeld: another process holds it (and `wait` is off).
    """
    with database.explained():
        connection = database.lasting_connection()
    try:
        with database.explained():
            held = _take(connection, row_id, wait=wait)
        if not held:
            raise ClaimHeld(f"Another process is at work on {row_id}.", "Wait for it, or end it.")
        yield connection
    finally:
        # Closed, not unlocked: the server frees the claim even where nothing can be sent any more.
        connection.invalidate()
        connection.close()


def session_behind(connection: Connection) -> dict[str, Any]:
    """What tells the server's session of that connection from all others, also later ones with the same number."""
    found = connection.exec_driver_sql("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    return dict(found.mappings().one())


def end_session(session: Session, behind: dict[str, Any]) -> None:
    """End a session whose connection is lost on our side: the server may take long to notice, and it has our claim."""
    session.execute(END_SESSION, behind)


def is_free(session: Session, row_id: UUID) -> bool:
    """Whether nobody holds the claim; if so it is ours until the transaction ends."""
    found = session.execute(text(f"SELECT pg_try_advisory_xact_lock({KEY})"), {"id": str(row_id)})
    return bool(found.scalar_one())


def _take(connection: Connection, row_id: UUID, *, wait: bool) -> bool:
    connection.exec_driver_sql(PATIENCE)
    parameters = {"id": str(row_id)}
    if wait:
        connection.execute(text(f"SELECT pg_advisory_lock({KEY})"), parameters)
        return True
    return bool(connection.execute(text(f"SELECT pg_try_advisory_lock({KEY})"), parameters).scalar_one())
