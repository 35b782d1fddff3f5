"""An embedder without a model: texts with the same words lie close together. It counts what it was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384


class BagOfWords:
    dimensions = DIMENSIONS

    def __init__(
        self,
        name: str = "bag-of-words",
        languages: tuple[str, ...] = ("en",),
        before: Callable[[int], object] = lambda calls: None,
    ) -> None:
        """`before`: called with the number of calls so far, before each one."""
        self.name = name
        self.languages = languages
        self.asked: list[str] = []
        self._calls = 0
        self._before = before

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._before(self._calls)
        self._calls += 1
        self.asked += texts
        return np.stack([_vector(text) for text in texts])


def _vector(text: str) -> NDArray[np.float32]:
    vector = sum((_direction(word) for word in text.lower().split()), np.zeros(DIMENSIONS, np.float32))
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


def _direction(word: str) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=DIMENSIONS).astype(np.float32)
