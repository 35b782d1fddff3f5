"""A batch that one process queues and runs itself, while its user waits and watches."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import suppress
from uuid import UUID

from trax.database import batch_steps, queue
from trax.database.engine import Database
from trax.errors import ClaimHeld, DatabaseError
from trax.jobs.batches import Batches, BatchReport, Step
from trax.jobs.observer import Observer
from trax.jobs.suppliers import Suppliers
from trax.jobs.worker import Worker, WorkerOptions
from trax.settings import Settings
from trax.transcription.engines import Engines

PATIENCE = 2.0  # seconds for a file that is being read when the user leaves; its item waits for the next time


class Left(Exception):
    """The user has gone: nothing more is to be queued."""


class BatchWork:
    """A worker of this process for one batch.

    Leaving in the middle ends nothing: what was not finished waits in its queue for other workers.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        engines: Engines,
        concurrency: int,
        observer: Observer = Observer(),
    ) -> None:
        self._database = database
        self._batches = Batches(database, Suppliers(settings))
        self._worker = Worker(database, settings, engines, WorkerOptions((), concurrency), observer)
        self._queue = self._worker.queues[0]
        self._leaving = threading.Event()
        self._trouble: BaseException | None = None

    def run(self, batch_id: UUID) -> Generator[BatchReport, None, None]:
        """How the batch stands, whenever something changes and once a second, until it has ended.

        Raises: TraxError: its items can't be queued.
        """
        with self._worker as worker:
            threads = [
                threading.Thread(target=self._work, name="trax-batch-worker", daemon=True),
                threading.Thread(target=self._feed, args=(batch_id,), name="trax-batch-feed", daemon=True),
            ]
            for thread in threads:
                thread.start()
            try:
                for report in self._batches.follow(batch_id):
                    self._take_over(batch_id)
                    yield report
                    if self._trouble is not None and not report.batch.is_over:
                        raise self._trouble
            finally:
                self._leaving.set()
                self._batches.leave()
                worker.stop(at_once=True)
                threads[0].join()
                threads[1].join(PATIENCE)
                self._send_home(batch_id)

    def _feed(self, batch_id: UUID) -> None:
        """Queue the items, one after the other; the first are at work meanwhile."""
        try:
            self._batches.queue(batch_id, self._queue, self._told)
        except ClaimHeld:
            pass  # another process is at it
        except Left:
            pass
        except BaseException as error:  # for the thread that waits
            self._trouble = error

    def _work(self) -> None:
        try:
            self._worker.run()
        except BaseException as error:
            self._trouble = error

    def _told(self, _: Step) -> None:
        if self._leaving.is_set():
            raise Left

    def _take_over(self, batch_id: UUID) -> None:
        """Fetch jobs of the batch that wait in their own queue: others had queued them, or the batch was paused."""
        with self._database.transaction() as session:
            at_home = batch_steps.jobs_in_queue(session, batch_id, None)
        for job_id in at_home:
            with self._database.transaction() as session:
                queue.adopt(session, job_id, self._queue)

    def _send_home(self, batch_id: UUID) -> None:
        """What is left waits in its own queue; should the database be gone, any other worker sees to that."""
        with suppress(DatabaseError):
            with self._database.transaction() as session:
                left = batch_steps.jobs_in_queue(session, batch_id, self._queue)
            for job_id in left:
                with self._database.transaction() as session:
                    queue.return_home(session, job_id)
