"""Jobs that one process queues and runs itself, while its user waits: `trax transcribe`.

They are jobs like all others. Everybody sees them in the queue, and if the process dies, the queue still has them.
"""

from __future__ import annotations

import queue as handover
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from trax.database import queue, transcripts
from trax.database.engine import Database, Transaction
from trax.database.models import TranscriptionResult
from trax.errors import (
    DatabaseError,
    DatabaseUnavailable,
    JobFailed,
    JobInterrupted,
    MediaNotFound,
    RecordNotFound,
    TraxError,
    UsageError,
)
from trax.flow import Hook, Progress, Request
from trax.jobs.acquire import Acquirer, Outcome
from trax.jobs.attempt import PATIENCE
from trax.jobs.build_on import ground_of, submit_on
from trax.jobs.gather import Found
from trax.jobs.observer import Attempt, Ended, Observer
from trax.jobs.submit import SubmitOptions, Submitted, submit_media
from trax.jobs.worker import Worker, WorkerOptions
from trax.pipeline import stages_of
from trax.settings import Settings
from trax.transcription.engines import Engines

TOLD_WITHIN = 10.0  # seconds after a job has failed in the database, on a machine that is busy
LOOK = 0.5  # seconds between two looks at a job that another process runs
INTERRUPTED = "Interrupted by the user."


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of a job; `existed` where the same request had been answered before."""

    result: TranscriptionResult
    existed: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A file that was handed in: queued, answered already, or refused."""

    path: Path  # of the file, or what it is called
    request: Request
    submitted: Submitted | None
    error: TraxError | None = None
    address: str | None = None  # the path or URL that it came from


class LocalWork:
    """A worker of this process for jobs of this process, for the length of a `with` block.

    What is not finished when the block is left is cancelled; jobs that others want, too, go back to the queue.
    """

    def __init__(
        self, database: Database, settings: Settings, engines: Engines, hook: Hook, *, concurrency: int
    ) -> None:
        self._database = database
        self._settings = settings
        self._engines = engines
        self._watch = _Watch(hook)
        self._worker = Worker(database, settings, engines, WorkerOptions((), concurrency), self._watch)
        self._thread = threading.Thread(target=self._work, name="trax-local-worker", daemon=True)
        self._trouble: BaseException | None = None  # what ended the worker, which nothing should
        self._open: dict[UUID, bool] = {}  # jobs that we wait for, and whether they were queued by us
        self._leaving = threading.Event()
        self._acquirers: list[Acquirer] = []

    def __enter__(self) -> LocalWork:
        self._worker.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._watch.lock:  # nothing is queued from here on
            self._leaving.set()
        for acquirer in self._acquirers:
            acquirer.leave()
        try:
            with suppress(DatabaseError):  # without it, the reaper does it later
                for job_id, created in list(self._open.items()):
                    self._give_up(job_id, created=created)
        finally:
            self._worker.stop(at_once=True)
            self._thread.join()
            self._worker.__exit__()

    def feed(
        self, acquirer: Acquirer, found: Iterable[Found], request: Request, options: SubmitOptions
    ) -> Iterator[Task]:
        """Tasks in the order of the sources; the next files are fetched and queued while the first are at work.

        Raises: DatabaseError: nothing can be queued any more.
        """
        tasks: handover.SimpleQueue[Task | BaseException | None] = handover.SimpleQueue()
        self._acquirers.append(acquirer)

        def submit_all() -> None:
            try:
                with closing(acquirer.each_then(found, lambda one: self.submit(one, request, options))) as submitted:
                    for task in submitted:
                        if self._leaving.is_set():
                            return
                        tasks.put(task)
                tasks.put(None)
            except BaseException as error:  # for the thread that reads
                tasks.put(error)

        threading.Thread(target=submit_all, name="trax-feed", daemon=True).start()
        while (task := tasks.get()) is not None:
            if isinstance(task, BaseException):
                raise task
            yield task

    def submit(self, outcome: Outcome, request: Request, options: SubmitOptions) -> Task:
        """Queue media for the worker of this process, or join the job that others have queued for it.

        Raises: DatabaseError.
        """
        if outcome.acquired is None:
            return Task(outcome.name, request, None, outcome.error, outcome.address)
        media_id = outcome.acquired.media_id
        task = Task(outcome.name, request, None, address=outcome.address)
        return self._queued(task, options, lambda session, here: submit_media(session, media_id, request, here))

    def submit_on(self, id: str, version: int | None, request: Request, options: SubmitOptions) -> Task:
        """Queue a stage on the transcript of that ID, as `submit` does; see `ground_of`.

        Raises: DatabaseError.
        """
        try:
            with self._database.transaction() as session:
                ground = ground_of(session, id, version, request)
        except (RecordNotFound, UsageError, MediaNotFound) as error:
            return Task(Path(id), request, None, error)
        task = Task(ground.name, ground.request, None)
        return self._queued(task, options, lambda session, here: submit_on(session, ground, here))

    def _queued(
        self, task: Task, options: SubmitOptions, submit: Callable[[Transaction, SubmitOptions], Submitted]
    ) -> Task:
        here = replace(options, ticket_queue=self._worker.queues[0], owner_id=self._worker.id)
        with self._watch.lock:  # the worker may be faster than we are
            if self._leaving.is_set():
                return replace(task, error=JobInterrupted(f"{task.path.name} was not queued.", INTERRUPTED))
            with self._database.transaction() as session:
                submitted = submit(session, here)
            if submitted.job_id is not None:
                self._watch.paths[submitted.job_id] = task.path
                self._open[submitted.job_id] = submitted.created
                if submitted.goes_on_from is None:
                    self._engines.load_ahead(task.request.model)  # while the ticket is on its way
        return replace(task, submitted=submitted)

    def wait(self, task: Task) -> Finished:
        """The result of a task, once it is there.

        Raises: TraxError: why there is none.
        """
        if task.submitted is None:
            raise task.error or JobFailed(f"{task.path} was not queued.", "Try again.")
        if (job_id := task.submitted.job_id) is None:
            assert task.submitted.result_id is not None
            with self._database.transaction() as session:
                return Finished(transcripts.get(session, task.submitted.result_id), existed=True)
        self._wait_for(job_id, task.path)
        makes = stages_of(task.request.pipeline)[-1].makes
        with self._database.transaction() as session:
            status, message = queue.state(session, job_id)
            result = transcripts.of_job(session, job_id, makes)
        if status == "completed" and result is not None:
            return Finished(result, existed=job_id not in self._watch.ran)
        if status == "cancelled":
            raise JobInterrupted(f"The job was cancelled: {message}", f"`trax jobs retry {job_id}` takes it up again.")
        raise self._watch.error_of(job_id) or JobFailed(message or "The job failed.", "See `trax jobs show`.")

    def _wait_for(self, job_id: UUID, path: Path) -> None:
        """Until the job has ended; it is taken over where nobody else runs it."""
        told = False
        while True:
            status = self._look_at(job_id)
            if status not in (*queue.LIVE, "held"):
                self._open.pop(job_id, None)
                return
            if self._trouble is not None:
                raise self._trouble
            if status == "held" and not told:
                told = True
                self._watch.hook.notice(f"{path.name}: a paused batch holds it; waiting. `trax batch list` names it.")
            if status == "processing" and not told and job_id not in self._watch.begun:
                told = True
                self._watch.hook.notice(
                    f"{path.name}: another process is at work on this very file with these options; waiting for it."
                )
            self._watch.wait_for(job_id, LOOK)

    def _look_at(self, job_id: UUID) -> str:
        """The job's status, patiently: what runs is worth waiting for a database that comes back."""
        for delay in (*PATIENCE, None):
            try:
                with self._database.transaction() as session:
                    status, _ = queue.state(session, job_id)
                    if status == "pending" and queue.is_held(session, job_id):
                        return "held"
                    if status == "pending":
                        queue.adopt(session, job_id, self._worker.queues[0])
                return status
            except DatabaseUnavailable:
                if delay is None:
                    raise
                self._leaving.wait(delay)
            with suppress(DatabaseUnavailable):
                self._database.wake()
        raise AssertionError("the last turn returns or raises")

    def _work(self) -> None:
        try:
            self._worker.run()
        except BaseException as error:  # for the thread that waits
            self._trouble = error

    def _give_up(self, job_id: UUID, *, created: bool) -> None:
        with self._database.transaction() as session:
            if not (created and queue.give_up(session, job_id, INTERRUPTED)):
                queue.return_home(session, job_id)


class _Watch(Observer):
    """Tells the hook of whoever waits, and remembers why jobs failed."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        self.lock = threading.RLock()
        self.paths: dict[UUID, Path] = {}
        self.errors: dict[UUID, TraxError] = {}
        self.begun: set[UUID] = set()  # at work here
        self.ran: set[UUID] = set()  # were at some time
        self._ended = threading.Condition(self.lock)
        self._over: set[UUID] = set()

    def wait_for(self, job_id: UUID, timeout: float) -> None:
        with self._ended:
            self._ended.wait_for(lambda: job_id in self._over, timeout)
            self._over.discard(job_id)

    def error_of(self, job_id: UUID) -> TraxError | None:
        """Why the job failed, if that was here: the database may know that it did before we are told the reason."""
        with self._ended:
            self._ended.wait_for(lambda: job_id not in self.begun, TOLD_WITHIN)
            return self.errors.get(job_id)

    def database_lost(self, error: TraxError, delay: float) -> None:
        self.hook.notice(f"{error.message} Next try in {delay:.0f} s.")

    def attempt_started(self, attempt: Attempt) -> Hook:
        with self.lock:
            path = self.paths.get(attempt.job_id, Path(attempt.filename))
            self.begun.add(attempt.job_id)
            self.ran.add(attempt.job_id)
        return _Passing(self.hook.begin(path))

    def attempt_ended(self, attempt: Attempt, ended: Ended) -> None:
        with self.lock:
            path = self.paths.get(attempt.job_id, Path(attempt.filename))
        self.hook.finish(path)
        with self._ended:
            if ended.error is not None:
                self.errors[attempt.job_id] = ended.error
            self.begun.discard(attempt.job_id)
            self._over.add(attempt.job_id)
            self._ended.notify_all()


@dataclass(frozen=True, slots=True)
class _Passing(Hook):
    inner: Hook

    def progress(self, progress: Progress) -> None:
        self.inner.progress(progress)

    def notice(self, text: str) -> None:
        self.inner.notice(text)

    def check(self) -> None:
        self.inner.check()
