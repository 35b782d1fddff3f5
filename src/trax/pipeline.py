"""The whole flow on one page: each pipeline is a visible list of stages.

A stage takes a media file, and what the stage before it made of it, and returns values. It knows nothing of the
database, of jobs or of who waits for it; `jobs` runs the stages and commits what each returns as a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from trax.errors import UsageError
from trax.flow import Hook, Made, Material, Request
from trax.stages import enhance as enhancing
from trax.stages import passes as hearing_again
from trax.stages.diarize import check_parent, diarize, open_diarizer
from trax.stages.transcribe import transcribe
from trax.transcription.engines import Engines


def _nothing(*_: object) -> None:
    """There is nothing to be prepared, and nothing to be said against it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline."""

    makes: str  # `pipeline_version` of the row that it leads to
    run: Callable[[Material, Request, Engines, Hook], Made]
    options: tuple[str, ...] = ()  # fields of the request that no stage before it knows
    builds_on: bool = False  # a transcript that is there: it can't begin with the media alone
    prepare: Callable[[Request, Engines], None] = _nothing  # raises what the stage lacks, before any work is done
    check_parent: Callable[[Made], None] = _nothing  # raises what speaks against a transcript that somebody names


TRANSCRIBE = Stage("v1", transcribe)
DIARIZE = Stage("v4", diarize, options=("speakers",), builds_on=True, prepare=open_diarizer, check_parent=check_parent)
ENHANCE = Stage(
    "v2",
    enhancing.enhance,
    options=("enhance",),
    builds_on=True,
    prepare=enhancing.open_llm,
    check_parent=enhancing.check_parent,
)

PASSES = Stage(
    "v3",
    hearing_again.passes,
    options=("passes",),
    builds_on=True,
    prepare=hearing_again.open_models,
    check_parent=hearing_again.check_parent,
)

# By version, from the media to a transcript; and by name, each on a transcript that is there.
PIPELINES: dict[str, tuple[Stage, ...]] = {
    "v1": (TRANSCRIBE,),
    "v2": (TRANSCRIBE, ENHANCE),
    "v3": (TRANSCRIBE, PASSES),
    "v4": (TRANSCRIBE, DIARIZE),
    "diarize": (DIARIZE,),
    "enhance": (ENHANCE,),
    "passes": (PASSES,),
}


def stages_of(pipeline: str) -> tuple[Stage, ...]:
    """The stages of a pipeline, in order; each commits a result of its own, the child of the one before.

    Raises: UsageError: there is no such pipeline.
    """
    if pipeline not in PIPELINES:
        whole = [name for name, stages in PIPELINES.items() if not stages[0].builds_on]
        raise UsageError(f"There is no pipeline {pipeline!r} in this version.", f"Choose from: {', '.join(whole)}.")
    return PIPELINES[pipeline]


def asked_of(stage: Stage, request: Request) -> Request:
    """The request as far as the stage and those before it know it: two that differ later ask the same of them."""
    stages = stages_of(request.pipeline)
    later = {name for one in stages[stages.index(stage) + 1 :] for name in one.options}
    defaults = Request()
    return replace(request, **{name: getattr(defaults, name) for name in sorted(later)})
