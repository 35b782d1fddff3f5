"""A database in which nothing is left half done by a process that no longer exists."""

from __future__ import annotations

from collections.abc import Callable

from trax.database import media
from trax.database.connect import open_database
from trax.database.engine import Database
from trax.errors import DatabaseReadOnly
from trax.jobs import reaper
from trax.settings import Settings


def open_tidy(settings: Settings, announce: Callable[[str], None]) -> Database:
    """The database that the settings name, with the jobs of dead processes back in their queues."""
    database = open_database(settings, announce)
    try:
        clean_up(database, settings)
    except BaseException:
        database.close()
        raise
    return database


def clean_up(database: Database, settings: Settings) -> None:
    """Set right what dead processes left; where nothing may be written, nothing is to be done."""
    try:
        with database.transaction() as session:
            media.release_abandoned(session)
        reaper.reap(database, settings)
        reaper.heal(database, settings)
    except DatabaseReadOnly:
        return
