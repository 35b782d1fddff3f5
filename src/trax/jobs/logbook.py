"""What a worker does, as events of the log: a message for people and facts for machines."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from trax.errors import JobFailed, TraxError
from trax.flow import Hook
from trax.jobs.observer import Attempt, Ended, Observer
from trax.timeline import Seconds

LOGGER = logging.getLogger("trax.worker")

LEVELS = {
    "completed": logging.INFO,
    "failed": logging.ERROR,
    "retried": logging.WARNING,
    "interrupted": logging.INFO,
    "cancelled": logging.INFO,
    "lost": logging.WARNING,
}
ENDINGS = {
    "completed": "completed {name} in {seconds:.1f} s",
    "failed": "failed on {name} after {seconds:.1f} s",
    "retried": "failed on {name} after {seconds:.1f} s, to be tried again",
    "interrupted": "handed {name} back after {seconds:.1f} s; another attempt goes on there",
    "cancelled": "stopped {name} after {seconds:.1f} s: its job was cancelled",
    "lost": "lost {name} after {seconds:.1f} s: another worker has taken its job over; nothing was stored",
}


class Logbook(Observer):
    """Logs all that a worker does; every line has the worker's name and ID, and those of an attempt the job's."""

    def __init__(self) -> None:
        self._worker: dict[str, Any] = {}

    def started(self, worker_id: UUID, name: str, queues: tuple[str, ...], concurrency: int) -> None:
        self._worker = {"worker": name, "worker_id": str(worker_id)}
        many = "one job" if concurrency == 1 else f"{concurrency} jobs"
        self._log(
            "worker_started",
            f"worker {name} takes {many} at a time from {', '.join(queues)}",
            queue=",".join(queues),
            concurrency=concurrency,
        )

    def stopping(self, running: int) -> None:
        at_work = {0: "nothing is", 1: "one job is"}.get(running, f"{running} jobs are")
        self._log("worker_stopping", f"stopping: no further jobs are taken, {at_work} still at work", running=running)

    def database_lost(self, error: TraxError, delay: Seconds) -> None:
        facts: dict[str, Any] = {"retry_in": round(delay, 3), **_named(error)}
        self._log("database_lost", f"{error.message} Trying again in {delay:.0f} s.", logging.WARNING, **facts)

    def attempt_started(self, attempt: Attempt) -> Hook:
        ordinal = "" if attempt.number == 1 else f", attempt {attempt.number}"
        pipeline = "" if attempt.pipeline == "v1" else f" ({attempt.pipeline})"
        message = f"began {attempt.filename} with {attempt.model}{pipeline}{ordinal}"
        self._log("attempt_started", message, **facts_of(attempt))
        return _JobLog(self, attempt)

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        message = ENDINGS[ended.outcome].format(name=attempt.filename, seconds=ended.seconds)
        facts = facts_of(attempt) | {"seconds": round(ended.seconds, 3)}
        if ended.outcome == "completed":
            message += f" ({ended.audio:.1f} s of audio)"
            facts["audio_seconds"] = round(ended.audio, 3)
        if ended.error is not None:
            message += f": {ended.error}"
            facts |= _named(ended.error)
        self._log(f"attempt_{ended.outcome}", message, LEVELS[ended.outcome], _unforeseen(ended.error), **facts)

    def reaped(self, job_ids: list[UUID]) -> None:
        for job_id in job_ids:
            message = "its worker is gone: the attempt was ended"
            self._log("reaped", message, logging.WARNING, job_id=str(job_id))

    def notice(self, attempt: Attempt, text: str) -> None:
        """Something about an attempt that its user should know."""
        self._log("notice", f"{attempt.filename}: {text}", **facts_of(attempt))

    def _log(
        self,
        event: str,
        message: str,
        level: int = logging.INFO,
        unforeseen: BaseException | None = None,
        **facts: Any,
    ) -> None:
        # In one mapping: as attributes of a record, names such as `filename` are taken.
        facts = {"event": event, **self._worker, **facts}
        LOGGER.log(level, "%s", message, extra={"facts": facts}, exc_info=unforeseen)


class _JobLog(Hook):
    """Passes the notices of one attempt on to the log."""

    def __init__(self, logbook: Logbook, attempt: Attempt) -> None:
        self._logbook = logbook
        self._attempt = attempt

    def notice(self, text: str) -> None:
        self._logbook.notice(self._attempt, text)


def facts_of(attempt: Attempt) -> dict[str, Any]:
    """What every line about an attempt says of it."""
    return {
        "job_id": str(attempt.job_id),
        "media_id": str(attempt.media_id),
        "attempt": attempt.number,
        "queue": attempt.queue,
        "filename": attempt.filename,
        "pipeline": attempt.pipeline,
        "model": attempt.model,
    }


def _unforeseen(error: TraxError | None) -> BaseException | None:
    """The exception whose traceback tells where the fault in Trax is."""
    return error.__cause__ if isinstance(error, JobFailed) else None


def _named(error: TraxError) -> dict[str, str]:
    return {"error_kind": type(error).__name__, "error": str(error)}
