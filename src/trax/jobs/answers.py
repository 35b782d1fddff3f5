"""What is there already: results that answer a request, and the stages that are left of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import ValidationError

from trax.coverage.storing import of_content
from trax.database import documents, lineage, transcripts
from trax.database.engine import Transaction
from trax.database.models import TranscriptionJob, TranscriptionResult
from trax.database.transcripts import IMPORT
from trax.errors import UsageError
from trax.flow import Made, Request
from trax.jobs.requests import REQUEST, parent_of, request_id
from trax.pipeline import Stage, asked_of, stages_of


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to do of a job."""

    request: Request
    stages: tuple[Stage, ...]
    parent: TranscriptionResult | None  # what the first of them builds on


def answer_to(
    session: Transaction, media_id: UUID, request: Request, parent_id: UUID | None = None, stage: Stage | None = None
) -> UUID | None:
    """The newest result that the request would lead to by that stage, which is the last one unless another is named.

    parent_id: the result that the first stage builds on, where it builds on one.
    """
    stages = stages_of(request.pipeline)
    stage = stage or stages[-1]
    before = stages.index(stage) - 1
    found = lineage.requests_answered(
        session,
        media_id,
        stage.makes,
        parent_id=parent_id if before < 0 else None,
        parent_makes=stages[before].makes if before >= 0 else None,
    )
    asked = asked_of(stage, request)
    return next((result_id for result_id, document in found if asked.is_answered_by(document)), None)


def remaining(
    session: Transaction, job: TranscriptionJob, request: Request, stored: Mapping[str, TranscriptionResult]
) -> Remaining:
    """The stages that neither an attempt at this job has finished (`stored`) nor an equal request.

    A job that was forced takes nothing over from others.

    Raises: UsageError: the transcript that it builds on isn't there.
    """
    stages, parent_id = stages_of(request.pipeline), parent_of(job)
    parent = None if parent_id is None else lineage.parent_for(session, job.media_file_id, parent_id)
    if parent is None and (stages[0].builds_on or parent_id is not None):
        raise UsageError(
            "The job names no transcript of its media to build on.", "Queue it again with its own command."
        )
    if parent is not None:
        request = asked_of_parent(parent, request)
    is_forced = job.request_id not in (None, request_id(job.media_file_id, request, parent_id))
    for position, stage in enumerate(stages[:-1]):
        known = stored.get(stage.makes)
        if known is None and not is_forced:
            answer = answer_to(session, job.media_file_id, request, parent_id, stage)
            known = None if answer is None else transcripts.get(session, answer)
        if known is None:
            return Remaining(request, stages[position:], parent)
        parent = known
    return Remaining(request, stages[-1:], parent)


def asked_of_parent(parent: TranscriptionResult, request: Request) -> Request:
    """The request of a stage on a result: the result's own, with the options of the stage.

    Others' transcripts have none: who made them stands in place of the model.

    Raises: UsageError: its request can't be read.
    """
    document = (parent.model_config or {}).get("request")
    try:
        own = REQUEST.validate_python(document) if document else Request(model=parent.model_used or IMPORT)
    except ValidationError as error:
        raise UsageError(
            f"Nothing can be built on version {parent.version}: its request is not valid.",
            "Name another one with --version.",
        ) from error
    options = {name: getattr(request, name) for stage in stages_of(request.pipeline) for name in stage.options}
    decode = replace(own.decode, max_duration=request.decode.max_duration)
    return replace(own, pipeline=request.pipeline, decode=decode, purse=request.purse, **options)


def as_made(result: TranscriptionResult) -> Made:
    """A stored result as the stage that made it handed it over."""
    return Made(
        transcript=documents.transcript_of(result),
        accuracy=result.accuracy,
        model_used=result.model_used or "",
        model_config=result.model_config or {},
        content=result.content,
        speaker_info=result.speaker_info,
        is_measured=result.confidence_scores is not None,
        coverage=of_content(result.content),
    )
