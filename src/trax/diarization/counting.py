"""How many speakers there are to be, and embeddings put into that many groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trax.diarization.plda import Floats, unit
from trax.turns import SpeakerCount

TRIES = 3
ROUNDS = 100
SEED = 42


def wanted(found: int, usable: int, count: SpeakerCount) -> int:
    """The number of speakers, given how many were heard and how many embeddings there are to share out."""
    number = found
    if count.least is not None:
        number = max(number, count.least)
    if count.most is not None:
        number = min(number, count.most)
    if count.exact is not None:
        number = count.exact
    return max(1, min(number, usable))


def fewest(count: SpeakerCount) -> int:
    """Number of speakers below which none may be folded into another."""
    return count.exact or count.least or 1


def group(vectors: Floats, number: int) -> NDArray[np.intp]:
    """Group of each unit vector, from 0 on, none of them empty: k-means by cosine, the best of a few seeded tries.

    number: at most as many as there are vectors.
    """
    random = np.random.default_rng(SEED)
    tries = [_k_means(vectors, _spread_out(vectors, number, random)) for _ in range(TRIES)]
    return max(tries, key=lambda attempt: attempt[0])[1]


def _spread_out(vectors: Floats, number: int, random: np.random.Generator) -> Floats:
    """Vectors to begin with, each far from those before it (k-means++)."""
    chosen = [int(random.integers(len(vectors)))]
    distance = np.full(len(vectors), np.inf)
    for _ in range(number - 1):
        distance = np.minimum(distance, np.maximum(0.0, 1.0 - vectors @ vectors[chosen[-1]]))
        distance[chosen] = 0.0
        total = distance.sum()
        rest = np.setdiff1d(np.arange(len(vectors)), chosen)
        # all others are equal to chosen ones: any will do
        chosen.append(int(rest[0]) if total <= 0 else int(random.choice(len(vectors), p=distance / total)))
    return vectors[chosen]


def _k_means(vectors: Floats, centres: Floats) -> tuple[float, NDArray[np.intp]]:
    """How well the groups fit (mean cosine), and the groups."""
    labels = np.full(len(vectors), -1, dtype=np.intp)
    for _ in range(ROUNDS):
        likeness = vectors @ centres.T
        renewed = _none_empty(likeness)
        if np.array_equal(renewed, labels):
            break
        labels = renewed
        centres = unit(np.stack([vectors[labels == one].mean(axis=0) for one in range(len(centres))]))
    return float((vectors * centres[labels]).sum(axis=1).mean()), labels


def _none_empty(likeness: Floats) -> NDArray[np.intp]:
    """The likeliest group of each; a group without any gets the vector that fits its own worst."""
    labels = np.asarray(likeness.argmax(axis=1), dtype=np.intp)
    fit = likeness.max(axis=1)
    sizes = np.bincount(labels, minlength=likeness.shape[1])
    for empty in np.flatnonzero(sizes == 0):
        movable = np.where(sizes[labels] > 1, fit, np.inf)
        moved = int(movable.argmin())
        sizes[labels[moved]] -= 1
        labels[moved], fit[moved], sizes[empty] = empty, np.inf, 1
    return labels
