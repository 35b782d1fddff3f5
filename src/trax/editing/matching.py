"""Which words of two versions of one recording are the same: the same letters at nearly the same time, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from trax.enhancement.words import letters
from trax.timeline import Seconds
from trax.transcript import Word

APART: Final[Seconds] = 1.5  # that two hearings of one word may be
LATE: Final = 0.5  # of what a pair counts it loses so much where it is as far apart as can be


def key(word: Word) -> str:
    """What a word is compared by: its letters; of one that has none its signs."""
    return letters(word.text) or word.text.strip() or "-"


def matching(base: Sequence[Word], other: Sequence[Word]) -> list[tuple[int, int]]:
    """The places of the words that both have: as many as can be in order, and of these those nearest in time."""
    best = _Best(len(other))
    chains: list[tuple[int, int, int]] = []  # place, other place, number of the pair before it or -1
    for place, found in enumerate(_candidates(base, other)):
        scored = [(best.before(other_place), other_place, counts) for other_place, counts in found]
        for (score, before), other_place, counts in scored:
            chains.append((place, other_place, before))
            best.put(other_place, score + counts, len(chains) - 1)
    return _chain(chains, best.before(len(other))[1])


def _candidates(base: Sequence[Word], other: Sequence[Word]) -> Iterator[list[tuple[int, float]]]:
    """For each word those that it may be, and what that counts."""
    known: dict[str, list[tuple[Seconds, int]]] = defaultdict(list)
    for place, word in enumerate(other):
        known[key(word)].append((word.start, place))
    for times in known.values():
        times.sort()
    for word in base:
        times = known.get(key(word), [])
        first = bisect_left(times, (word.start - APART, -1))
        last = bisect_right(times, (word.start + APART, len(other)))
        yield [(place, 1 - LATE * abs(start - word.start) / APART) for start, place in times[first:last]]


def _chain(chains: Sequence[tuple[int, int, int]], last: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while last >= 0:
        place, other_place, last = chains[last]
        found.append((place, other_place))
    return found[::-1]


class _Best:
    """The best chain of pairs that ends before a place (a Fenwick tree)."""

    def __init__(self, places: int) -> None:
        self._tree: list[tuple[float, int]] = [(0.0, -1)] * (places + 1)

    def before(self, place: int) -> tuple[float, int]:
        """What it counts, and its last pair; -1: none."""
        found = (0.0, -1)
        while place > 0:
            found = max(found, self._tree[place], key=lambda one: one[0])
            place -= place & -place
        return found

    def put(self, place: int, score: float, pair: int) -> None:
        place += 1
        while place < len(self._tree):
            if score > self._tree[place][0]:
                self._tree[place] = (score, pair)
            place += place & -place
