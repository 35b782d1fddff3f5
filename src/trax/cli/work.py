"""`trax work`: a process that takes jobs from the queue until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from trax.cli.options import Concurrency
from trax.errors import TraxError

if TYPE_CHECKING:
    from trax.database.engine import Database
    from trax.jobs.observer import Observer
    from trax.jobs.worker import Worker
    from trax.settings import Settings

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def work(
    queue: Annotated[
        list[str] | None, typer.Option("--queue", "-q", help="Queue to serve; may be repeated. [default: TRAX_QUEUE]")
    ] = None,
    concurrency: Concurrency = None,
    drain: Annotated[
        bool, typer.Option("--drain", help="End when nothing is left to do; exit code 1 if a job failed.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Model to load at the start. [default: TRAX_MODEL]")] = None,
    preload: Annotated[bool, typer.Option("--preload/--no-preload", help="Load a model before the first job.")] = True,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    compute_type: Annotated[str | None, typer.Option(help="CTranslate2 compute type, such as int8.")] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve metrics; 0: any free port. [default: TRAX_METRICS_PORT]")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json. [default: TRAX_LOG_FORMAT]")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    grace: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds for jobs to finish when told to stop. [default: TRAX_SHUTDOWN_GRACE]"),
    ] = None,
) -> None:
    """Run jobs from the queue until SIGTERM or Ctrl-C.

    Jobs that run then have a while to finish; those that don't are handed back, and another worker goes on with them.
    A second signal ends the process at once.
    """
    from trax.cli.logs import log_to_standard_error
    from trax.settings import load_settings

    settings = load_settings(
        model=model, device=device, compute_type=compute_type, metrics_port=metrics_port,
        log_format=log_format, log_level=log_level, shutdown_grace=grace,
    )  # fmt: skip
    with log_to_standard_error(settings.log_format, settings.log_level):
        try:
            failed = _work(settings, tuple(queue or [settings.queue]), concurrency, drain=drain, preload=preload)
        except TraxError as error:
            _log_failure(error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt:  # SIGTERM, too, before there was a worker to stop
            _log_early_end()
            return
    if drain and failed:
        raise typer.Exit(1)


def _log_early_end() -> None:
    from trax.jobs.logbook import LOGGER

    LOGGER.info("stopped before the worker had begun", extra={"facts": {"event": "worker_stopping"}})


def _work(settings: Settings, queues: tuple[str, ...], concurrency: int | None, *, drain: bool, preload: bool) -> int:
    """How many jobs failed for good."""
    from trax.jobs.cleanup import open_tidy
    from trax.jobs.concurrency import jobs_at_once
    from trax.jobs.logbook import LOGGER, Logbook
    from trax.jobs.observers import FailureCount, Observers
    from trax.jobs.worker import Worker, WorkerOptions
    from trax.media.fence import warm_up
    from trax.stages.engines import engines_for

    failures = FailureCount()
    observers: list[Observer] = [Logbook(), failures]
    with ExitStack() as opened:
        database = opened.enter_context(open_tidy(settings, LOGGER.info))
        engines = engines_for(settings, LOGGER.info)
        warm_up()
        if preload:  # a worker without its model would fail everybody's jobs
            engines.get(settings.model)
        if settings.metrics_port is not None:
            observers.append(_served_metrics(opened, database, settings, settings.metrics_port))
        options = WorkerOptions(queues=queues, concurrency=concurrency or jobs_at_once(settings), drain=drain)
        worker = opened.enter_context(Worker(database, settings, engines, options, Observers(*observers)))
        with _stopped_by_signals(worker):
            worker.run()
    return failures.count


def _served_metrics(opened: ExitStack, database: Database, settings: Settings, port: int) -> Observer:
    from trax.jobs.logbook import LOGGER
    from trax.jobs.metrics import Metrics, served

    metrics = Metrics(database)
    taken = opened.enter_context(served(metrics, settings.metrics_host, port))
    facts = {"event": "metrics_served", "port": taken}
    LOGGER.info("metrics are at http://%s:%d/metrics", settings.metrics_host, taken, extra={"facts": facts})
    return metrics


@contextmanager
def _stopped_by_signals(worker: Worker) -> Iterator[None]:
    """The first signal stops the worker, the next one ends the process."""
    stopping = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(128 + number)  # as a kill would: what runs is found and queued again by another worker
        stopping.set()
        # In a thread: a handler may have interrupted the very code whose locks it would need.
        threading.Thread(target=worker.stop, name="trax-stop", daemon=True).start()

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS if _is_heeded(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_heeded(number: signal.Signals) -> bool:
    return signal.getsignal(number) is not signal.SIG_IGN  # nohup asks to go on


def _log_failure(error: TraxError) -> None:
    from trax.cli.console import say_cause
    from trax.jobs.logbook import LOGGER

    facts = {"event": "worker_failed", "error_kind": type(error).__name__, "error": str(error)}
    LOGGER.error("the worker can't work: %s", error, extra={"facts": facts})
    say_cause(error)
