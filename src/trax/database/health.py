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
    knows_letters: bool  # beyond ASCII: their case, and what is none


# Cases come from the database's locale, and what is a letter from its LC_CTYPE: in C, a quotation mark is one, too.
KNOWS_LETTERS = """
    SELECT lower('É') = 'é' AND 'É' ILIKE 'é' AND '«É»' ~* '\\mé\\M'
        AND to_tsvector('pg_catalog.simple', '«É»') @@ phraseto_tsquery('pg_catalog.simple', 'é')"""
UNKNOWN_LETTERS = (
    "The database's locale doesn't know letters beyond ASCII: words with capital ones (Élan, Öl), and those beside "
    "“quotation marks” or dashes, may not be found."
)
ANOTHER_LOCALE = (
    "Make one with `CREATE DATABASE trax ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0`, carry the archive over "
    "by `trax db backup` and `pg_restore`, and run `trax db reindex --all`."
)


def examine(database: Database) -> Health:
    """What the server is and can do."""
    with database.transaction() as session:
        started = time.perf_counter()
        server = session.execute(text("SHOW server_version")).scalar_one()
        milliseconds = 1000 * (time.perf_counter() - started)
        extensions = frozenset(session.scalars(text("SELECT name FROM pg_available_extensions")))
        letters = session.scalar(text(KNOWS_LETTERS))
    return Health(str(server).split()[0], milliseconds, extensions, bool(letters))


def knows_letters(database: Database) -> bool:
    """Whether words of every language can be searched; else UNKNOWN_LETTERS says what is wrong."""
    with database.transaction() as session:
        return bool(session.scalar(text(KNOWS_LETTERS)))


def indexed(database: Database) -> indexing.IndexState:
    """How much of the archive can be searched."""
    with database.transaction() as session:
        return indexing.state(session)
