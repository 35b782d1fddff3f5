"""The numbers of `choice`, by the hearings that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WEIGHTS: Final[Mapping[tuple[str, ...], Mapping[str, float]]] = {
    ("first", "again"): {
        "share first": 0.437,
        "mean first": 4.144,
        "log first": -0.619,
        "share again": 1.670,
        "mean again": 2.676,
        "log again": -0.026,
        "agreement": 0.050,
        "first": 0.437,
        "words": -2.232,
        "letters": 1.460,
        "nothing": -1.505,
    },
    ("first", "again", "second", "second again"): {
        "share first": 0.563,
        "mean first": -2.636,
        "log first": 1.423,
        "share again": 1.736,
        "mean again": -2.292,
        "log again": 1.091,
        "share second": 0.611,
        "mean second": 4.825,
        "log second": -1.826,
        "share second again": 1.467,
        "mean second again": 6.213,
        "log second again": -1.379,
        "agreement": -0.398,
        "first": 0.563,
        "words": -2.133,
        "letters": 3.568,
        "nothing": -2.165,
    },
}
