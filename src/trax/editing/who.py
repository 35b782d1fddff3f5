"""Speakers of a transcript that a person has edited: from names to labels, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trax.editing.document import Line
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript

DIGITS = 3  # of a second


def labelled(lines: Iterable[Line], shown: Transcript, stored: Transcript) -> list[Line]:
    """The lines with the labels of the stored transcript in place of the names with which it was shown.

    Whoever has neither a name nor a label there is somebody new, whose label is what was typed.
    """
    labels: dict[str, str] = {}
    pairs = list(zip(shown.segments, stored.segments, strict=True))
    for named, segment in pairs:
        if named.speaker and segment.speaker:
            labels.setdefault(_in_a_row(named.speaker), segment.speaker)
    for _, segment in pairs:
        if segment.speaker:
            labels.setdefault(_in_a_row(segment.speaker), segment.speaker)
    return [replace(line, speaker=_label(line, shown, stored, labels)) for line in lines]


def retold(info: Mapping[str, Any] | None, transcript: Transcript) -> dict[str, Any] | None:
    """What is stored beside a transcript about its speakers, of the transcript as it is now.

    The turns stay, as they tell what was heard; whoever is new is added, and their words are counted.
    """
    if info is None or not isinstance(info.get("speakers"), list):
        return None if info is None else dict(info)
    words = _words(transcript)
    told = [_counted(fact, words) for fact in info["speakers"]]
    known = {fact["label"] for fact in told if isinstance(fact, dict) and "label" in fact}
    new = [_new(label, transcript, count) for label, count in words.items() if label not in known]
    return {**info, "num_speakers": len(told) + len(new), "speakers": [*told, *new]}


def _label(line: Line, shown: Transcript, stored: Transcript, labels: Mapping[str, str]) -> str | None:
    was = shown.segments[line.segment].speaker
    if line.speaker == (_in_a_row(was or "") or None):
        return stored.segments[line.segment].speaker
    return None if line.speaker is None else labels.get(line.speaker, line.speaker)


def _counted(fact: Any, words: Mapping[str, int]) -> Any:
    if not isinstance(fact, dict) or "words" not in fact or not isinstance(fact.get("label"), str):
        return fact  # whoever has written the document wrote something else
    return {**fact, "words": words.get(fact["label"], 0)}


def _new(label: str, transcript: Transcript, words: int) -> dict[str, Any]:
    """As `trax.diarization.info` tells of a speaker."""
    own = [segment for segment in transcript.segments if segment.speaker == label]
    return {
        "label": label,
        "name": None,
        "seconds": round(sum((segment.end - segment.start for segment in own), 0.0), DIGITS),
        "words": words,
        "first_at": round(_first(own, transcript), DIGITS),
        "turns": len(own),
    }


def _first(own: Sequence[Segment], transcript: Transcript) -> Seconds:
    return min((segment.start for segment in own), default=transcript.duration)


def _words(transcript: Transcript) -> dict[str, int]:
    counts: dict[str, int] = {}
    for segment in transcript.segments:
        for speaker, words in _speakers(segment):
            if speaker:
                counts[speaker] = counts.get(speaker, 0) + words
    return counts


def _speakers(segment: Segment) -> list[tuple[str | None, int]]:
    if not segment.words:
        return [(segment.speaker, len(segment.text.split()))]
    return [(word.speaker or segment.speaker, 1) for word in segment.words if word.text.strip()]


def _in_a_row(text: str) -> str:
    return " ".join(text.split())
