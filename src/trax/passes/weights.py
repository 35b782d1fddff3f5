"""The numbers of `choice`, by the hearings that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WEIGHTS: Final[Mapping[tuple[str, ...], Mapping[str, float]]] = {
    ("first", "again"): {
        "share first": 0.403,
        "mean first": 2.021,
        "log first": -0.752,
        "share again": 2.082,
        "mean again": 0.739,
        "log again": 0.722,
        "agreement": 0.293,
        "first": 0.403,
        "words": -1.899,
        "letters": 0.825,
        "nothing": -1.909,
    },
    ("first", "again", "second", "second again"): {
        "share first": 0.280,
        "mean first": -4.356,
        "log first": 2.022,
        "share again": 1.727,
        "mean again": -1.721,
        "log again": 1.190,
        "share second": -0.072,
        "mean second": 6.678,
        "log second": -2.754,
        "share second again": 1.085,
        "mean second again": 4.784,
        "log second again": -1.504,
        "agreement": 0.895,
        "first": 0.280,
        "words": -1.913,
        "letters": 0.351,
        "nothing": -2.608,
    },
}
