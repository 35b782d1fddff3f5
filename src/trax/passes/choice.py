"""Which of several readings stands: a linear model of what every hearing says for each of them.

The weights come from `python -m benchmarks.passes`, which fits them on one half of the readers of the hard set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trax.passes.hearings import FIRST, NO_SUPPORT, Candidate, Span
from trax.passes.weights import WEIGHTS


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands in a span."""

    candidate: Candidate
    probability: float  # that it is the best of them, 0..1
    first: float  # the same of what stood there
    is_change: bool


def roles_of(hearings: Sequence[str]) -> tuple[str, ...]:
    """The roles for which there are weights, where these hearings were made."""
    known = [roles for roles in WEIGHTS if set(roles) <= {FIRST, *hearings}]
    return max(known, key=len)


def chosen(span: Span, roles: tuple[str, ...]) -> Choice:
    """The best candidate; the words that were there win where none is better."""
    weights = WEIGHTS[roles]
    first = span.candidates[0]
    scores = [
        sum(weights[name] * value for name, value in features(candidate, first, roles).items())
        for candidate in span.candidates
    ]
    odds = [math.exp(score - max(scores)) for score in scores]
    best = max(range(len(odds)), key=lambda place: (odds[place], -place))
    shares = [one / sum(odds) for one in odds]
    return Choice(span.candidates[best], shares[best], shares[0], best > 0)


def features(candidate: Candidate, first: Candidate, roles: Sequence[str]) -> Mapping[str, float]:
    """What speaks for and against a candidate, by name."""
    found: dict[str, float] = {}
    best = 0
    for role in roles:
        support = candidate.support.get(role, NO_SUPPORT)
        found[f"share {role}"] = support.share
        found[f"mean {role}"] = support.mean - NO_SUPPORT.mean if support.is_best else 0.0
        found[f"log {role}"] = support.mean_log - NO_SUPPORT.mean_log if support.is_best else 0.0
        best += support.is_best
    letters, first_letters = len(candidate.key), len(first.key)
    return {
        **found,
        "agreement": best / len(roles),
        "first": float(candidate is first),
        "words": float(len(candidate.texts) - len(first.texts)),
        "letters": (letters - first_letters) / 10,
        "nothing": float(not candidate.texts),
    }
