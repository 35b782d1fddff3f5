"""Several observers as one, and one that counts what failed."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from uuid import UUID

from trax.errors import TraxError
from trax.flow import Hook, Progress
from trax.jobs.observer import Attempt, Ended, Observer
from trax.timeline import Seconds


class Observers(Observer):
    """Tells each of its observers what it is told."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def started(self, worker_id: UUID, name: str, queues: tuple[str, ...], concurrency: int) -> None:
        for observer in self._observers:
            observer.started(worker_id, name, queues, concurrency)

    def stopping(self, running: int) -> None:
        for observer in self._observers:
            observer.stopping(running)

    def database_lost(self, error: TraxError, delay: Seconds) -> None:
        for observer in self._observers:
            observer.database_lost(error, delay)

    def attempt_started(self, attempt: Attempt) -> Hook:
        return _Hooks([observer.attempt_started(attempt) for observer in self._observers])

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        for observer in self._observers:
            observer.attempt_ended(attempt, ended)

    def reaped(self, job_ids: list[UUID]) -> None:
        for observer in self._observers:
            observer.reaped(job_ids)


class FailureCount(Observer):
    """Counts the jobs that failed for good."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        with self._lock:
            self.count += ended.outcome == "failed"


class _Hooks(Hook):
    def __init__(self, hooks: list[Hook]) -> None:
        self._hooks = hooks

    def begin(self, source: Path) -> Hook:
        return _Hooks([hook.begin(source) for hook in self._hooks])

    def finish(self, source: Path) -> None:
        for hook in self._hooks:
            hook.finish(source)

    def progress(self, progress: Progress) -> None:
        for hook in self._hooks:
            hook.progress(progress)

    def notice(self, text: str) -> None:
        for hook in self._hooks:
            hook.notice(text)

    def check(self) -> None:
        for hook in self._hooks:
            hook.check()
