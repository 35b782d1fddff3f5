"""What whoever watches a worker is told: logs and metrics are observers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from trax.errors import TraxError
from trax.flow import Hook
from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a job, as a worker begins it."""

    job_id: UUID
    media_id: UUID
    ticket_id: int
    number: int  # from 1
    filename: str
    queue: str
    pipeline: str
    model: str
    queued_at: datetime  # when the job was added


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended."""

    outcome: str  # completed, failed, retried, interrupted (handed back), cancelled, or lost (another one took over)
    seconds: Seconds  # that the attempt took
    audio: Seconds = 0.0  # length of the media, of a completed attempt
    error: TraxError | None = None

    @property
    def error_kind(self) -> str | None:
        """Name of the exception, such as `UnreadableMedia`."""
        return None if self.error is None else type(self.error).__name__


class Observer:
    """Told of everything that a worker does, from several threads; this one keeps quiet."""

    def started(self, worker_id: UUID, name: str, queues: tuple[str, ...], concurrency: int) -> None:
        """The worker is ready for jobs."""

    def stopping(self, running: int) -> None:
        """The worker takes no further jobs; `running` are still at work."""

    def database_lost(self, error: TraxError, delay: Seconds) -> None:
        """The worker tries again in `delay` seconds."""

    def attempt_started(self, attempt: Attempt) -> Hook:
        """An attempt begins; the hook is told of its progress."""
        return Hook()

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        """The attempt is over, whatever became of it."""

    def reaped(self, job_ids: list[UUID]) -> None:
        """Attempts of dead workers were ended, and their jobs queued again (or failed)."""
