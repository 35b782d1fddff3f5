"""Clusters of vectors by the distance of their centroids (agglomerative, centroid linkage)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

CHECKED_EVERY = 256  # merges

Distances = NDArray[np.float32]


def linked(vectors: NDArray[np.floating], threshold: float, check: Callable[[], None]) -> NDArray[np.intp]:
    """Cluster of each vector, from 0 on in order of first appearance.

    The two nearest clusters become one until no two centroids are nearer than the threshold. Memory: the square of
    the number of vectors, times four bytes.
    """
    squares = _squared_distances(vectors)
    merger = _Merger(squares)
    limit, merges = threshold**2, 0
    while merger.nearest() <= limit:
        merger.merge()
        merges += 1
        if merges % CHECKED_EVERY == 0:
            check()
    _, first, labels = np.unique(merger.owner(), return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[labels], dtype=np.intp)


def _squared_distances(vectors: NDArray[np.floating]) -> Distances:
    """(n, n), infinite from each to itself."""
    exact = vectors.astype(np.float32)
    lengths = np.square(exact).sum(axis=1)
    squares = exact @ exact.T
    squares *= -2.0
    squares += lengths[:, None]
    squares += lengths[None, :]
    np.maximum(squares, 0.0, out=squares)
    np.fill_diagonal(squares, np.inf)
    return squares


class _Merger:
    """Clusters that become fewer; one is known by the index of its first vector."""

    def __init__(self, squares: Distances) -> None:
        self._squares = squares
        self._sizes = np.ones(len(squares))
        self._joined = np.arange(len(squares))  # where a cluster went that is no more
        self._partner = squares.argmin(axis=1)
        self._least = squares.min(axis=1)

    def nearest(self) -> float:
        """Square of the least distance of two clusters; infinite where there is one."""
        return float(self._least.min())

    def merge(self) -> None:
        """The two nearest become one."""
        one = int(self._least.argmin())
        kept, gone = sorted((one, int(self._partner[one])))
        self._squares[kept] = self._from_both(kept, gone)
        self._squares[:, kept] = self._squares[kept]
        self._squares[gone, :] = self._squares[:, gone] = np.inf
        self._sizes[kept] += self._sizes[gone]
        self._joined[gone], self._least[gone] = kept, np.inf
        self._renew(kept, gone)

    def owner(self) -> NDArray[np.intp]:
        """Of each vector, the cluster in which it is."""
        owner = self._joined.copy()
        while not np.array_equal(owner, owner[owner]):
            owner = owner[owner]
        return np.asarray(owner, dtype=np.intp)

    def _from_both(self, kept: int, gone: int) -> Distances:
        """Squared distances of the centroid of both to all others (Lance and Williams)."""
        share = self._sizes[kept] / (self._sizes[kept] + self._sizes[gone])
        between = share * (1 - share) * self._squares[kept, gone]
        row = share * self._squares[kept] + (1 - share) * self._squares[gone] - between
        row = np.maximum(row, 0.0)
        row[[kept, gone]] = np.inf
        return np.asarray(row, dtype=np.float32)

    def _renew(self, kept: int, gone: int) -> None:
        """Partners of those whose partner has changed, and of whom the new cluster is now the nearest."""
        row = self._squares[kept]
        nearer = row < self._least
        self._partner[nearer], self._least[nearer] = kept, row[nearer]
        stale = np.flatnonzero((self._partner == kept) | (self._partner == gone))
        stale = np.union1d(stale[np.isfinite(self._least[stale])], [kept])
        self._partner[stale] = self._squares[stale].argmin(axis=1)
        self._least[stale] = self._squares[stale].min(axis=1)
