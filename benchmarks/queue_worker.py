"""The worker process of `benchmarks.queue`: jobs that do nothing, in Trax's queue or in bare Procrastinate's."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trax.flow import Hook, Made, Material, Request
from trax.pipeline import PIPELINES, Stage
from trax.transcript import Transcript
from trax.transcription.engines import EngineOptions, Engines

TRAX, BARE = "trax", "procrastinate"
TRAX_QUEUE, BARE_QUEUE = "noop", "bare"
READY = "ready"


def called() -> None:
    """A job begins: say when, and what CPU the process has used so far."""
    os.write(1, f"call {time.time()} {time.process_time()}\n".encode())


def _noop(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    called()
    return Made(Transcript("en", 1.0), None, "noop", {"request": request.as_json()})


def register() -> None:
    """Add the pipeline that does nothing to those that jobs can ask for."""
    PIPELINES["noop"] = (Stage("noop", _noop),)


def task_app(address: str, *, synchronous: bool) -> tuple[Any, Any]:
    """Procrastinate by itself, with one task that does nothing."""
    from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

    connector = SyncPsycopgConnector(conninfo=address) if synchronous else PsycopgConnector(conninfo=address)
    app = App(connector=connector)

    def noop(number: int) -> None:
        called()

    return app, app.task(name="noop", queue=BARE_QUEUE)(noop)


def _serve_trax(url: str, concurrency: int, *, drain: bool) -> None:
    from trax.database import Database
    from trax.database.engine import PoolOptions
    from trax.jobs.observer import Observer
    from trax.jobs.worker import Worker, WorkerOptions
    from trax.settings import load_settings

    register()
    engines = Engines(EngineOptions(Path("/nonexistent"), offline=True), lambda _: None)
    options = WorkerOptions((TRAX_QUEUE,), concurrency, drain)
    with (
        Database(url, PoolOptions()) as database,
        Worker(database, load_settings(), engines, options, Observer()) as it,
    ):
        _tell_when_ready(it.stop)
        it.run()


def _serve_bare(url: str, concurrency: int, *, drain: bool) -> None:
    async def serve() -> None:
        app, _ = task_app(url, synchronous=False)
        loop = asyncio.get_running_loop()
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[BARE_QUEUE],
                    concurrency=concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    wait=not drain,
                )
            )
            _tell_when_ready(lambda: loop.call_soon_threadsafe(worker.cancel))
            await worker

    try:
        asyncio.run(serve())
    except asyncio.CancelledError:
        return


def _tell_when_ready(stop: Callable[[], object]) -> None:
    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    os.write(1, f"{READY}\n".encode())


def main() -> None:
    """`queue_worker SYSTEM URL CONCURRENCY DRAIN`."""
    system, url, concurrency, drain = sys.argv[1:]
    serve = _serve_trax if system == TRAX else _serve_bare
    serve(url, int(concurrency), drain=drain == "1")


if __name__ == "__main__":
    from benchmarks import queue_worker  # not as __main__, where Procrastinate wants no app to be

    queue_worker.main()
