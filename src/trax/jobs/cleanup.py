"""Setting right what processes left half done that no longer exist."""

from __future__ import annotations

from collections.abc import Callable

from trax.database import jobs, media
from trax.database.connect import open_database
from trax.database.engine import Database
from trax.errors import DatabaseReadOnly
from trax.settings import Settings


def open_tidy(settings: Settings, announce: Callable[[str], None]) -> Database:
    """The database that the settings name, with nothing in it that a dead process left in a state of passage."""
    database = open_database(settings, announce)
    try:
        clean_up(database)
    except BaseException:
        database.close()
        raise
    return database


def clean_up(database: Database) -> int:
    """End what dead processes left half done; returns how many jobs were theirs.

    Every process that runs a job holds the claim on it. Where nothing may be written, nothing is to be done.
    """
    try:
        with database.transaction() as session:
            media.release_abandoned(session)
            return jobs.fail_abandoned(session)
    except DatabaseReadOnly:
        return 0
