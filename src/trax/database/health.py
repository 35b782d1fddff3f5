"""How a database is: what `trax doctor` reports."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import text

from trax.database import indexing
from trax.database.engine import Database


@dataclass(frozen=True, slots=True)
class Health:
    server: str  # version, such as 18.6
    milliseconds: float  # for one query and its answer
    extensions: frozenset[str]  # that the server could create
    unicode: bool  # whether it knows upper and lower case beyond ASCII


def examine(database: Database) -> Health:
    """What the server is and can do."""
    with database.transaction() as session:
        started = time.perf_counter()
        server = session.execute(text("SHOW server_version")).scalar_one()
        milliseconds = 1000 * (time.perf_counter() - started)
        extensions = frozenset(session.scalars(text("SELECT name FROM pg_available_extensions")))
        unicode = session.execute(text("SELECT lower('É') = 'é'")).scalar_one()
    return Health(str(server).split()[0], milliseconds, extensions, bool(unicode))


def indexed(database: Database) -> indexing.IndexState:
    """How much of the archive can be searched."""
    with database.transaction() as session:
        return indexing.state(session)
