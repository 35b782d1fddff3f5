"""VBx: which embeddings are of one speaker, and how many speakers there are, by variational Bayes.

After Landini, Profant, Diez and Burget, "Bayesian HMM clustering of x-vector sequences (VBx) in speaker diarization"
(2022), without the HMM: embeddings of windows that overlap have no order that it could use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trax.diarization.plda import Floats

ROUNDS = 20
ENOUGH = 1e-4  # gain of the bound under which it ends
SHARPNESS = 7.0  # how firmly the first clusters are believed in


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What VBx came to think."""

    membership: Floats  # (embeddings, speakers): each row sums to 1
    shares: Floats  # (speakers,): of all embeddings; next to nothing for a speaker that isn't needed


def vbx(
    features: Floats, spread: Floats, first: NDArray[np.intp], weights: Floats, evidence: float, caution: float
) -> Belief:
    """Speakers from clusters that are too many.

    features: (n, dimensions), with variance 1 within a speaker and `spread` (dimensions,) between speakers.
    first: cluster of each embedding, from 0 on. weights: (n,): for how many embeddings each one stands.
    evidence: what an embedding counts (Fa): below 1, as embeddings of the same sound are no independent evidence.
    caution: what a further speaker costs (Fb).
    """
    scaled = features * np.sqrt(spread)
    counts = evidence * weights[:, None]
    length = -0.5 * (np.square(features).sum(axis=1, keepdims=True) + features.shape[1] * np.log(2 * np.pi))
    membership = _first_membership(first)
    shares = np.full(membership.shape[1], 1.0 / membership.shape[1])
    before = -np.inf
    for _ in range(ROUNDS):
        weighted = counts * membership / caution
        variance = 1.0 / (1.0 + weighted.sum(axis=0)[:, None] * spread)
        means = variance * (weighted.T @ scaled)
        fit = counts * (scaled @ means.T - 0.5 * (variance + np.square(means)) @ spread + length)
        joint = fit + np.log(shares + 1e-8)
        total = _log_sum(joint)
        membership = np.exp(joint - total)
        shares = (weights[:, None] * membership).sum(axis=0) / weights.sum()
        bound = float(total.sum() + caution * 0.5 * (np.log(variance) - variance - np.square(means) + 1).sum())
        if bound - before < ENOUGH:
            break
        before = bound
    return Belief(membership, shares)


def _first_membership(first: NDArray[np.intp]) -> Floats:
    """(n, clusters): mostly the cluster of each embedding, a little all others."""
    weights = np.ones((len(first), int(first.max()) + 1))
    weights[np.arange(len(first)), first] = np.exp(SHARPNESS)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _log_sum(exponents: Floats) -> Floats:
    """(n, 1): log of the sum of exp of each row."""
    highest = exponents.max(axis=1, keepdims=True)
    return np.asarray(highest + np.log(np.exp(exponents - highest).sum(axis=1, keepdims=True)))
