"""What a worker does and how full the queues are, in figures that Prometheus reads over HTTP."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trax.database.engine import Database
from trax.database.queue_figures import Queue, QueueFigures, figures
from trax.errors import TraxError, UsageError
from trax.flow import Hook, Progress
from trax.jobs.observer import Attempt, Ended, Observer
from trax.timeline import Seconds

LOGGER = logging.getLogger("trax.metrics")

RECENT: Seconds = 300.0  # over which the present speed is told
PATIENCE: Seconds = 2.0  # that a scrape waits for the database
BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)  # seconds of an attempt
OUTCOMES = ("completed", "failed", "retried", "interrupted", "cancelled", "lost")


class Metrics(Observer):
    """Counts what a worker does, in a registry of its own."""

    def __init__(self, database: Database) -> None:
        registry = self.registry = CollectorRegistry()
        self._attempts = Counter("trax_attempts", "Attempts that ended.", ["outcome", "queue"], registry=registry)
        self._failures = Counter("trax_failures", "Attempts that failed, by error.", ["kind"], registry=registry)
        self._audio = Counter("trax_audio_seconds", "Audio of completed attempts.", registry=registry)
        self._busy = Counter("trax_busy_seconds", "Time spent on attempts.", registry=registry)
        self._seconds = Histogram("trax_attempt_seconds", "Time an attempt took.", buckets=BUCKETS, registry=registry)
        self._running = Gauge("trax_jobs_running", "Jobs that this worker is at work on.", registry=registry)
        self._heard = _Recent()
        speed = Gauge(
            "trax_audio_seconds_per_second",
            "Audio that this worker got through in the last 5 minutes, per second.",
            registry=registry,
        )
        speed.set_function(self._heard.per_second)
        self._queues = _QueueCollector(_Asker(partial(_ask, database)))
        registry.register(self._queues)

    def started(self, worker_id: UUID, name: str, queues: tuple[str, ...], concurrency: int) -> None:
        self._queues.own = queues
        for queue in queues:
            for outcome in OUTCOMES:
                self._attempts.labels(outcome, queue)  # a rate can only be told of a counter that was 0 once

    def attempt_started(self, attempt: Attempt) -> Hook:
        self._running.inc()
        return _Ear(self._heard)

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        self._running.dec()
        self._attempts.labels(ended.outcome, attempt.queue).inc()
        self._busy.inc(ended.seconds)
        self._seconds.observe(ended.seconds)
        if ended.outcome == "completed":
            self._audio.inc(ended.audio)
        if ended.outcome in ("failed", "retried"):
            self._failures.labels(ended.error_kind or "unknown").inc()


@contextmanager
def served(metrics: Metrics, host: str, port: int) -> Iterator[int]:
    """The port on which the metrics can be read while the block runs; port 0 takes any that is free.

    Raises: UsageError: nothing can be served there.
    """
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"Metrics can't be served on {host}:{port}: {error}.",
            "Choose another TRAX_METRICS_PORT or TRAX_METRICS_HOST (each worker needs a port of its own).",
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Recent:
    """How much audio was heard in the last minutes, by all attempts together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._heard: deque[tuple[float, Seconds]] = deque()

    def add(self, audio: Seconds) -> None:
        with self._lock:
            self._heard.append((time.monotonic(), audio))
            self._forget()

    def per_second(self) -> float:
        with self._lock:
            self._forget()
            period = min(RECENT, max(1.0, time.monotonic() - self._started))
            return sum(audio for _, audio in self._heard) / period

    def _forget(self) -> None:
        while self._heard and self._heard[0][0] < time.monotonic() - RECENT:
            self._heard.popleft()


class _Ear(Hook):
    """Adds what one attempt hears."""

    def __init__(self, heard: _Recent) -> None:
        self._heard = heard
        self._done: Seconds = 0.0

    def progress(self, progress: Progress) -> None:
        if progress.stage == "transcribe" and progress.done > self._done:
            self._heard.add(progress.done - self._done)
            self._done = progress.done


class _QueueCollector(Collector):
    """Asks for the state of the queues whenever somebody reads the metrics."""

    def __init__(self, ask: Callable[[], QueueFigures | None]) -> None:
        self._ask = ask
        self.own: tuple[str, ...] = ()  # queues that are shown even where they are empty

    def describe(self) -> list[Metric]:
        """Nothing: a registration is no reason to ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        found = self._ask()
        yield GaugeMetricFamily("trax_database_up", "Whether the database answered.", int(found is not None))
        if found is None:
            return
        yield GaugeMetricFamily("trax_workers", "Workers that are alive.", found.workers)
        queues = {name: Queue() for name in self.own} | dict(found.queues)
        for name, help_text, value in _QUEUE_FIGURES:
            family = GaugeMetricFamily(name, help_text, labels=["queue"])
            for queue, counts in sorted(queues.items()):
                family.add_metric([queue], value(counts))
            yield family


_QUEUE_FIGURES: tuple[tuple[str, str, Callable[[Queue], float]], ...] = (
    ("trax_queue_depth", "Pending jobs that workers may take.", lambda queue: queue.pending),
    ("trax_queue_held", "Pending jobs of paused batches.", lambda queue: queue.held),
    ("trax_queue_processing", "Jobs that are being processed.", lambda queue: queue.processing),
    (
        "trax_queue_oldest_pending_seconds",
        "How long the job that waits longest has been pending.",
        lambda queue: queue.oldest_pending,
    ),
)


class _Asker:
    """Asks in a thread of its own, and waits for the answer no longer than a scrape may.

    Where the network swallows everything, not even a timeout of the driver helps; then one thread is stuck, not one
    for each scrape.
    """

    def __init__(self, question: Callable[[], QueueFigures]) -> None:
        self._question = question
        self._lock = threading.Lock()
        self._asked: Future[QueueFigures] | None = None

    def __call__(self) -> QueueFigures | None:
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(target=self._answer, args=(self._asked,), daemon=True).start()
            asked = self._asked
        try:
            return asked.result(PATIENCE)
        except (TimeoutError, TraxError):
            return None

    def _answer(self, asked: Future[QueueFigures]) -> None:
        try:
            asked.set_result(self._question())
        except TraxError as error:
            asked.set_exception(error)
        except Exception as error:  # a fault of ours is no reason to hide the other figures
            LOGGER.exception("the state of the queues can't be told")
            asked.set_exception(TraxError(str(error)))


def _ask(database: Database) -> QueueFigures:
    with database.transaction() as session:
        return figures(session, patience=PATIENCE)
