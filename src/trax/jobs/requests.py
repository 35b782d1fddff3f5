"""From a job's row to the request that it was made from."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from trax.database.models import TranscriptionJob
from trax.errors import UsageError
from trax.flow import Request
from trax.pipeline import stages_of
from trax.timeline import Seconds
from trax.transcription.models import canonical_name

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


def request_of(job: TranscriptionJob, max_duration: Seconds) -> Request:
    """What the job asks for; of a row that somebody inserted with SQL, what its `model_config` says.

    Raises: UsageError: that is no request.
    """
    options, config = job.processing_options or {}, job.model_config or {}
    document: dict[str, Any] = dict(options.get("request") or {})
    document["pipeline"] = options.get("pipeline", "v1")
    if (purse := options.get("purse")) is not None:
        document["purse"] = {"id": str(job.id), **purse} if isinstance(purse, dict) else purse
    document["decode"] = {**document.get("decode", {}), "max_duration": max_duration}
    for name in ("model", "language"):
        if document.get(name) is None and config.get(name) is not None:
            document[name] = config[name]
    try:
        request = REQUEST.validate_python(document)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        hint = "Queue the file again with `trax add`."
        raise UsageError(f"The job's request is not valid: {fields}.", hint) from error
    if not stages_of(request.pipeline)[0].builds_on:  # else the words are there, whatever model they are from
        canonical_name(request.model)
    return request


def parent_of(job: TranscriptionJob) -> UUID | None:
    """The result that the job builds on; None: it begins with the media.

    Raises: UsageError: that is no ID.
    """
    named = (job.processing_options or {}).get("parent")
    try:
        return None if named is None else UUID(named)
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError("The job's parent is no ID.", "Queue it again with its own command.") from error


def request_id(media_id: UUID, request: Request, parent_id: UUID | None = None) -> UUID:
    """The same for equal requests about the same bytes, or about the same result of theirs."""
    parent = [] if parent_id is None else [str(parent_id)]
    return uuid5(media_id, json.dumps([request.pipeline, request.as_json(), *parent], sort_keys=True))


def purse_of(request: Request) -> dict[str, Any]:
    """The limit to the cost as `processing_options` and a batch's config keep it; nothing where there is none."""
    purse = request.purse
    return {} if purse is None else {"purse": {"limit": purse.limit, "id": str(purse.id)}}
