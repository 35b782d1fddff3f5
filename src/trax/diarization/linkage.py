"""Clusters of vectors, joined from the nearest pair on: by their centroids up to a distance, or Ward's to a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CHECKED_EVERY = 256  # merges

Distances = NDArray[np.float32]  # squared
Sizes = NDArray[np.float64]


def linked(vectors: NDArray[np.floating], threshold: float, check: Callable[[], None]) -> NDArray[np.intp]:
    """Cluster of each vector, from 0 on in order of first appearance.

    The two nearest clusters become one until no two centroids are nearer than the threshold. Memory: the square of
    the number of vectors, times four bytes.
    """
    merger = _Merger(_squared_distances(vectors), _by_centroid)
    _merge_while(merger, lambda: merger.nearest() <= threshold**2, check)
    return merger.labels()


def gathered(vectors: NDArray[np.floating], number: int, check: Callable[[], None]) -> NDArray[np.intp]:
    """As `linked`, but into so many clusters: those become one that are the least loss to the fit (Ward)."""
    merger = _Merger(_squared_distances(vectors), _by_loss)
    _merge_while(merger, lambda: merger.clusters > number, check)
    return merger.labels()


def _merge_while(merger: _Merger, wanted: Callable[[], bool], check: Callable[[], None]) -> None:
    merges = 0
    while wanted():
        merger.merge()
        merges += 1
        if merges % CHECKED_EVERY == 0:
            check()


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


class _Blend(Protocol):
    """Distances of two clusters together from all others, by those of each (Lance and Williams)."""

    def __call__(
        self, one: Distances, other: Distances, between: float, of_one: float, of_other: float, sizes: Sizes
    ) -> NDArray[np.floating]: ...


def _by_centroid(
    one: Distances, other: Distances, between: float, of_one: float, of_other: float, sizes: Sizes
) -> NDArray[np.floating]:
    share = of_one / (of_one + of_other)
    return np.asarray(share * one + (1 - share) * other - share * (1 - share) * between)


def _by_loss(
    one: Distances, other: Distances, between: float, of_one: float, of_other: float, sizes: Sizes
) -> NDArray[np.floating]:
    joined = (of_one + sizes) * one + (of_other + sizes) * other - sizes * between
    return np.asarray(joined / (of_one + of_other + sizes))


class _Merger:
    """Clusters that become fewer; one is known by the index of its first vector."""

    def __init__(self, squares: Distances, blend: _Blend) -> None:
        self.clusters = len(squares)
        self._squares = squares
        self._blend = blend
        self._sizes: Sizes = np.ones(len(squares))
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
        self.clusters -= 1
        self._renew(kept, gone)

    def labels(self) -> NDArray[np.intp]:
        """Cluster of each vector, numbered by first appearance."""
        owner = self._joined.copy()
        while not np.array_equal(owner, owner[owner]):
            owner = owner[owner]
        return np.asarray(np.unique(owner, return_inverse=True)[1], dtype=np.intp)  # the first vector is the name

    def _from_both(self, kept: int, gone: int) -> Distances:
        row = self._blend(
            self._squares[kept],
            self._squares[gone],
            float(self._squares[kept, gone]),
            float(self._sizes[kept]),
            float(self._sizes[gone]),
            self._sizes,
        )
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
