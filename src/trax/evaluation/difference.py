"""Two versions of a transcript word by word: what differs, and at which moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from trax.evaluation.alignment import Change, aligned_words
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch in which two versions have other words; one of the two may be empty."""

    start: Seconds
    end: Seconds
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Timed:
    text: str
    start: Seconds
    end: Seconds


def differences(before: Transcript, after: Transcript) -> list[Difference]:
    """Where the words of the second differ from those of the first, in order; punctuation and case count."""
    old, new = list(_timed(before)), list(_timed(after))
    changes = aligned_words([word.text for word in old], [word.text for word in new])
    groups = groupby(changes, key=lambda change: change.kind != "equal")
    return [_difference(list(found), old, new) for differs, found in groups if differs]


def _difference(changes: list[Change], old: list[_Timed], new: list[_Timed]) -> Difference:
    first, last = changes[0], changes[-1]
    gone, come = old[first.start : last.end], new[first.made_start : last.made_end]
    return Difference(
        min(word.start for word in gone + come),
        max(word.end for word in gone + come),
        " ".join(word.text for word in gone),
        " ".join(word.text for word in come),
    )


def _timed(transcript: Transcript) -> Iterator[_Timed]:
    """Its words; a line without times of words gives each of its words its own."""
    for segment in transcript.segments:
        yield from _words_of(segment) if segment.words else _spread(segment.text.split(), segment.start, segment.end)


def _words_of(segment: Segment) -> Iterator[_Timed]:
    for word in segment.words:
        yield from (_Timed(text, word.start, word.end) for text in word.text.split())


def _spread(texts: Iterable[str], start: Seconds, end: Seconds) -> Iterator[_Timed]:
    return (_Timed(text, start, end) for text in texts)
