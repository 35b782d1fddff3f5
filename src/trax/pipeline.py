"""The whole flow on one page: each pipeline version is a visible list of stages.

A stage takes a media file, and what the stage before it made of it, and returns values. It knows nothing of the
database, of jobs or of who waits for it; `jobs` runs the stages and commits what each returns as a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trax.errors import UsageError
from trax.flow import Hook, Made, Material, Request
from trax.stages.transcribe import transcribe
from trax.transcription.engines import Engines


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline."""

    makes: str  # `pipeline_version` of the row that it leads to
    run: Callable[[Material, Request, Engines, Hook], Made]


TRANSCRIBE = Stage("v1", transcribe)

PIPELINES: dict[str, tuple[Stage, ...]] = {
    "v1": (TRANSCRIBE,),
}


def stages_of(pipeline: str) -> tuple[Stage, ...]:
    """The stages of a pipeline, in order; each commits a result of its own, the child of the one before.

    Raises: UsageError: there is no such pipeline.
    """
    if pipeline not in PIPELINES:
        raise UsageError(f"There is no pipeline {pipeline!r} in this version.", f"Choose from: {', '.join(PIPELINES)}.")
    return PIPELINES[pipeline]
