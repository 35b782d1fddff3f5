"""Whisper hears what a language model would change, and decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from trax.enhancement.values import Decision, Edit
from trax.enhancement.votes import decide
from trax.errors import UnknownModel
from trax.flow import Hook, Made, Material, Progress, Request
from trax.ingest.languages import KNOWN_CODES
from trax.media.channels import is_by_channel
from trax.media.decode import DecodeOptions
from trax.stages.excerpts import excerpts
from trax.stages.passages import LONGEST, Passage, passages
from trax.stopwatch import Stopwatch
from trax.timeline import Interval
from trax.transcript import Transcript
from trax.transcription.engines import Engines
from trax.transcription.models import canonical_name
from trax.transcription.transcriber import Transcriber


def judge_for(parent: Made, engines: Engines, request: Request) -> Transcriber:
    """The model that has heard the words; where they are others', the one of the settings.

    Raises: ModelUnavailable.
    """
    try:
        name = canonical_name(parent.model_used)
    except UnknownModel:
        name = engines.options.judge
    return engines.get(name, request.compute_type)


def language_of(material: Material, request: Request, engines: Engines, hook: Hook) -> dict[str, Any]:
    """`language` of a result that is made of the parent: as it is told there, else as its first words sound."""
    assert material.parent is not None, "there is a transcript that is corrected"
    parent = material.parent
    told: dict[str, Any] = parent.model_config.get("language") or {}
    language, first = parent.transcript.language, parent.transcript.segments[:1]
    if language in KNOWN_CODES or not first:
        return told if told.get("code") == language else {"code": language}
    judge = judge_for(parent, engines, request)
    if judge.english_only:
        return {"code": "en", "probability": None, "how": "assumed"}
    span = Interval(first[0].start, first[0].start + LONGEST)
    (window,) = excerpts(material.path, request.decode, [span], hook)
    if window is None:
        return {"code": language}
    guess = judge.detect_language([window], hook.check)
    return {"code": guess.language, "probability": guess.probability, "how": "detected"}


def heard(
    judge: Transcriber,
    transcript: Transcript,
    edits: Sequence[Edit],
    material: Material,
    request: Request,
    hook: Hook,
    watch: Stopwatch,
) -> list[Decision]:
    """What the sound says of each edit; each is put to it by itself, beside the words that were there."""
    assert material.parent is not None, "there is a transcript that is corrected"
    by_channel = is_by_channel(material.parent.speaker_info)
    decided: list[Decision] = []
    found = list(passages(transcript, edits, by_speaker=by_channel))
    for options, several in _by_sound(found, request.decode, by_channel=by_channel):
        spans = [Interval(passage.start, passage.end) for passage in several]
        windows = watch.each("decode", excerpts(material.path, options, spans, hook))
        for passage, window in zip(several, windows, strict=True):
            texts = [passage.text, *(passage.reading(edit) for edit in passage.edits)]
            if window is None or transcript.language not in KNOWN_CODES:
                scores: list[float | None] = [None] * len(texts)
            else:
                scores = judge.readings(window, transcript.language, texts, hook.check)
            pairs = zip(passage.edits, scores[1:], strict=True)
            decided += [decide(edit, scores[0], after, request.enhance.glossary) for edit, after in pairs]
            hook.progress(Progress("judge", min(passage.end, transcript.duration), transcript.duration))
    return decided


def _by_sound(
    found: Sequence[Passage], options: DecodeOptions, *, by_channel: bool
) -> Iterator[tuple[DecodeOptions, list[Passage]]]:
    """The passages, with the sound that they are in."""
    if not by_channel:
        yield options, list(found)
        return

    def speaker(passage: Passage) -> str:
        return passage.places[0].word.speaker or "1"

    for label, several in groupby(sorted(found, key=speaker), key=speaker):
        yield replace(options, channel=int(label) - 1 if label.isdecimal() else None), list(several)
