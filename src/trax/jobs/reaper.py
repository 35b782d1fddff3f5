"""What dead workers left behind is set right: by every worker now and then, and by every command once."""

from __future__ import annotations

from uuid import UUID

from trax.database import batches, checkpoints, llm_calls, queue, workers
from trax.database.engine import Database
from trax.jobs.attempt import retry_delay
from trax.settings import Settings
from trax.timeline import Seconds


def reap(database: Database, settings: Settings) -> list[UUID]:
    """Queue the jobs of dead workers again (or fail them after their last retry); returns their IDs.

    Each job is a transaction of its own: several reapers at once share the work instead of waiting for each other.
    """
    with database.transaction() as session:
        abandoned = workers.abandoned_jobs(session)
    return [
        found.job_id
        for found in abandoned
        if take_from(database, settings, found.job_id, found.ticket_id, found.worker, excused=found.excused)
    ]


def take_from(
    database: Database, settings: Settings, job_id: UUID, ticket_id: int | None, worker: str, *, excused: bool = False
) -> bool:
    """Queue a job again (or fail it after its last retry) that its worker has left; False: somebody else was faster."""
    message = f"The worker {worker} ended, or was cut off, before the job was finished."

    def delay(retries: int) -> Seconds:
        return 0.0 if excused else retry_delay(settings.retry_delay, retries)

    with database.transaction() as session:
        return queue.lost(session, job_id, ticket_id, message, delay=delay, excused=excused) is not None


def heal(database: Database, settings: Settings, *, most: int = 100) -> int:
    """Give pending jobs that nobody would begin a ticket in their own queue, but `most` at once; returns how many."""
    with database.transaction() as session:
        stray = workers.stray_jobs(session, settings.stall_timeout)[:most]
    for job_id in stray:
        with database.transaction() as session:
            queue.return_home(session, job_id)
    with database.transaction() as session:
        unqueued = workers.unqueued_jobs(session, most - len(stray))
    for job_id in unqueued:
        with database.transaction() as session:
            queue.release(session, [job_id])
    with database.transaction() as session:
        workers.tidy(session, settings.stall_timeout)
        checkpoints.prune(session)
        llm_calls.prune(session)
    with database.transaction() as session:
        batches.fail_orphans(session)
    return len(stray) + len(unqueued)
