"""Stage v2, enhance: a language model corrects a transcript, and the sound has a veto."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from trax.enhancement.values import Decision
from trax.errors import LanguageUnsupported, LlmNotSetUp, UsageError
from trax.flow import Answer, Hook, Made, Material, Request
from trax.stopwatch import Stopwatch
from trax.transcript import Transcript
from trax.transcription.engines import Engines

INHERITED = ("model", "language", "times", "last_time_told", "decoding", "diarizer")  # what stays true of the parent
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue", "km", "bo"})  # words can't be told by spaces


def open_llm(request: Request, engines: Engines) -> None:
    """Make sure that the language model can be asked, and that a limit to its cost can be kept.

    Raises: LlmNotSetUp.
    """
    llm = engines.llm(request.enhance.model or "")
    if request.purse is not None and not llm.has_price:
        raise LlmNotSetUp(
            f"What {llm.model} costs is not known, so no limit to it can be kept.",
            "Set TRAX_LLM_PRICES (0/0/0 for a model of your own), or leave the limit out.",
        )


def check_parent(parent: Made) -> None:
    """Raises: UsageError, LanguageUnsupported: there is nothing that could be corrected."""
    if not parent.transcript.segments:
        raise UsageError("There are no words in it to be corrected.", "Name another version with --version.")
    _check_language(parent.transcript)


def enhance(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    """Stage v2: the parent's words with the edits that rules and the sound let pass.

    Raises: LlmError, LanguageUnsupported.
    """
    from trax.enhancement.apply import with_words
    from trax.enhancement.content import content_of, enhanced_from
    from trax.stages.judge import language_of

    parent = material.parent
    assert parent is not None, "this stage builds on a transcript"
    began, watch = perf_counter(), Stopwatch()
    with watch.stage("language"):
        language = language_of(material, request, engines, hook)
    transcript = replace(with_words(parent.transcript), language=language["code"])
    _check_language(transcript)
    decisions, facts = _decided(transcript, material, request, engines, hook, watch)
    enhanced = enhanced_from(transcript, decisions, request.enhance.glossary)
    facts["processing_time_ms"] = round((perf_counter() - began) * 1000)
    return Made(
        transcript=enhanced.transcript,
        accuracy=parent.accuracy,
        model_used=parent.model_used,
        model_config=_config(parent, request, facts, language),
        profile=watch.seconds,
        content=content_of(parent.transcript, enhanced, facts),
        speaker_info=parent.speaker_info,
        is_measured=parent.is_measured,
    )


def _check_language(transcript: Transcript) -> None:
    if transcript.language in UNSPACED:
        raise LanguageUnsupported(
            f"Texts in the language {transcript.language!r} can't be corrected: their words are not divided by spaces.",
            "Leave such transcripts as they are.",
        )


def _decided(
    transcript: Transcript, material: Material, request: Request, engines: Engines, hook: Hook, watch: Stopwatch
) -> tuple[list[Decision], dict[str, Any]]:
    """What became of every edit, and what is to be known of how it was asked for."""
    from trax.enhancement.chunks import chunks_of
    from trax.enhancement.edits import edits_between
    from trax.enhancement.guards import judged
    from trax.stages.ask import ask
    from trax.stages.judge import heard, judge_for

    llm = engines.llm(request.enhance.model or "")
    hints = replace(material.hints, glossary=request.enhance.glossary)
    with watch.stage("ask"):
        asked = ask(llm, chunks_of(transcript), transcript, hints, material.calls, hook)
    if asked.left:
        hook.notice(f"{asked.left} segments stay as they are: {llm.model} gave no answer that could be used.")
    with watch.stage("edits"):
        edits = edits_between(transcript, asked.corrections)
        decided, open_ = judged(edits, transcript, asked.corrections, hints)
    decisions = list(decided.values())
    voted_by = None
    if open_:
        with watch.stage("load"):
            judge = judge_for(material.parent, engines, request)  # type: ignore[arg-type]
        voted_by = judge.description()["model"]
        with watch.stage("judge"):
            decisions += heard(judge, transcript, open_, material, request, hook, watch)
    return decisions, {**_facts(llm.model, asked.answers), "judge": voted_by, "unusable_answers": asked.unusable}


def _facts(model: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """What was asked, and what it took."""
    from trax.enhancement.prompts import PROMPT_VERSION, TASK

    costs = [answer.cost for answer in answers if answer.cost is not None]
    return {
        "model": model,
        "answered_by": sorted({answer.model for answer in answers}),
        "prompt_version": PROMPT_VERSION,
        "prompt_sha256": hashlib.sha256(TASK.encode()).hexdigest(),
        "requests": len(answers),
        "prompt_tokens": sum(answer.prompt_tokens for answer in answers),
        "cached_tokens": sum(answer.cached_tokens for answer in answers),
        "completion_tokens": sum(answer.completion_tokens for answer in answers),
        "cost": round(sum(costs), 6) if costs else None,
    }


def _config(parent: Made, request: Request, facts: dict[str, Any], language: dict[str, Any]) -> dict[str, Any]:
    known = {name: parent.model_config[name] for name in INHERITED if name in parent.model_config}
    names = ("model", "prompt_version", "prompt_sha256", "judge")
    enhancer = {name: facts[name] for name in names}
    return {**known, "language": language, "enhancer": enhancer, "request": request.as_json()}
