"""From the voices of all windows to the speakers of the file: one centroid each.

The way of pyannote.audio's community-1: clusters by distance, too many of them, which VBx then melts together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trax.diarization.counting import evenly, group, wanted
from trax.diarization.linkage import linked
from trax.diarization.plda import Floats, Plda, unit
from trax.diarization.vbx import vbx
from trax.turns import SpeakerCount

NEEDED_SHARE = 1e-7  # of all embeddings, under which VBx has given up a speaker
MOST_CLUSTERS = 200  # that VBx starts from


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of the clustering; those of community-1 but for `evidence`, which was 0.07 at any distance.

    Measured on dialogues of 20 s to 5 min: 0.09 finds their number of speakers more often; where windows are further
    apart, each must count more, by the power 0.7 of the distance, or voices of short files melt into one.
    """

    threshold: float = 0.6  # distance of unit vectors up to which clusters become one at first
    evidence: float = 0.09  # VBx: what an embedding counts where windows are a second apart (Fa)
    growth: float = 0.7  # of that with the distance of windows
    caution: float = 0.8  # VBx: what a further speaker costs (Fb)
    sample: int = 4000  # embeddings that are compared each with each; the others follow the nearest cluster
    least_clean: float = 1.5  # seconds that a speaker must be heard alone to be one


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The embeddings that are of one person each, in order of time."""

    embeddings: NDArray[np.float32]  # (n, DIMENSIONS)
    apart: Floats  # (n,): seconds from the window of each to the nearest other


@dataclass(frozen=True, slots=True, eq=False)
class Centroids:
    """The speakers of a file."""

    vectors: Floats  # (speakers, DIMENSIONS)
    found: int  # how many VBx heard, before a number that was asked for
    from_count: bool  # whether the number that was asked for decided


def centroids_of(
    material: Material, plda: Plda, count: SpeakerCount, rules: Rules, check: Callable[[], None]
) -> Centroids:
    """As many speakers as are heard, or as `count` asks for; at most one for each embedding, at least one.

    material: at least two embeddings.
    """
    check()
    first = first_clusters(unit(material.embeddings), rules, check)
    check()
    features = plda.features(material.embeddings)
    belief = vbx(features, plda.spread, first, material.apart**rules.growth, rules.evidence, rules.caution)
    membership = belief.membership[:, belief.shares > NEEDED_SHARE]
    found = membership.shape[1]
    number = wanted(found, min(len(material.embeddings), rules.sample), count)
    if number == found:
        heard = membership.T @ material.embeddings / membership.sum(axis=0)[:, None]
        return Centroids(np.asarray(heard), found, False)
    groups = group(plda.directions(material.embeddings), number, rules.sample, check)
    vectors = [material.embeddings[groups == one].mean(axis=0) for one in range(number)]
    return Centroids(np.stack(vectors).astype(np.float64), found, True)


def first_clusters(vectors: Floats, rules: Rules, check: Callable[[], None]) -> NDArray[np.intp]:
    """Cluster of each unit vector, from 0 on: more clusters than speakers, each of one speaker."""
    chosen = evenly(len(vectors), rules.sample)  # a comparison of each with each needs the square of that in memory
    labels = _largest(linked(vectors[chosen], rules.threshold, check), MOST_CLUSTERS)
    if len(chosen) == len(vectors) and labels.min() >= 0:
        return labels
    check()
    kept = labels >= 0
    centres = [vectors[chosen][kept][labels[kept] == one].mean(axis=0) for one in range(int(labels.max()) + 1)]
    everyone = nearest(vectors, np.stack(centres))
    everyone[chosen[kept]] = labels[kept]
    return everyone


def _largest(labels: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The same for the `most` largest clusters, numbered anew; -1 for what is in none of them."""
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")[:most]
    renumbered = np.full(len(sizes), -1, dtype=np.intp)
    renumbered[order] = np.arange(len(order))
    return np.asarray(renumbered[labels])


def nearest(vectors: Floats, centres: Floats) -> NDArray[np.intp]:
    """Index of the centre with the greatest cosine, for each vector."""
    return np.asarray(np.argmax(vectors @ unit(centres).T, axis=1), dtype=np.intp)
