"""From a file to a job in the queue, or to the result that answers the same request already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from trax.database import media, queue
from trax.database.engine import Database, Transaction
from trax.database.media import NewMedia
from trax.flow import Request
from trax.jobs.answers import answer_to
from trax.jobs.prepare import new_media
from trax.jobs.requests import purse_of, request_id
from trax.pipeline import stages_of
from trax.settings import check_queue


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """How a job is queued."""

    queue: str = "default"  # its home
    ticket_queue: str | None = None  # where it waits now, if not there
    priority: int = 0  # higher runs first
    max_retries: int = 3
    owner_id: UUID | None = None  # the batch or process that may give the job up again
    force: bool = False  # also where the same request was answered before

    def __post_init__(self) -> None:
        """Raises: UsageError: that is no name for a queue."""
        check_queue(self.queue)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a file: a job, or the result that was there already."""

    media_id: UUID
    job_id: UUID | None
    result_id: UUID | None
    created: bool  # whether the job is new, and was not queued by somebody else
    goes_on_from: UUID | None = None  # the result that the job need not make anew, as far as that is known


def submit(database: Database, file: Path | NewMedia, request: Request, options: SubmitOptions) -> Submitted:
    """Register a file and queue a job for it, in one transaction.

    Raises: MediaNotFound, UnreadableMedia, MediaChanged.
    """
    new = new_media(file) if isinstance(file, Path) else file  # reads the whole file, before any transaction
    with database.transaction() as session:
        row, _ = media.add(session, new)
        return submit_media(session, row.id, request, options)


def submit_media(
    session: Transaction, media_id: UUID, request: Request, options: SubmitOptions, *, parent_id: UUID | None = None
) -> Submitted:
    """Queue a job for media that is registered, unless the same request is answered or queued already.

    parent_id: the result that its first stage builds on.
    """
    if not options.force and (known := answer_to(session, media_id, request, parent_id)) is not None:
        return Submitted(media_id, None, known, created=False)
    job_id, created = queue.enqueue(
        session,
        queue.NewJob(
            media_id=media_id,
            request_id=uuid4() if options.force else request_id(media_id, request, parent_id),
            model_config=_asked_for(request),
            processing_options=_options(request, parent_id),
            queue=options.queue,
            ticket_queue=options.ticket_queue,
            priority=options.priority,
            max_retries=options.max_retries,
            owner_id=options.owner_id,
        ),
    )
    if created and not options.force and (known := answer_to(session, media_id, request, parent_id)) is not None:
        queue.withdraw(session, job_id)  # the job that answers it ended while we looked
        return Submitted(media_id, None, known, created=False)
    return Submitted(media_id, job_id, None, created, _goes_on_from(session, media_id, request, parent_id, options))


def _goes_on_from(
    session: Transaction, media_id: UUID, request: Request, parent_id: UUID | None, options: SubmitOptions
) -> UUID | None:
    first, *others = stages_of(request.pipeline)
    if parent_id is not None or options.force or not others:
        return parent_id
    return answer_to(session, media_id, request, stage=first)


def _options(request: Request, parent_id: UUID | None) -> dict[str, Any]:
    parent = {} if parent_id is None else {"parent": str(parent_id)}
    return {"pipeline": request.pipeline, "request": request.as_json(), **purse_of(request), **parent}


def _asked_for(request: Request) -> dict[str, Any]:
    """A job's `model_config`: what was asked for; a result's `model_config` says what was used."""
    return {
        "model": request.model,
        "language": request.language,
        "temperature": request.transcribe.temperatures[0],
        "response_format": "verbose_json",
    }
