"""Jobs as a person sees and moves them: which there are, what became of each attempt, once more, no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from trax.database import changes, job_views, llm_calls, lookup, queue
from trax.database.engine import Database
from trax.database.job_views import AttemptView, JobFilter, JobView
from trax.database.llm_calls import Usage


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job with all its attempts."""

    job: JobView
    attempts: Sequence[AttemptView]
    usage: Usage  # of language models, by all of them


class Board:
    """The jobs of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, prefix: str) -> UUID:
        """ID of the job, from its beginning. Raises: RecordNotFound, UsageError: no such ID, or not a unique one."""
        with self._database.transaction() as session:
            return lookup.job(session, prefix).id

    def list(self, wanted: JobFilter = JobFilter(), limit: int | None = None) -> list[JobView]:
        """Jobs, newest first."""
        with self._database.transaction() as session:
            return job_views.listing(session, wanted, limit)

    def ids(self, wanted: JobFilter) -> Sequence[UUID]:
        """IDs of jobs, oldest first."""
        with self._database.transaction() as session:
            return job_views.ids(session, wanted)

    def show(self, job_id: UUID) -> JobReport:
        """Everything about one job."""
        with self._database.transaction() as session:
            return JobReport(
                job_views.get(session, job_id),
                job_views.attempts(session, job_id),
                llm_calls.usage(session, [job_id]),
            )

    def follow_list(self, wanted: JobFilter = JobFilter(), limit: int | None = None) -> Iterator[Sequence[JobView]]:
        """The list, whenever a job changes, and once a second; without end."""
        return changes.follow(self._database, lambda: self.list(wanted, limit))

    def follow(self, job_id: UUID) -> Iterator[JobReport]:
        """One job, whenever a job changes, and once a second; until it has ended."""
        for report in changes.follow(self._database, lambda: self.show(job_id)):
            yield report
            if report.job.is_over:
                return

    def retry(self, job_id: UUID) -> None:
        """Put a failed or cancelled job back into its queue, with all its retries before it.

        Raises: JobInterrupted: it has not failed, or another job for the same request is in the queue.
        """
        with self._database.transaction() as session:
            queue.retry(session, job_id)

    def cancel(self, job_id: UUID) -> bool:
        """End a job; whoever runs it stops within a second. False: it had ended already."""
        with self._database.transaction() as session:
            return queue.cancel(session, job_id, "Cancelled by a person.")
