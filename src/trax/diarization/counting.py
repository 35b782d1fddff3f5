"""How many speakers there are to be, and embeddings put into that many groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trax.diarization.linkage import gathered
from trax.diarization.plda import Floats, unit
from trax.turns import SpeakerCount

ROUNDS = 100


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


def group(vectors: Floats, number: int, sample: int, check: Callable[[], None]) -> NDArray[np.intp]:
    """Group of each unit vector, from 0 on, none of them empty.

    Ward's clusters, and k-means from there: unlike from a random start, who speaks little isn't lost beside who speaks
    much. number: at most as many as there are vectors, or as the sample that is compared each with each.
    """
    chosen = vectors[evenly(len(vectors), sample)]
    groups = gathered(chosen, number, check)
    centres = _centres(chosen, groups, number)
    labels = np.full(len(vectors), -1, dtype=np.intp)
    for _ in range(ROUNDS):
        check()
        renewed = _none_empty(vectors @ centres.T)
        if np.array_equal(renewed, labels):
            break
        labels = renewed
        centres = _centres(vectors, labels, number)
    return labels


def evenly(length: int, most: int) -> NDArray[np.intp]:
    """Indices of at most so many out of a length, at even distances."""
    if length <= most:
        return np.arange(length)
    return np.linspace(0, length - 1, most).round().astype(np.intp)


def _centres(vectors: Floats, groups: NDArray[np.intp], number: int) -> Floats:
    return unit(np.stack([vectors[groups == one].mean(axis=0) for one in range(number)]))


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
