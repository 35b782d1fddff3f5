"""What a scenario happens on: a database, recordings, batches of jobs, and eyes on the database."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg

from tests.crash import pipeline
from tests.crash.recordings import Recordings, texts
from tests.fixtures.database import SMALL_POOL, fresh_database
from trax.database import Database, migrate
from trax.errors import ClaimHeld, DatabaseError
from trax.flow import Request
from trax.jobs.batches import Batches
from trax.jobs.submit import SubmitOptions

LOOK = 0.02  # seconds between two looks
PATIENCE = 120.0  # seconds without any change after which nothing more is expected
QUEUE = "crash"

REAL = Request(model="tiny.en", language="en")


class Eyes:
    """Reads the database, and waits where it is away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._connected().execute(query.encode(), values).fetchall()
            except psycopg.OperationalError:
                self.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK)

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=10)
        return self._connection


@dataclass
class Ground:
    """One scenario's own database and folder."""

    url: str
    folder: Path
    database: Database
    chance: random.Random
    eyes: Eyes
    recordings: Recordings
    batch_ids: list[UUID] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)  # of each there is to be one job

    def batch(self, files: Sequence[Path], request: Request = pipeline.REQUEST, max_retries: int = 20) -> UUID:
        """A new batch of these files, to be queued."""
        options = SubmitOptions(queue=QUEUE, max_retries=max_retries)
        batch_id = Batches(self.database).create(texts(files), request, options)
        self.batch_ids.append(batch_id)
        self.files += [path for path in files if path not in self.files]
        return batch_id

    def queue(self, batch_id: UUID) -> None:
        """Queue all items of a batch, whatever it takes."""
        while True:
            try:
                Batches(self.database).queue(batch_id)
                return
            except (DatabaseError, ClaimHeld):
                time.sleep(LOOK)

    def live_jobs(self) -> int:
        return int(self.eyes.value("SELECT count(*) FROM transcription_jobs WHERE status IN ('pending', 'processing')"))

    def ended_jobs(self) -> int:
        return int(self.eyes.value("SELECT count(*) FROM transcription_jobs WHERE status IN ('completed', 'failed')"))


@contextmanager
def ground(server: str, seed: int) -> Iterator[Ground]:
    """A database of its own on the server, and a folder."""
    with fresh_database(server) as url, TemporaryDirectory(prefix="trax-crash-") as folder:
        chance = random.Random(seed)
        with Database(url, SMALL_POOL) as database:
            migrate.upgrade(database)
            eyes = Eyes(url)
            place = Path(folder)
            try:
                yield Ground(url, place, database, chance, eyes, Recordings(place, chance))
            finally:
                eyes.close()


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it came to be so in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)
    return True
