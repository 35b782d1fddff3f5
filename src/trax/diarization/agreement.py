"""Two diarizations of one recording: which label of the one is which of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trax.diarization.pairing import best_pairs
from trax.timeline import Interval, Seconds, covered, union

LEAST = 0.8  # share of the time that has to agree


@dataclass(frozen=True, slots=True)
class Agreement:
    """That two labels are most likely one person."""

    before: str
    now: str
    share: float  # of the time of `before` that `now` has, 0..1
    is_mutual: bool  # `now` has little beside: it isn't several people of before


def agreements(before: Mapping[str, Sequence[Interval]], now: Mapping[str, Sequence[Interval]]) -> list[Agreement]:
    """Labels that keep at least `LEAST` of their time under another label, each label once."""
    old = {label: union(turns) for label, turns in before.items()}
    new = {label: union(turns) for label, turns in now.items()}
    shared = [[shared_seconds(turns, others) for others in new.values()] for turns in old.values()]
    found = []
    for row, column in best_pairs(shared):
        was, name = list(old)[row], list(new)[column]
        share = shared[row][column] / covered(old[was])
        if share >= LEAST:
            found.append(Agreement(was, name, min(1.0, share), shared[row][column] >= LEAST * covered(new[name])))
    return found


def shared_seconds(one: Sequence[Interval], other: Sequence[Interval]) -> Seconds:
    """Seconds that both cover; each is disjoint and in order."""
    total, first, second = 0.0, 0, 0
    while first < len(one) and second < len(other):
        total += one[first].overlap(other[second])
        if one[first].end < other[second].end:
            first += 1
        else:
            second += 1
    return total
