"""Mistyped words, and what was likely meant."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_BY_LENGTH = ((3, 0), (5, 1), (9, 2))  # up to so many letters, so many slips
_MOST = 3  # in a longer one


def corrections(word: str, candidates: Sequence[tuple[str, int]]) -> list[str]:
    """Those of the candidates (words and how often they were said) that may be meant: the nearest, then most said."""
    most = slips(word)
    near = [(distance(word, said), -count, said) for said, count in candidates if abs(len(said) - len(word)) <= most]
    return [said for apart, _, said in sorted(near) if apart <= most]


def slips(word: str) -> int:
    """How many slips are forgiven in a word: none in a short one, which would become any other."""
    return next((most for letters, most in _MOST_BY_LENGTH if len(word) <= letters), _MOST)


def distance(first: str, second: str) -> int:
    """Letters left out, put in, taken for others, or swapped with their neighbours; none is changed twice."""
    before_last: list[int] = []
    last = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                least = min(least, before_last[j - 2] + 1)
            row.append(least)
        before_last, last = last, row
    return last[-1]
