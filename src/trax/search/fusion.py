"""One ranking from several, whose scores can't be compared."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

EVENNESS = 60  # as in the paper on reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)


def fuse(rankings: Sequence[Sequence[K]], k: int = EVENNESS) -> list[tuple[K, float]]:
    """Everything ranked by any of them with its score, best first; equals stay in the order in which they came."""
    scores: dict[K, float] = {}
    for ranking in rankings:
        for place, key in enumerate(dict.fromkeys(ranking), 1):
            scores[key] = scores.get(key, 0.0) + 1 / (k + place)
    return sorted(scores.items(), key=lambda scored: -scored[1])
