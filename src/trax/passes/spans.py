"""Where several readings of one stretch differ, and what each of them has there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trax.evaluation.alignment import Change, aligned_words
from trax.passes.hearings import FIRST, Candidate, Hearing, Span, Support, Voice, comparable, key_of, voices
from trax.transcript import Word

DROPPED: Final = 3  # words that a reading has less in a row: it lost them, and has no say there
AGREED: Final = 2  # hearings that lost the same words did not lose them
MOST_CANDIDATES: Final = 12


@dataclass(frozen=True, slots=True)
class _Range:
    """A stretch that a reading has in other words than the transcript; half open."""

    start: int
    end: int
    made_start: int
    made_end: int
    differs: bool  # in its letters, and not only in how they are divided into words
    is_drop: bool


def spans(words: Sequence[Word], hearings: Sequence[Hearing]) -> list[Span]:
    """The shortest spans of the words in which the hearings differ, in order."""
    heard = voices(words, hearings)
    ranges = [list(_ranges(heard[0].texts, voice.texts)) for voice in heard]
    found = [_span(start, end, heard, ranges) for start, end in _joined(ranges)]
    return [span for span in found if len(span.candidates) > 1]


def _ranges(first: Sequence[str], other: Sequence[str]) -> Iterator[_Range]:
    """Where the other reading has other words."""
    changes = aligned_words([comparable(text) for text in first], [comparable(text) for text in other])
    waiting: list[Change] = []
    for change in [*changes, None]:
        if change is not None and change.kind != "equal":
            waiting.append(change)
        elif waiting:
            last = waiting[-1]
            start, made_start = waiting[0].start, waiting[0].made_start
            differs = key_of(first[start : last.end]) != key_of(other[made_start : last.made_end])
            gone = max((one.end - one.start for one in waiting if one.kind == "delete"), default=0)
            yield _Range(start, last.end, made_start, last.made_end, differs, gone >= DROPPED)
            waiting = []


def _joined(ranges: Sequence[Sequence[_Range]]) -> list[tuple[int, int]]:
    """Where some differ: stretches that overlap or touch are one, and no reading has a word in two of them."""
    differing = {(one.start, one.end) for found in ranges for one in found if one.differs}
    divided = {(one.start, one.end) for found in ranges for one in found if not one.differs}
    joined: list[tuple[int, int]] = []
    for start, end in sorted(differing):
        for other_start, other_end in divided:
            if start < other_end and other_start < end:
                start, end = min(start, other_start), max(end, other_end)
        while joined and start <= joined[-1][1]:
            earlier = joined.pop()
            start, end = min(start, earlier[0]), max(end, earlier[1])
        joined.append((start, end))
    return joined


def _span(start: int, end: int, heard: Sequence[Voice], ranges: Sequence[Sequence[_Range]]) -> Span:
    found: dict[str, list[tuple[Voice, int, int]]] = {}
    lost = [any(start <= one.start and one.end <= end and one.is_drop for one in differing) for differing in ranges]
    without = {voice.role for voice, drops in zip(heard, lost, strict=True) if drops and voice.words}
    for voice, differing, drops in zip(heard, ranges, lost, strict=True):
        if not drops or len(without) >= AGREED:
            made_start, made_end = _place(voice, heard[0], start, end, differing)
            key = key_of(voice.texts[made_start:made_end])
            found.setdefault(key, []).append((voice, made_start, made_end))
    candidates = [_candidate(several) for several in found.values()]
    return Span(start, end, (candidates[0], *_best(candidates[0], candidates[1:])))


def _place(voice: Voice, first: Voice, start: int, end: int, differing: Sequence[_Range]) -> tuple[int, int]:
    """The words of a reading that stand in the span: at its edges both agree, so that counting tells."""
    if voice is first:
        return start, end
    before = [one for one in differing if one.end <= start and one.start < start]
    until = [one for one in differing if one.end <= end]
    shift = sum((one.made_end - one.made_start) - (one.end - one.start) for one in before)
    shift_end = sum((one.made_end - one.made_start) - (one.end - one.start) for one in until)
    return start + shift, end + shift_end


def _candidate(several: Sequence[tuple[Voice, int, int]]) -> Candidate:
    voice, start, end = max(several, key=lambda one: (one[0].role == FIRST, bool(one[0].words), one[0].share))
    roles = dict.fromkeys(one[0].role for one in several)
    support = {role: _support([one for one in several if one[0].role == role]) for role in roles}
    return Candidate(voice.texts[start:end], support, voice.words[start:end])


def _support(several: Sequence[tuple[Voice, int, int]]) -> Support:
    share = sum(voice.share for voice, *_ in several)
    for voice, start, end in several:
        if voice.words:
            sure = [word.probability for word in voice.words[start:end]]
            if not sure:
                return Support(share, is_best=True)
            logs = [math.log(min(1.0, max(0.01, one))) for one in sure]
            return Support(share, True, sum(sure) / len(sure), sum(logs) / len(logs))
    return Support(share)


def _best(first: Candidate, others: Sequence[Candidate]) -> list[Candidate]:
    """Those that most say; what is much longer or shorter was lost by somebody, and one hearing alone can't tell."""
    possible = [
        one
        for one in others
        if abs(len(one.texts) - len(first.texts)) < DROPPED
        or sum(support.is_best for support in one.support.values()) >= AGREED
    ]
    ranked = sorted(possible, key=lambda one: -sum(support.share for support in one.support.values()))
    return ranked[: MOST_CANDIDATES - 1]
