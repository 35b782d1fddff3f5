"""How far a rate may be off by the choice of what was said: it is drawn again and again from what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trax.evaluation.errors import Errors

LEVEL: Final = 0.95
DRAWS: Final = 2000
SEED: Final = 8  # the same figures give the same interval
LEAST_UNITS: Final = 2
_AT_ONCE: Final = 1_000_000  # numbers drawn: 24 MB


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval that the true rate is in with a probability of 95 %."""

    low: float
    high: float


def bounds(units: Sequence[Errors]) -> Bounds | None:
    """Of the rate of all units together, by drawing as many of them with replacement; None: there are too few.

    Bisani and Ney, Bootstrap estimates for confidence intervals in ASR performance evaluation, ICASSP 2004.
    """
    import numpy as np

    told = [(unit.total, unit.count) for unit in units if unit.count or unit.total]
    if len(told) < LEAST_UNITS or not any(count for _, count in told):
        return None
    figures = np.array(told, dtype=np.float64)
    generator = np.random.default_rng(SEED)
    rates = []
    left = DRAWS
    while left:
        draws = min(left, max(1, _AT_ONCE // len(told)))
        chosen = generator.integers(0, len(told), size=(draws, len(told)))
        sums = figures[chosen].sum(axis=1)
        rates.append(sums[:, 0] / np.maximum(sums[:, 1], 1.0))
        left -= draws
    low, high = np.quantile(np.concatenate(rates), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Bounds(float(low), float(high))
