"""Turns laid out on the time axis: who speaks at once, who is heard best, and who is near."""

from __future__ import annotations

import math
from bisect import bisect_right
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
        turns = tuple(turns)
        self.turns = one_at_a_time(exclusive) or one_at_a_time(turns)
        self._starts = [turn.start for turn in self.turns]
        self._together = [span for span in spans(turns) if len(span.speakers) > 1]
        self._together_starts = [span.start for span in self._together]

    def during(self, time: Interval) -> list[SpeakerTurn]:
        """The turns, one at a time, that overlap with that time."""
        place = max(0, bisect_right(self._starts, time.start) - 1)
        found = []
        while place < len(self.turns) and self.turns[place].start < time.end:
            if self.turns[place].end > time.start:
                found.append(self.turns[place])
            place += 1
        return found

    def seconds(self, time: Interval) -> dict[str, Seconds]:
        """For how long each speaker is heard best in that time."""
        sums: dict[str, Seconds] = {}
        for turn in self.during(time):
            sums[turn.speaker] = sums.get(turn.speaker, 0.0) + turn.interval.overlap(time)
        return {speaker: seconds for speaker, seconds in sums.items() if seconds > 0}

    def seconds_together(self, time: Interval) -> Seconds:
        """For how long several people speak at once in that time."""
        place = max(0, bisect_right(self._together_starts, time.start) - 1)
        total = 0.0
        while place < len(self._together) and self._together[place].start < time.end:
            span = self._together[place]
            total += Interval(span.start, span.end).overlap(time)
            place += 1
        return total

    def nearest(self, time: Interval) -> tuple[SpeakerTurn, Seconds]:
        """The turn that is nearest, and how far away it is; of two, the earlier one. There has to be a turn."""
        place = bisect_right(self._starts, time.start)
        near = self.turns[max(0, place - 1) : place + 1]
        return min(((turn, _distance(turn, time)) for turn in near), key=lambda found: found[1])


def _distance(turn: SpeakerTurn, time: Interval) -> Seconds:
    return max(0.0, turn.start - time.end, time.start - turn.end)
