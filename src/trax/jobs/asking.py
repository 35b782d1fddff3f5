"""From options as programs and commands give them to a request, checked before any file is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trax.errors import UsageError
from trax.flow import PassOptions, Purse, Request
from trax.pipeline import PIPELINES, stages_of
from trax.settings import Settings
from trax.transcription.engines import Engines
from trax.transcription.models import canonical_name
from trax.turns import SpeakerCount

# Options that have a name of their own, and where in a Request they belong.
SHORT_NAMES = {
    "beam_size": ("transcribe", "beam_size"),
    "prompt": ("transcribe", "initial_prompt"),
    "track": ("decode", "track"),
    "channel": ("decode", "channel"),
    "start": ("decode", "start"),
    "end": ("decode", "end"),
    "glossary": ("enhance", "glossary"),
}
# The pipelines of who asks for corrections, or for speakers, and names none
WITH_CORRECTIONS = "v2"
WITH_PASSES = "v3"
WITH_SPEAKERS = "v4"


def request_from(options: dict[str, Any], settings: Settings, engines: Engines) -> Request:
    """What is asked for by these options and, where they are silent, by the settings.

    `speakers` is a number or a SpeakerCount; `max_cost` are US dollars, for all that is asked for with this request.

    Raises: UsageError, UnknownModel: it can't be met whatever the file.
    """
    given = _grouped({name: value for name, value in options.items() if value is not None})
    # The engines belong to the archive: what they compute in is a setting, not an option of one request.
    defaults = Request(model=settings.model, language=settings.language)
    if "compute_type" in given:
        raise UsageError("The compute type is a setting of the archive.", "Give it as Settings(compute_type=...).")
    try:
        request = replace(defaults, **given, compute_type=engines.options.compute_type)
    except TypeError as error:
        raise UsageError(f"Not an option of a transcription: {error}.", "See `trax.flow.Request`.") from error
    _check(request)
    request = with_llm(request, settings)
    language = (request.language or "").strip().lower() or None
    engines.check(request.model, language)
    decode = request.decode if "decode" in options else replace(request.decode, max_duration=settings.max_duration)
    return replace(request, model=canonical_name(request.model), language=language, decode=decode)


def passes_by(second_model: str | None, glossary: Sequence[str] = ()) -> PassOptions:
    """Hearing again, with another model where one is named, and with names that are known.

    Raises: UnknownModel. UsageError: a glossary that is too long.
    """
    return PassOptions(None if second_model is None else canonical_name(second_model), tuple(glossary))


def with_llm(request: Request, settings: Settings) -> Request:
    """The request with the language model of the settings, where it is about one and names none."""
    options = {name for stage in stages_of(request.pipeline) for name in stage.options}
    if "enhance" not in options or request.enhance.model is not None:
        return request
    return replace(request, enhance=replace(request.enhance, model=settings.llm_model))


def _check(request: Request) -> None:
    """Whether the pipeline begins with media, and knows what to do with the options that are given."""
    stages, defaults = stages_of(request.pipeline), Request()
    if stages[0].builds_on:
        whole = next(name for name, found in PIPELINES.items() if found[1:] == stages)
        raise UsageError(
            f"{request.pipeline} needs a transcript that is there.",
            f"Use `trax {request.pipeline} ID`, or `--pipeline {whole}`.",
        )
    known = {name for stage in stages for name in stage.options}
    if request.speakers != defaults.speakers and "speakers" not in known:
        raise UsageError(
            f"Pipeline {request.pipeline} tells no speakers apart.", f"Choose {WITH_SPEAKERS}, or give no number."
        )
    if "enhance" not in known and (request.enhance != defaults.enhance or request.purse is not None):
        raise UsageError(
            f"Pipeline {request.pipeline} corrects nothing.",
            f"Choose {WITH_CORRECTIONS}, or give neither a glossary nor a limit to the cost.",
        )
    if request.passes != defaults.passes and "passes" not in known:
        raise UsageError(
            f"Pipeline {request.pipeline} hears nothing twice.", f"Choose {WITH_PASSES}, or no second model."
        )
    if request.speakers != defaults.speakers and request.channels == "split":
        raise UsageError("Where channels are split, each of them is a speaker.", "Give no number, or mix the channels.")


def _grouped(options: dict[str, Any]) -> dict[str, Any]:
    """The options as fields of `Request`."""
    grouped = dict(options)
    second_model = grouped.pop("second_model", None)
    if second_model is not None or grouped.get("pipeline") == WITH_PASSES:
        grouped["passes"] = passes_by(second_model, grouped.pop("glossary", ()))
    for name, (group, field) in SHORT_NAMES.items():
        if name in grouped:
            value = grouped.pop(name)
            grouped[group] = replace(grouped.get(group, getattr(Request(), group)), **{field: value})
    if (max_cost := grouped.pop("max_cost", None)) is not None:
        grouped["purse"] = Purse(float(max_cost))
    if isinstance(speakers := grouped.get("speakers"), int):
        grouped["speakers"] = SpeakerCount(exact=speakers)
    if "speakers" in grouped:
        grouped.setdefault("pipeline", WITH_SPEAKERS)
    if "passes" in grouped:
        grouped.setdefault("pipeline", WITH_PASSES)
    if "enhance" in grouped or "purse" in grouped:
        grouped.setdefault("pipeline", WITH_CORRECTIONS)
    return grouped
