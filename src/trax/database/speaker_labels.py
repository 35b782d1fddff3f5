"""The labels under which people speak in a result: how long, when, and how much, whoever has told them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trax.database import documents
from trax.database.models import TranscriptionResult
from trax.storable import storable_text
from trax.timeline import Interval, Seconds, covered, subtract
from trax.transcript import Segment

Turns = dict[str, list[Interval]]


@dataclass(frozen=True, slots=True)
class Label:
    """One voice of a result."""

    label: str
    seconds: Seconds
    words: int
    turns: int
    first_at: Seconds


def cleaned(label: str) -> str:
    """The label as it is stored and compared."""
    return storable_text(label).strip()


def printable(name: str) -> str:
    """A name as it can be shown in a message."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)


def labels_of(result: TranscriptionResult) -> list[Label]:
    """The voices of a result by first appearance: as its diarization knows them, or as its segments say."""
    spoken = _spoken(documents.transcript_of(result).segments)
    known = {cleaned(fact["label"]): fact for fact in facts_of(result)}
    turns = turns_of(result)
    labels = [_label(name, known.get(name, {}), turns.get(name, []), spoken) for name in {**known, **turns}]
    return sorted(labels, key=lambda label: (label.first_at, label.label))


def turns_of(result: TranscriptionResult) -> Turns:
    """When each voice is heard; where no diarization has told, the segments that it says, those in a row as one."""
    stored = (result.speaker_info or {}).get("turns")
    if isinstance(stored, list) and stored:
        return _by_label(turn for entry in stored if (turn := _read(entry)) is not None)
    return _by_label(_runs(documents.transcript_of(result).segments))


def clean_seconds(turns: Mapping[str, Sequence[Interval]], label: str) -> Seconds:
    """Seconds in which that voice is heard, and no other."""
    others = (turn for other, theirs in turns.items() if other != label for turn in theirs)
    return covered(subtract(turns.get(label, ()), others))


def facts_of(result: TranscriptionResult) -> list[dict[str, Any]]:
    """What `speaker_info` says of each voice."""
    speakers = (result.speaker_info or {}).get("speakers")
    return [fact for fact in speakers or () if isinstance(fact, dict) and isinstance(fact.get("label"), str)]


def _read(entry: Any) -> tuple[str, Seconds, Seconds] | None:
    """A turn as it is stored; None: whoever has written the document wrote something else."""
    match entry:
        case [int() | float() as start, int() | float() as end, str() as label]:
            return cleaned(label), float(start), float(end)
        case _:
            return None


def _label(name: str, fact: Mapping[str, Any], turns: Sequence[Interval], spoken: Mapping[str, int]) -> Label:
    return Label(
        label=name,
        seconds=_number(fact, "seconds", covered(turns)),
        words=int(_number(fact, "words", spoken.get(name, 0))),
        turns=int(_number(fact, "turns", len(turns))),
        first_at=_number(fact, "first_at", min((turn.start for turn in turns), default=0.0)),
    )


def _number(fact: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = fact.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


def _spoken(segments: Sequence[Segment]) -> dict[str, int]:
    """Words by label."""
    counts: dict[str, int] = {}
    for segment in segments:
        for speaker, words in _speakers_of(segment):
            if speaker:
                counts[cleaned(speaker)] = counts.get(cleaned(speaker), 0) + words
    return counts


def _speakers_of(segment: Segment) -> Iterable[tuple[str | None, int]]:
    if not segment.words:
        return [(segment.speaker, len(segment.text.split()))]
    return [(word.speaker or segment.speaker, 1) for word in segment.words if word.text.strip()]


def _runs(segments: Sequence[Segment]) -> Iterable[tuple[str, Seconds, Seconds]]:
    run: tuple[str, Seconds, Seconds] | None = None
    for segment in segments:
        label = cleaned(segment.speaker or "")
        if run is not None and run[0] == label:
            run = (label, run[1], max(run[2], segment.end))
            continue
        if run is not None:
            yield run
        run = (label, segment.start, segment.end) if label else None
    if run is not None:
        yield run


def _by_label(turns: Iterable[tuple[str, Seconds, Seconds]]) -> Turns:
    found: Turns = {}
    for label, start, end in turns:
        found.setdefault(label, []).append(Interval(start, max(start, end)))
    return found
