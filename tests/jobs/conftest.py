"""A pipeline whose only stage does what a test tells it, and workers of this very process that run it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from tests.conftest import REPOSITORY
from trax import pipeline
from trax.database import Database
from trax.flow import Hook, Made, Material, Request
from trax.jobs.observer import Attempt, Ended, Observer
from trax.jobs.submit import SubmitOptions, submit
from trax.jobs.worker import Worker, WorkerOptions
from trax.pipeline import Stage
from trax.settings import Settings, load_settings
from trax.transcript import Segment, Transcript, Word
from trax.transcription.engines import EngineOptions, Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
TOLD = "told"  # the pipeline's name
PATIENCE = 30.0  # seconds to wait for what must come


class Told:
    """The stage: says that it has begun, and ends as it is told."""

    def __init__(self) -> None:
        self.act: Callable[[Material, Hook], None] = lambda _, __: None
        self.begun = threading.Event()
        self.runs = 0

    def __call__(self, material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
        self.runs += 1
        self.begun.set()
        self.act(material, hook)
        words = (Word(0.0, 0.5, " hello", 0.9),)
        heard = Segment(0.0, 0.5, "hello", words)
        return Made(Transcript("en", 1.0, (heard,), None), 0.9, "none", {"request": request.as_json()})

    def until(self, freed: threading.Event) -> None:
        """Work until the event comes, or until the hook ends the work."""

        def wait(_: Material, hook: Hook) -> None:
            while not freed.wait(0.02):
                hook.check()

        self.act = wait


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    stage = Told()
    monkeypatch.setitem(pipeline.PIPELINES, TOLD, (Stage("v1", stage),))
    return stage


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch, embedded_database: Database) -> Settings:
    """Settings with which nothing takes long."""
    for name, value in {
        "HEARTBEAT_INTERVAL": 0.2,
        "STALL_TIMEOUT": 1,
        "RETRY_DELAY": 0.05,
        "SHUTDOWN_GRACE": 0,
    }.items():
        monkeypatch.setenv(f"TRAX_{name}", str(value))
    return load_settings(database_url=embedded_database.address())


class Ends(Observer):
    """Remembers how attempts ended."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.errors: list[str] = []
        self.order: list[UUID] = []
        self.losses = 0
        self.changed = threading.Condition()

    def attempt_started(self, attempt: Attempt) -> Hook:
        self.order.append(attempt.job_id)
        return Hook()

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        with self.changed:
            self.outcomes.append(ended.outcome)
            self.errors += [str(ended.error)] if ended.error else []
            self.changed.notify_all()

    def database_lost(self, error: Exception, delay: float) -> None:
        with self.changed:
            self.losses += 1
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE), f"it didn't come to that: {self.outcomes} {self.errors}"


@contextmanager
def working(
    database: Database, settings: Settings, ends: Ends, *, concurrency: int = 1, queues: tuple[str, ...] = ("default",)
) -> Iterator[Worker]:
    """A worker at work in a thread of this process."""
    engines = Engines(EngineOptions(Path("/nonexistent"), offline=True, encoder="ctranslate2"), lambda _: None)
    with Worker(database, settings, engines, WorkerOptions(queues, concurrency), ends) as worker:
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the worker does not end"


def add(database: Database, *, priority: int = 0, max_retries: int = 3, queue: str = "default") -> UUID:
    """A job of its own for the sample."""
    options = SubmitOptions(queue=queue, priority=priority, max_retries=max_retries, force=True)
    submitted = submit(database, SAMPLE, Request(pipeline=TOLD, model="tiny.en"), options)
    assert submitted.job_id is not None
    return submitted.job_id
