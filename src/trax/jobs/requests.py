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
    stages_of(request.pipeline)
    canonical_name(request.model)
    return request


def request_id(media_id: UUID, request: Request) -> UUID:
    """The same for equal requests about the same bytes."""
    return uuid5(media_id, json.dumps([request.pipeline, request.as_json()], sort_keys=True))
