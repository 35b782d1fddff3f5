"""A process that runs jobs: Procrastinate hands it tickets, and it lives through the loss of the database.

Procrastinate's worker is asynchronous and runs in an event loop here; jobs run in threads. It does the waiting: for
notifications, for free slots, for the end of what runs. Everything that decides about a job is in `attempt` and
`trax.database.queue`, under the fence.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from trax.database import queue, workers
from trax.database.engine import Database
from trax.errors import DatabaseError, DatabaseUnavailable, first_line
from trax.jobs import attempt, reaper
from trax.jobs.attempt import Reins, Surroundings
from trax.jobs.observer import Observer
from trax.jobs.presence import Presence
from trax.settings import Settings, check_queue
from trax.transcription.engines import Engines

if TYPE_CHECKING:
    from procrastinate import App, JobContext, PsycopgConnector

POLLING = 2.0  # seconds; for retries whose time has come, of which nobody is notified
RESTART_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds after each further loss of the database
# Seconds after which Procrastinate forgets a worker. It goes by the newcomer's setting and takes the queue from workers
# that are only slow; who is dead is for us to tell.
PRUNED_AFTER = 24 * 3600.0
HEALED_AT_ONCE = 500  # stray jobs between two heartbeats
SERVED_WELL = 60.0  # seconds of service after which an earlier loss of the database no longer counts
MOST_CONNECTIONS = 4  # of Procrastinate: its statements are short, and the server has connections for all workers
LISTEN_AGAIN = 0.5  # seconds; after the server was away
DRAIN_LOOK = 0.5  # seconds between two looks whether everything is done

log = logging.getLogger(__name__)
for chatty in ("procrastinate", "psycopg.pool"):  # who wants their messages configures logging; nobody else gets them
    logging.getLogger(chatty).addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker takes on."""

    queues: tuple[str, ...]  # none: a queue of its own, which nobody else serves
    concurrency: int = 1
    drain: bool = False  # end when nothing waits in the queues any more

    def __post_init__(self) -> None:
        """Raises: UsageError: that is no name for a queue."""
        for name in self.queues:
            check_queue(name)


class Worker:
    """Runs jobs until it is stopped, or until there are none left where it drains."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        engines: Engines,
        options: WorkerOptions,
        observer: Observer = Observer(),
    ) -> None:
        self.id = uuid4()
        self.queues = options.queues or (workers.private_queue(self.id),)
        self._database = database
        self._settings = settings
        self._options = options
        self._observer = observer
        self._presence = Presence(
            database,
            self.id,
            self.queues,
            options.concurrency,
            interval=settings.heartbeat_interval,
            stall_timeout=settings.stall_timeout,
        )
        self.name = self._presence.name
        self._around = Surroundings(
            database, settings, engines, observer, self.id, self.name, is_private=not options.queues
        )
        self._running: dict[int, Reins] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._changed = threading.Event()  # an attempt has ended, or the worker is to stop
        self._cancel_loop: Callable[[], object] = lambda: None
        self._healed_at = 0.0

    def __enter__(self) -> Worker:
        """Register, so that jobs can be queued for this worker before it runs."""
        self._presence.on_beat = self._look_around
        self._presence.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._presence.__exit__(None, None, None)

    def run(self) -> None:
        """Take jobs until `stop` is called, or until none is left where the worker drains; to be run in a `with` block.

        The loss of the database ends nothing: what runs is finished or handed back, and the worker tries again, less
        and less often.
        """
        self._observer.started(self.id, self.name, self.queues, self._options.concurrency)
        watch = threading.Thread(target=self._watch_for_the_end, name="trax-drain", daemon=True)
        watch.start()
        losses = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            error = self._serve()
            if self._stopping.is_set():
                break
            losses = 0 if time.monotonic() - began > SERVED_WELL else losses
            delay = RESTART_DELAYS[min(losses, len(RESTART_DELAYS) - 1)]
            losses += 1
            self._observer.database_lost(error or _lost(), delay)
            self._stopping.wait(delay)
            with suppress(DatabaseError):
                self._database.wake()
        watch.join()

    def stop(self, *, at_once: bool = False) -> None:
        """Take no further jobs; those that run have the grace of the settings to finish, and are handed back then.

        `at_once`: they are handed back without any grace.
        """
        if at_once:
            self._hurry.set()
        if not self._stopping.is_set():
            self._observer.stopping(len(self._running))
        self._stopping.set()
        self._changed.set()
        self._cancel_loop()

    def _serve(self) -> DatabaseError | None:
        """One life of Procrastinate's worker; why it ended, where that was not asked for."""
        try:
            asyncio.run(self._serve_tickets())
        except asyncio.CancelledError:
            return None
        except Exception as error:  # of Procrastinate, of its pool, of the network: each has its own
            log.warning("Procrastinate's worker ended: %s", type(error).__name__)
            log.debug("this ended Procrastinate's worker", exc_info=error)
            cause = error.__cause__ or error
            return _lost(first_line(cause))
        return None

    async def _serve_tickets(self) -> None:
        loop = asyncio.get_running_loop()
        # one more than there are slots: Procrastinate itself needs a thread at times
        loop.set_default_executor(ThreadPoolExecutor(self._options.concurrency + 1, thread_name_prefix="trax-job"))
        settings = self._settings
        async with self._app().open_async() as app:
            serving = asyncio.create_task(
                app.run_worker_async(
                    queues=list(self.queues),
                    name=self.name,
                    concurrency=self._options.concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=POLLING,
                    abort_job_polling_interval=settings.heartbeat_interval,
                    update_heartbeat_interval=settings.heartbeat_interval,
                    stalled_worker_timeout=PRUNED_AFTER,
                    shutdown_graceful_timeout=settings.shutdown_grace,
                )
            )
            self._cancel_loop = lambda: _unless_closed(loop, serving.cancel)
            if self._stopping.is_set():  # asked for before there was anything to cancel
                serving.cancel()
            try:
                await serving
            finally:
                self._cancel_loop = lambda: None

    def _app(self) -> App:
        from procrastinate import App

        connector = _connector(
            conninfo=self._database.address(),
            kwargs={**self._database.connect_options, "application_name": "trax queue"},
            min_size=1,
            max_size=2 + min(self._options.concurrency, MOST_CONNECTIONS),
            timeout=10.0,
        )
        app = App(connector=connector)
        app.task(name=queue.TASK, pass_context=True)(self._attempt)
        return app

    def _attempt(self, context: JobContext, job_id: str) -> None:
        """What a ticket asks for; runs in a thread."""
        from procrastinate.job_context import AbortReason

        ticket_id = context.job.id
        assert ticket_id is not None
        words = {AbortReason.USER_REQUEST: "cancelled", AbortReason.SHUTDOWN: "interrupted", None: None}
        reins = Reins(lambda: words[context.abort_reason()] or ("interrupted" if self._hurry.is_set() else None))
        with self._lock:
            self._running[ticket_id] = reins
        try:
            attempt.run(self._around, UUID(job_id), ticket_id, context.job.queue, reins)
        finally:
            with self._lock:
                del self._running[ticket_id]
            self._changed.set()

    def _look_around(self) -> None:
        """After each heartbeat: which of our jobs are others' by now, and what others have left behind."""
        self._compare_with_the_database()
        if reaped := reaper.reap(self._database, self._settings):
            self._observer.reaped(reaped)
        now = time.monotonic()
        if now - self._healed_at >= self._settings.stall_timeout:
            more = reaper.heal(self._database, self._settings, most=HEALED_AT_ONCE) >= HEALED_AT_ONCE
            self._healed_at = self._healed_at if more else now

    def _compare_with_the_database(self) -> None:
        begun = {ticket_id: reins for ticket_id, reins in self._snapshot().items() if reins.begun}
        with self._database.transaction() as session:
            ours = workers.jobs_of(session, self.id)
        for ticket_id, reins in begun.items():
            reins.is_lost = ticket_id not in ours
        running = self._snapshot()
        for ticket_id, job_id in ours.items():
            if ticket_id not in running:  # its end couldn't be recorded
                reaper.take_from(self._database, self._settings, job_id, ticket_id, self.name, excused=True)

    def _snapshot(self) -> dict[int, Reins]:
        with self._lock:
            return dict(self._running)

    def _watch_for_the_end(self) -> None:
        """Stop a draining worker once nothing runs and nothing waits, be it for a later moment."""
        while self._options.drain and not self._stopping.is_set():
            self._changed.wait(DRAIN_LOOK)
            self._changed.clear()
            if self._running:
                continue
            try:
                with self._database.transaction() as session:
                    waiting = workers.has_pending(session, self.queues)
            except DatabaseError:
                continue
            # Only a job that waits can begin: none waited, and none has begun since.
            if not waiting and not self._running:
                self.stop()


def _connector(**options: Any) -> PsycopgConnector:
    """Procrastinate's connector, but for its ears: they stay open though the server be away for a while."""
    from procrastinate import PsycopgConnector
    from procrastinate.exceptions import ConnectorException

    class Connector(PsycopgConnector):
        async def listen_notify(self, *arguments: Any, **named: Any) -> None:
            while True:
                try:
                    await super().listen_notify(*arguments, **named)
                except ConnectorException as error:
                    log.debug("can't listen for jobs", exc_info=error)
                await asyncio.sleep(LISTEN_AGAIN)

    return Connector(**options)


def _unless_closed(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop has ended by itself in this moment
        loop.call_soon_threadsafe(call)


def _lost(reason: str = "") -> DatabaseUnavailable:
    why = f": {reason}" if reason else ""
    return DatabaseUnavailable(f"The queue's connection to the database was lost{why}.", "It is tried again.")
