"""Speakers get their labels: SPEAKER_00, SPEAKER_01, ... by first appearance."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from trax.timeline import Seconds
from trax.turns import Speaker, SpeakerTurn

DIGITS = 3  # of a second: finer than the frames of any engine

Key = TypeVar("Key", bound=Hashable)
Stretch = tuple[Seconds, Seconds, Key]


def label(index: int) -> str:
    return f"SPEAKER_{index:02d}"


def labels_of(turns: Iterable[Stretch[Key]]) -> dict[Key, str]:
    """Label of each speaker that has a turn."""
    ordered = dict.fromkeys(speaker for _, _, speaker in sorted(turns, key=lambda turn: turn[:2]))
    return {speaker: label(index) for index, speaker in enumerate(ordered)}


def labelled(turns: Iterable[Stretch[Key]], labels: Mapping[Key, str]) -> tuple[SpeakerTurn, ...]:
    """The turns of speakers that have a label, in order of time; none that is shorter than a millisecond."""
    rounded = (
        SpeakerTurn(round(start, DIGITS), round(end, DIGITS), labels[speaker])
        for start, end, speaker in turns
        if speaker in labels
    )
    return tuple(sorted(turn for turn in rounded if turn.start < turn.end))


def speakers_of(
    turns: Sequence[SpeakerTurn], embeddings: Mapping[str, tuple[float, ...] | None]
) -> tuple[Speaker, ...]:
    """What is known of each label that has turns, by first appearance."""
    own: dict[str, list[SpeakerTurn]] = {}
    for turn in turns:
        own.setdefault(turn.speaker, []).append(turn)
    return tuple(
        Speaker(
            label=name,
            seconds=round(sum(turn.end - turn.start for turn in theirs), DIGITS),
            first_at=theirs[0].start,
            turns=len(theirs),
            embedding=embeddings.get(name),
        )
        for name, theirs in own.items()
    )
