"""News of jobs: the database says which one has changed its state, so that whoever watches needn't ask again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import psycopg

from trax.database.engine import Database
from trax.errors import DatabaseUnavailable
from trax.timeline import Seconds

UUID_TEXT = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

CHANNEL = "trax_jobs"  # a trigger on transcription_jobs tells it the job's ID
GATHER = 0.05  # seconds in which further news are taken as one with the first

View = TypeVar("View")


class Changes:
    """What changes from the moment on that it is made."""

    def __init__(self, connection: psycopg.Connection[object]) -> None:
        self._connection = connection
        connection.execute("SET idle_session_timeout = 0")
        connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, timeout: Seconds) -> set[UUID]:
        """The jobs that changed, as soon as there are any; none after `timeout`.

        Raises: DatabaseUnavailable: the connection is lost.
        """
        try:
            told = [notice.payload for notice in self._connection.notifies(timeout=timeout, stop_after=1)]
            if told:
                told += [notice.payload for notice in self._connection.notifies(timeout=GATHER)]
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable("The connection to the database was lost.", "Try again.") from error
        return {UUID(payload) for payload in told if re.fullmatch(UUID_TEXT, payload)}


@contextmanager
def listening(database: Database) -> Iterator[Changes]:
    """News of jobs for the length of the block, over a connection of their own."""
    with database.explained():
        connection = database.lasting_connection()
    try:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        yield Changes(raw)
    finally:
        connection.invalidate()
        connection.close()


def follow(database: Database, look: Callable[[], View], every: Seconds = 1.0) -> Iterator[View]:
    """What there is to see, without end: at once, whenever a job changes, and after `every` seconds at the latest."""
    with listening(database) as changes:
        while True:
            yield look()
            changes.wait(every)
