"""One job from pending to its end, in this process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from trax.database import claims, documents, jobs, media, transcripts
from trax.database.engine import Database
from trax.database.models import TranscriptionResult
from trax.errors import (
    ClaimHeld,
    DatabaseError,
    DatabaseFull,
    DatabaseUnavailable,
    JobFailed,
    JobInterrupted,
    NoAudio,
    TraxError,
    UnreadableMedia,
)
from trax.jobs.prepare import local_file, make_ready
from trax.pipeline import Hook, Made, Material, Request, Stage, stages_of
from trax.transcription.engines import Engines

COMMIT_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds before each further attempt to store a result


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of a job; `existed` where the same request had been answered before."""

    result: TranscriptionResult
    existed: bool


def transcribe_media(
    database: Database, media_id: UUID, request: Request, engines: Engines, hook: Hook, *, force: bool = False
) -> Finished:
    """The transcript of a media file, made now, or found where the same request was answered before.

    Raises: TraxError: the job is `failed` (or `cancelled`, after an interrupt) and says why.
    """
    identity = uuid5(media_id, json.dumps([request.pipeline, request.as_json()], sort_keys=True))
    with _turn(database, identity, hook):
        known = None if force else _answer(database, media_id, request)
        if known is not None:
            return Finished(known, existed=True)
        return Finished(_run_job(database, media_id, request, engines, hook), existed=False)


@contextmanager
def _turn(database: Database, identity: UUID, hook: Hook) -> Iterator[None]:
    """Of several processes with one request for one file, one works and the others wait for its result."""
    with ExitStack() as held:
        try:
            held.enter_context(claims.claim(database, identity))
        except ClaimHeld:
            hook.notice("Another process is at work on this very file with these options; waiting for it.")
            held.enter_context(claims.claim(database, identity, wait=True))
        yield


def _answer(database: Database, media_id: UUID, request: Request) -> TranscriptionResult | None:
    makes = stages_of(request.pipeline)[-1].makes
    with database.transaction() as session:
        for result_id, document in transcripts.requests_answered(session, media_id, makes):
            if request.is_answered_by(document):
                return transcripts.get(session, result_id)
    return None


def _run_job(database: Database, media_id: UUID, request: Request, engines: Engines, hook: Hook) -> TranscriptionResult:
    # The claim comes before the row, so that no moment exists at which a dead process leaves a job behind unnoticed.
    job_id = uuid4()
    with claims.claim(database, job_id), _ending(database, job_id):
        with database.transaction() as session:
            options = {"pipeline": request.pipeline, "request": request.as_json()}
            jobs.create(session, job_id, media_id, model_config=_asked_for(request), processing_options=options)
            jobs.start(session, job_id)
            row = media.get(session, media_id)
        path = local_file(row)
        make_ready(database, media_id, path)
        result = None
        stages = stages_of(request.pipeline)
        for stage in stages:
            task = _Task(job_id, media_id, path, request, stage, result, is_last=stage is stages[-1])
            result = _run_stage(database, task, engines, hook)
        assert result is not None
    return result


@dataclass(frozen=True, slots=True)
class _Task:
    """One stage of one job."""

    job_id: UUID
    media_id: UUID
    path: Path
    request: Request
    stage: Stage
    parent: TranscriptionResult | None
    is_last: bool


def _asked_for(request: Request) -> dict[str, Any]:
    """A job's `model_config`: what was asked for; a result's `model_config` says what was used."""
    return {
        "model": request.model,
        "language": request.language,
        "temperature": request.transcribe.temperatures[0],
        "response_format": "verbose_json",
    }


def _run_stage(database: Database, task: _Task, engines: Engines, hook: Hook) -> TranscriptionResult:
    started = time.monotonic()
    parent = None if task.parent is None else documents.transcript_of(task.parent)
    try:
        made = task.stage.run(Material(task.path, parent), task.request, engines, hook)
    except (UnreadableMedia, NoAudio) as error:
        with database.transaction() as session:
            media.set_status(session, task.media_id, "failed", str(error))
        raise
    seconds = round(time.monotonic() - started, 3)
    return _patiently(lambda: _commit(database, task, made, seconds), database, hook)


def _commit(database: Database, task: _Task, made: Made, seconds: float) -> TranscriptionResult:
    """Result, job and media change together or not at all."""
    new = transcripts.NewResult(
        job_id=task.job_id,
        media_id=task.media_id,
        pipeline_version=task.stage.makes,
        transcript=made.transcript,
        accuracy=made.accuracy,
        processing_time=seconds,
        model_used=made.model_used,
        model_config=made.model_config,
        parent_id=None if task.parent is None else task.parent.id,
        content=made.content,
        speaker_info=made.speaker_info,
    )
    with database.transaction() as session:
        # A commit may have come through although its answer was lost on the way.
        if (stored := transcripts.of_job(session, task.job_id, task.stage.makes)) is not None:
            return stored
        if task.is_last:
            jobs.complete(session, task.job_id, seconds)
        if made.decoding is not None:
            media.record_decoding(session, task.media_id, made.decoding.duration, asdict(made.decoding))
        return transcripts.store(session, new)


def _patiently(commit: Callable[[], TranscriptionResult], database: Database, hook: Hook) -> TranscriptionResult:
    """Hours of work are not thrown away because the database is away for a minute."""
    for delay in COMMIT_DELAYS:
        try:
            return commit()
        except (DatabaseUnavailable, DatabaseFull) as error:
            hook.notice(f"{error.message} The transcript is kept, and stored in {delay:.0f} s if that works then.")
            time.sleep(delay)
        with suppress(DatabaseUnavailable):
            database.wake()
    return commit()


@contextmanager
def _ending(database: Database, job_id: UUID) -> Iterator[None]:
    """Leave no job in a state of passage, whatever ends it; what nobody foresaw becomes a JobFailed."""
    try:
        yield
    except KeyboardInterrupt:
        _record_end(database, job_id, "Interrupted by the user.", cancelled=True)
        raise
    except TraxError as error:
        _record_end(database, job_id, str(error))
        raise
    except Exception as error:
        what = (str(error).strip().splitlines() or [""])[0]
        failure = JobFailed(
            f"Unexpected {type(error).__name__}: {what}.", "This is a fault in Trax; TRAX_DEBUG=1 shows where."
        )
        _record_end(database, job_id, str(failure))
        raise failure from error


def _record_end(database: Database, job_id: UUID, message: str, *, cancelled: bool = False) -> None:
    # A database that is gone can't be told, and a job that was ended already needn't be: the next command finds and
    # ends what is abandoned. The reason for the end must come through in any case.
    with suppress(DatabaseError, JobInterrupted), database.transaction() as session:
        (jobs.cancel if cancelled else jobs.fail)(session, job_id, message)
