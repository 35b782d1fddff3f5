"""Turns laid out on the time axis: who speaks at once, who is heard best, and who is near."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trax.timeline import Interval, Seconds
from trax.turns import SpeakerTurn


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time in which the same people speak."""

    start: Seconds
    end: Seconds
    speakers: tuple[str, ...]  # in the order of their labels, at least one


def spans(turns: Iterable[SpeakerTurn]) -> list[Span]:
    """The time in which somebody speaks, cut where somebody begins or ends: disjoint, in order."""
    found: list[Span] = []
    for start, end, active in _sweep(turns):
        speakers = tuple(sorted({turn.speaker for turn in active}))
        if found and found[-1].end == start and found[-1].speakers == speakers:
            start = found.pop().start
        found.append(Span(start, end, speakers))
    return found


def one_at_a_time(turns: Iterable[SpeakerTurn]) -> list[SpeakerTurn]:
    """Turns in order of which no two overlap: while several speak, only the one who began first is kept."""
    found: list[SpeakerTurn] = []
    for start, end, active in _sweep(turns):
        speaker = min(active, key=lambda turn: (turn.start, -turn.end, turn.speaker)).speaker
        if found and found[-1].end == start and found[-1].speaker == speaker:
            start = found.pop().start
        found.append(SpeakerTurn(start, end, speaker))
    return found


def _sweep(turns: Iterable[SpeakerTurn]) -> Iterator[tuple[Seconds, Seconds, Sequence[SpeakerTurn]]]:
    """Stretches in which the same turns go on; turns without length or without times are nobody's."""
    usable = sorted(t for t in turns if math.isfinite(t.start) and math.isfinite(t.end) and t.start < t.end)
    edges = sorted({time for turn in usable for time in (turn.start, turn.end)})
    active: list[SpeakerTurn] = []
    place = 0
    for start, end in pairwise(edges):
        active = [turn for turn in active if turn.end > start]
        while place < len(usable) and usable[place].start <= start:
            active.append(usable[place])
            place += 1
        if active:
            yield start, end, active


class Scene:
    """All turns of a file, to be asked what goes on at a time; each answer takes the logarithm of their number."""

    def __init__(self, turns: Iterable[SpeakerTurn], exclusive: Iterable[SpeakerTurn]) -> None:
        everything = tuple(turns)
        self.turns = one_at_a_time(exclusive) or one_at_a_time(everything)
        self._starts = [turn.start for turn in self.turns]
        self._spans = spans(everything or self.turns)
        self._span_starts = [span.start for span in self._spans]

    def best(self, time: Interval) -> dict[str, Seconds]:
        """For how long each speaker is heard best in that time: one at a time."""
        sums: dict[str, Seconds] = {}
        for place in _places(self._starts, time):
            turn = self.turns[place]
            sums[turn.speaker] = sums.get(turn.speaker, 0.0) + turn.interval.overlap(time)
        return {speaker: seconds for speaker, seconds in sums.items() if seconds > 0}

    def all(self, time: Interval) -> dict[str, Seconds]:
        """For how long each speaker is heard in that time, alone or with others."""
        sums: dict[str, Seconds] = {}
        for span, seconds in self._during(time):
            for speaker in span.speakers:
                sums[speaker] = sums.get(speaker, 0.0) + seconds
        return sums

    def together(self, time: Interval) -> Seconds:
        """For how long several people speak at once in that time."""
        return sum(seconds for span, seconds in self._during(time) if len(span.speakers) > 1)

    def nearest(self, time: Interval) -> tuple[SpeakerTurn, Seconds]:
        """The turn that is nearest, and how far away it is; of two, the earlier one. There has to be a turn."""
        place = bisect_right(self._starts, time.start)
        near = self.turns[max(0, place - 1) : place + 1]
        return min(((turn, _distance(turn, time)) for turn in near), key=lambda found: found[1])

    def _during(self, time: Interval) -> Iterator[tuple[Span, Seconds]]:
        for place in _places(self._span_starts, time):
            span = self._spans[place]
            if (seconds := Interval(span.start, span.end).overlap(time)) > 0:
                yield span, seconds


def _places(starts: Sequence[Seconds], time: Interval) -> range:
    """Which of disjoint stretches in order may overlap with that time, by where they start."""
    return range(max(0, bisect_right(starts, time.start) - 1), bisect_left(starts, time.end))


def _distance(turn: SpeakerTurn, time: Interval) -> Seconds:
    return max(0.0, turn.start - time.end, time.start - turn.end)
