"""One attempt at a job: from its ticket to its end, whatever that is."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TypeVar
from uuid import UUID

from trax.database import attempts, checkpoints, documents, fencing, hints, llm_calls, media, queue, transcripts
from trax.database.engine import Database, Transaction
from trax.database.models import MediaFile, TranscriptionJob, TranscriptionResult
from trax.enhancement.values import Hints
from trax.errors import (
    DatabaseError,
    DatabaseFull,
    DatabaseUnavailable,
    JobFailed,
    JobInterrupted,
    LlmUnusable,
    NoAudio,
    TraxError,
    UnreadableMedia,
)
from trax.flow import Hook, Made, Material, Progress, Request
from trax.jobs.answers import as_made, remaining
from trax.jobs.calls import KeptCalls
from trax.jobs.memory import KeptWindows
from trax.jobs.observer import Attempt, Ended, Observer
from trax.jobs.prepare import local_file, make_ready
from trax.jobs.requests import request_of
from trax.pipeline import Stage, asked_of
from trax.settings import Settings
from trax.timeline import Seconds
from trax.transcription.engines import Engines

PATIENCE = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds before each further try to store what was made
MOST_EXCUSES = 50  # attempts after which the loss of the database is taken for the job's own fault
SUSPECT_DELAY = 2.0  # seconds, or so, until a job that may bring the process down asks again for its turn
LONGEST_DELAY = 300.0  # seconds before a retry

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all attempts of a process share."""

    database: Database
    settings: Settings
    engines: Engines
    observer: Observer
    worker_id: UUID
    worker: str
    is_private: bool = False  # a process that runs its own jobs alone, and whose user waits: nothing is put off
    suspects: Lock = field(default_factory=Lock)  # held by the one job at a time that may bring the process down


@dataclass(slots=True)
class Reins:
    """How an attempt that runs is stopped from outside."""

    asked: Callable[[], str | None] = lambda: None  # cancelled or interrupted, once somebody asks for it
    begun: bool = False  # the job is ours
    is_lost: bool = False  # and it no longer is

    @property
    def reason(self) -> str | None:
        return "lost" if self.is_lost else self.asked()


class Stopped(Exception):
    """The attempt was told to stop: the way out of a stage, and no error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def retry_delay(first: Seconds, retries: int) -> Seconds:
    """Seconds before the next attempt: doubled each time, and spread, so that not all come back at once."""
    delay: Seconds = min(LONGEST_DELAY, first * 2 ** min(retries, 32))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def run(around: Surroundings, job_id: UUID, ticket_id: int, ticket_queue: str, reins: Reins) -> None:
    """Do the job that the ticket stands for, unless the ticket is stale; record how it ends, and tell the observer."""
    with around.database.transaction() as session:
        is_suspect = attempts.is_suspect(session, job_id)
    if not is_suspect:
        _run(around, job_id, ticket_id, ticket_queue, reins)
    elif around.suspects.acquire(blocking=False):
        try:
            _run(around, job_id, ticket_id, ticket_queue, reins)
        finally:
            around.suspects.release()
    else:  # one suspect at a time: if the process dies again, it is known who is to blame
        delay = SUSPECT_DELAY * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        with around.database.transaction() as session:
            queue.put_off(session, job_id, ticket_id, queue=ticket_queue, delay=delay)


def _run(around: Surroundings, job_id: UUID, ticket_id: int, ticket_queue: str, reins: Reins) -> None:
    with around.database.transaction() as session:
        started = queue.start(session, job_id, ticket_id, around.worker_id, around.worker)
        if started is None:
            return
        job, number = started
        file = media.get(session, job.media_file_id)
        stored = transcripts.all_of_job(session, job.id) if number > 1 else {}
    reins.begun = True
    attempt = _described(job, ticket_id, number, file.filename)
    hook = _Hook(around.observer.attempt_started(attempt), reins)
    began = time.monotonic()
    ended = Ended("lost", 0.0)  # where its end can't even be recorded
    try:
        ended = _Course(around, job, file, stored, ticket_id, ticket_queue, number, hook).to_its_end()
    finally:
        around.observer.attempt_ended(attempt, replace(ended, seconds=time.monotonic() - began))


def _profiled(new: transcripts.NewResult, profile: Mapping[str, Seconds], storing: Seconds) -> transcripts.NewResult:
    """The result with the time that each stage took; what the commit itself takes comes too late for it."""
    seconds = {**profile, "store": profile.get("store", 0.0) + storing}
    rounded = {stage: round(spent, 3) for stage, spent in seconds.items()}
    return replace(new, model_config={**new.model_config, "profile": rounded})


def _keep_voices(session: Transaction, stored: TranscriptionResult, made: Made) -> None:
    from trax.database import voices

    model_id = (made.speaker_info or {})["model_id"]
    voices.keep_and_recognise(session, stored.id, model_id, made.voices)


def _described(job: TranscriptionJob, ticket_id: int, number: int, filename: str) -> Attempt:
    options, config = job.processing_options or {}, job.model_config or {}
    return Attempt(
        job_id=job.id,
        media_id=job.media_file_id,
        ticket_id=ticket_id,
        number=number,
        filename=filename,
        queue=job.queue,
        pipeline=str(options.get("pipeline", "v1")),
        model=str(config.get("model", "")),
        queued_at=job.created_at,
    )


@dataclass(slots=True)
class _Hook(Hook):
    """Passes everything on to whoever watches, and stops the stage when the reins are pulled."""

    inner: Hook
    reins: Reins

    def check(self) -> None:
        if (reason := self.reins.reason) is not None:
            raise Stopped(reason)
        self.inner.check()

    def progress(self, progress: Progress) -> None:
        self.inner.progress(progress)

    def notice(self, text: str) -> None:
        self.inner.notice(text)


@dataclass(slots=True)
class _Course:
    """What an attempt goes through once its job is its own."""

    around: Surroundings
    job: TranscriptionJob
    file: MediaFile
    stored: dict[str, TranscriptionResult]  # what earlier attempts have finished, by pipeline version
    ticket_id: int
    ticket_queue: str
    number: int  # of the attempt
    hook: _Hook
    tried_to_commit: set[str] = field(default_factory=set)  # pipeline versions
    stages_done: int = 0  # by this attempt
    spent: Seconds = 0.0  # by these

    def to_its_end(self) -> Ended:
        try:
            return Ended("completed", 0.0, audio=self._stages())
        except Stopped as stopped:
            return self._stopped(stopped.reason)
        except JobInterrupted:
            return self._stopped("lost")
        except TraxError as error:
            return self._failed(error)
        except BaseException as error:  # KeyboardInterrupt, too: nothing may leave a job behind as if it were running
            what = (str(error).strip().splitlines() or [""])[0]
            failure = JobFailed(
                f"Unexpected {type(error).__name__}: {what}.", "This is a fault in Trax; TRAX_DEBUG=1 shows where."
            )
            failure.__cause__ = error
            return self._failed(failure)

    def _stages(self) -> Seconds:
        """Run the stages that an earlier attempt hasn't finished; returns the length of what was heard."""
        request = request_of(self.job, self.around.settings.max_duration)
        path = local_file(self.file, self.around.settings)
        if self.file.status != "ready":
            make_ready(self.around.database, self.file.id, path)
        with self.around.database.transaction() as session:
            left = remaining(session, self.job, request, self.stored)
        request = left.request
        for stage in left.stages:
            stage.prepare(request, self.around.engines)
        result = left.parent
        for stage in left.stages:
            result = self._run_stage(stage, path, request, result, is_last=stage is left.stages[-1])
        assert result is not None
        return max(0.0, documents.transcript_of(result).duration - request.decode.start)

    def _run_stage(
        self, stage: Stage, path: Path, request: Request, parent: TranscriptionResult | None, *, is_last: bool
    ) -> TranscriptionResult:
        started = time.monotonic()
        memory = self._memory()
        material = Material(
            path,
            None if parent is None else as_made(parent),
            memory,
            self._calls(request),
            self._hints(),
        )
        try:
            made = stage.run(material, asked_of(stage, request), self.around.engines, self.hook)
        except Stopped:
            memory.flush()  # what was heard is not to be heard again
            raise
        seconds = round(time.monotonic() - started, 3)
        new = self._new_result(stage, made, parent, seconds)
        heard = None if self.stages_done else memory.heard  # later stages hear no windows
        self.stages_done += 1
        self.spent += seconds
        return self._patiently(lambda: self._commit(new, made, heard, is_last=is_last))

    def _memory(self) -> KeptWindows:
        job = self.job
        # a job of somebody's own INSERT has no request ID, and goes by its own
        whose = checkpoints.Whose(job.id, self.ticket_id, job.request_id or job.id, job.media_file_id)
        return KeptWindows(self.around.database, whose)

    def _calls(self, request: Request) -> KeptCalls:
        """A limit of the request may be shared with others; that of the settings is the job's own."""
        job, purse = self.job, request.purse
        asker = llm_calls.Asker(job.id, self.ticket_id, job.request_id or job.id, job.id if purse is None else purse.id)
        limit = self.around.settings.llm_max_cost if purse is None else purse.limit
        return KeptCalls(self.around.database, asker, limit)

    def _hints(self) -> Hints:
        with self.around.database.transaction() as session:
            return hints.of_media(session, self.job.media_file_id)

    def _new_result(
        self, stage: Stage, made: Made, parent: TranscriptionResult | None, seconds: Seconds
    ) -> transcripts.NewResult:
        return transcripts.NewResult(
            job_id=self.job.id,
            media_id=self.job.media_file_id,
            pipeline_version=stage.makes,
            transcript=made.transcript,
            accuracy=made.accuracy,
            processing_time=seconds,
            model_used=made.model_used,
            model_config=made.model_config,
            parent_id=None if parent is None else parent.id,
            content=made.content,
            speaker_info=made.speaker_info,
            is_measured=made.is_measured,
            coverage=made.coverage,
            beside=made.beside,
        )

    def _commit(
        self, new: transcripts.NewResult, made: Made, heard: attempts.Heard | None, *, is_last: bool
    ) -> TranscriptionResult:
        """Result, job, batch and media change together, or not at all."""
        began = time.monotonic()
        with self.around.database.transaction() as session:
            media.lock(session, new.media_id)
            if (stored := self._stored_by_us(session, new)) is not None:
                return stored
            fencing.require_ours(session, new.job_id, self.ticket_id)
            if made.decoding is not None:
                media.record_decoding(session, new.media_id, made.decoding.duration, asdict(made.decoding))
            stored = transcripts.store(session, _profiled(new, made.profile, time.monotonic() - began))
            if made.voices and self.around.settings.voice_prints:
                _keep_voices(session, stored, made)
            if heard is not None:
                attempts.tell(session, self.ticket_id, heard)
            if is_last:
                queue.complete(session, new.job_id, self.ticket_id, self.spent)
            return stored

    def _stored_by_us(self, session: Transaction, new: transcripts.NewResult) -> TranscriptionResult | None:
        """The result, where the commit has come through and only its answer was lost on the way."""
        if new.pipeline_version not in self.tried_to_commit:
            self.tried_to_commit.add(new.pipeline_version)
            return None
        stored = transcripts.all_of_job(session, new.job_id).get(new.pipeline_version)
        ours = attempts.outcome(session, self.ticket_id) == "completed" or fencing.is_ours(
            session, new.job_id, self.ticket_id
        )
        return stored if ours else None

    def _stopped(self, reason: str) -> Ended:
        if reason in ("cancelled", "lost"):
            return Ended("cancelled" if self._patiently(lambda: self._cancelled(reason)) else "lost", 0.0)
        if reason == "interrupted":
            return self._handed_back("Handed back: its worker was stopped.")
        return Ended(reason, 0.0)

    def _cancelled(self, reason: str) -> bool:
        """Whether it is the job that was cancelled, and not the attempt alone."""
        with self.around.database.transaction() as session:
            if reason == "cancelled" and fencing.is_ours(session, self.job.id, self.ticket_id):
                queue.cancel(session, self.job.id, "Cancelled.")  # Procrastinate's own tools asked for it
            return queue.state(session, self.job.id)[0] == "cancelled"

    def _handed_back(self, message: str, error: TraxError | None = None, delay: Seconds = 0.0) -> Ended:
        home = self.job.queue if self.around.is_private else self.ticket_queue

        def hand_back() -> bool:
            with self.around.database.transaction() as session:
                return queue.hand_back(session, self.job.id, self.ticket_id, message, queue=home, delay=delay)

        return Ended("interrupted" if self._patiently(hand_back) else "lost", 0.0, error=error)

    def _failed(self, error: TraxError) -> Ended:
        if isinstance(error, DatabaseError) and error.retryable and self.number <= MOST_EXCUSES:  # no fault of the job
            return self._handed_back(str(error), error, retry_delay(self.around.settings.retry_delay, self.number))
        final = not error.retryable or self.around.is_private
        outcome = self._patiently(lambda: self._record_failure(error, final=final))
        return Ended(outcome or "lost", 0.0, error=error)

    def _record_failure(self, error: TraxError, *, final: bool) -> str | None:
        kind, message = type(error).__name__, str(error)
        with self.around.database.transaction() as session:
            if isinstance(error, LlmUnusable):  # whoever tries again asks again
                llm_calls.forget(session, self.job.request_id or self.job.id)
            if isinstance(error, (UnreadableMedia, NoAudio)):
                media.lock(session, self.file.id)
                if fencing.is_ours(session, self.job.id, self.ticket_id):
                    media.set_status(session, self.file.id, "failed", str(error))
            if final:
                return "failed" if queue.fail(session, self.job.id, self.ticket_id, kind, message) else None
            delay = retry_delay(self.around.settings.retry_delay, self.job.retry_count or 0)
            return queue.retry_later(
                session, self.job.id, self.ticket_id, kind, message, queue=self.ticket_queue, delay=delay
            )

    def _patiently(self, write: Callable[[], Answer]) -> Answer:
        """Hours of work are not thrown away because the database is away for a minute."""
        for delay in PATIENCE:
            try:
                return write()
            except (DatabaseUnavailable, DatabaseFull) as error:
                self.hook.notice(f"{error.message} What was made is kept; next try in {delay:.0f} s.")
            time.sleep(delay)
            with suppress(DatabaseUnavailable):
                self.around.database.wake()
        return write()
