"""Where searches run: read only, planned for what is asked, and never for longer than anybody waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from trax.database import extensions
from trax.database.engine import Database, sqlstate
from trax.errors import DatabaseUnavailable, QueryError, SearchUnavailable
from trax.search import unindexed

LONGEST_SECONDS = 30
TIMED_OUT = "57014"
TOO_MUCH = ("22", "54")  # classes of SQLSTATE: data that is no good, more than the server can hold

_SETTINGS = {
    "transaction_read_only": "on",
    "jit": "off",  # compiling takes longer than the search
    "plan_cache_mode": "force_custom_plan",  # a rare word wants another plan than a common one
    "max_parallel_workers_per_gather": "0",  # starting them takes longer, too
    "statement_timeout": f"{LONGEST_SECONDS}s",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What is there to be searched, and by which means."""

    languages: tuple[str, ...]
    has_trigrams: bool
    waiting: int  # transcripts that aren't indexed yet

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the archive a search doesn't see."""
        hint = unindexed.hint(self.waiting)
        return (hint,) if hint else ()


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """A session for a search.

    Raises: SearchUnavailable: it took too long. QueryError: more than the server can take in.
    """
    try:
        with database.transaction() as session:
            settings = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _SETTINGS.items())
            session.execute(text(f"SELECT {settings}, {extensions.PATH}"))
            yield session
    except DatabaseUnavailable as error:
        if sqlstate(error) != TIMED_OUT:
            raise
        raise SearchUnavailable(
            f"The search took longer than {LONGEST_SECONDS} seconds, and was given up.",
            "Ask for rarer words or a phrase, or narrow it by --media, --channel, --since or --speaker.",
        ) from error
    except DBAPIError as error:
        if not (sqlstate(error) or "").startswith(TOO_MUCH):
            raise
        raise QueryError(
            "The database can't take this query in.", "Search for fewer words, and without special characters."
        ) from error


def situation(session: Session) -> Situation:
    """The languages that can be searched, what the server is able to do, and what is still to be indexed."""
    row = session.execute(
        text("""
            SELECT ARRAY(SELECT DISTINCT language FROM transcript_index WHERE segments > 0 ORDER BY language) AS known,
                EXISTS (
                    SELECT FROM pg_extension
                    WHERE extname = 'pg_trgm' AND has_schema_privilege(extnamespace, 'USAGE')
                ) AS has_trigrams,
                (SELECT count(*) FROM transcription_results) - (SELECT count(*) FROM transcript_index) AS waiting""")
    ).one()
    return Situation(tuple(row.known), row.has_trigrams, max(0, row.waiting))
