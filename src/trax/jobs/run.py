"""One job from pending to its end, in this process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

from trax.database import claims, jobs, media, transcripts
from trax.database.engine import Database
from trax.database.models import TranscriptionResult
from trax.errors import DatabaseError, DatabaseUnavailable, JobInterrupted, MediaError, TraxError
from trax.jobs.prepare import local_file, make_ready
from trax.pipeline import Heard, Hook, Request, Stage, stages_of
from trax.transcription.engines import Engines

COMMIT_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds before each further attempt to store a result


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of a job; `existed` where the same request had been answered before."""

    result: TranscriptionResult
    existed: bool


def clean_up(database: Database) -> int:
    """End what dead processes left half done; returns how many jobs were theirs."""
    with database.transaction() as session:
        media.release_abandoned(session)
        return jobs.fail_abandoned(session)


def transcribe_media(
    database: Database, media_id: UUID, request: Request, engines: Engines, hook: Hook, *, force: bool = False
) -> Finished:
    """The transcript of a media file, made now, or found where the same request was answered before.

    Raises: TraxError: the job is `failed` (or `cancelled`, after an interrupt) and says why.
    """
    document = request.as_json()
    identity = uuid5(media_id, json.dumps([request.pipeline, document], sort_keys=True))
    with _turn(database, identity, hook):
        with database.transaction() as session:
            known = None if force else transcripts.with_request(session, media_id, request.pipeline, document)
        if known is not None:
            return Finished(known, existed=True)
        return Finished(_run_job(database, media_id, request, engines, hook), existed=False)


@contextmanager
def _turn(database: Database, identity: UUID, hook: Hook) -> Iterator[None]:
    """Of several processes with one request for one file, one works and the others wait for its result."""
    with ExitStack() as held:
        try:
            held.enter_context(claims.claim(database, identity))
        except JobInterrupted:
            hook.notice("Another process is at work on this very file with these options; waiting for it.")
            held.enter_context(claims.claim(database, identity, wait=True))
        yield


def _run_job(database: Database, media_id: UUID, request: Request, engines: Engines, hook: Hook) -> TranscriptionResult:
    # The claim comes before the row, so that no moment exists at which a dead process leaves a job behind unnoticed.
    job_id = uuid4()
    with claims.claim(database, job_id), _ending(database, job_id):
        with database.transaction() as session:
            options = {"pipeline": request.pipeline, "request": request.as_json()}
            jobs.create(session, job_id, media_id, model_config=_asked_for(request), processing_options=options)
            jobs.start(session, job_id)
        result = None
        for stage in stages_of(request.pipeline):
            result = _run_stage(database, job_id, media_id, stage, request, engines, hook)
        assert result is not None
    return result


def _asked_for(request: Request) -> dict[str, Any]:
    """A job's `model_config`: what was asked for; a result's `model_config` says what was used."""
    return {
        "model": request.model,
        "language": request.language,
        "temperature": request.transcribe.temperatures[0],
        "response_format": "verbose_json",
    }


def _run_stage(
    database: Database, job_id: UUID, media_id: UUID, stage: Stage, request: Request, engines: Engines, hook: Hook
) -> TranscriptionResult:
    started = time.monotonic()
    with database.transaction() as session:
        row = media.get(session, media_id)
    path = local_file(row)
    make_ready(database, media_id, path)
    try:
        heard = stage(path, request, engines, hook)
    except MediaError as error:
        with database.transaction() as session:
            media.set_status(session, media_id, "failed", str(error))
        raise
    seconds = time.monotonic() - started
    return _patiently(lambda: _commit(database, job_id, media_id, request, heard, seconds), database, hook)


def _commit(
    database: Database, job_id: UUID, media_id: UUID, request: Request, heard: Heard, seconds: float
) -> TranscriptionResult:
    """Result, job and media change together or not at all."""
    new = transcripts.NewResult(
        job_id=job_id,
        media_id=media_id,
        pipeline_version=request.pipeline,
        transcript=heard.transcript,
        accuracy=heard.accuracy,
        processing_time=round(seconds, 3),
        model_used=heard.model_used,
        model_config=heard.model_config,
    )
    with database.transaction() as session:
        jobs.complete(session, job_id, round(seconds, 3))
        media.record_decoding(session, media_id, heard.decoding.duration, asdict(heard.decoding))
        return transcripts.store(session, new)


def _patiently(commit: Callable[[], TranscriptionResult], database: Database, hook: Hook) -> TranscriptionResult:
    """Hours of work are not thrown away because the database is away for a minute."""
    for delay in COMMIT_DELAYS:
        try:
            return commit()
        except DatabaseUnavailable:
            hook.notice(f"The database doesn't answer; the transcript is kept and stored in {delay:.0f} s if it does.")
            time.sleep(delay)
        with suppress(DatabaseUnavailable):
            database.wake()
    return commit()


@contextmanager
def _ending(database: Database, job_id: UUID) -> Iterator[None]:
    """Leave no job in a state of passage, whatever ends it."""
    try:
        yield
    except KeyboardInterrupt:
        _record_end(database, job_id, "Interrupted by the user.", cancelled=True)
        raise
    except TraxError as error:
        _record_end(database, job_id, str(error))
        raise
    except Exception as error:
        _record_end(database, job_id, f"Unexpected {type(error).__name__}: {error}")
        raise


def _record_end(database: Database, job_id: UUID, message: str, *, cancelled: bool = False) -> None:
    # A database that is gone can't be told; the next command finds the job abandoned and ends it.
    with suppress(DatabaseError), database.transaction() as session:
        (jobs.cancel if cancelled else jobs.fail)(session, job_id, message.replace("\x00", ""))
