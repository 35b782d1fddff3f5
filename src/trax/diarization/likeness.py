"""Whose voice is it? Voices of a file against the prints of people, by the cosine of their embeddings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from trax.diarization.pairing import best_pairs

Voice = NDArray[np.float32]  # of length 1

# Measured on pairs of the AMI corpus with community-1: others are alike by 0.34 at most, the same by 0.41 to 0.8.
SURE = 0.55
POSSIBLE = 0.40
LITTLE = 1e-6
MARGIN = 0.10  # before the next person and the next voice, where it is to be sure
BEST = 3  # prints of a person that count: the most similar


@dataclass(frozen=True, slots=True)
class Match:
    """That a voice may be a person's."""

    label: str
    speaker_id: UUID
    score: float  # mean cosine, -1..1
    is_sure: bool


def unit(numbers: Sequence[float] | NDArray[np.float32]) -> Voice | None:
    """The embedding as a voice; None where it says nothing: it is empty, all zeros, or no number."""
    voice = np.asarray(numbers, dtype=np.float64).ravel()
    length = float(np.linalg.norm(voice))
    return (voice / length).astype(np.float32) if np.isfinite(length) and length > 0 else None


def matches(
    voices: Mapping[str, Voice],
    prints: Mapping[UUID, Sequence[Voice]],
    *,
    refused: Collection[tuple[str, UUID]] = (),
    taken: Collection[UUID] = (),
) -> list[Match]:
    """Who the voices are, as far as that can be told: nobody is two voices of a file.

    All voices and prints are of one model. refused: labels and people of whom it is known that they are not the same;
    taken: people who are known to be other voices of the file.
    """
    people = [speaker_id for speaker_id, known in prints.items() if known]
    labels = list(voices)
    if not labels or not people:
        return []
    scores = np.stack([_scores(list(voices.values()), prints[speaker_id]) for speaker_id in people], axis=1)
    scores[[[(label, speaker_id) in refused for speaker_id in people] for label in labels]] = -1.0
    is_free = ~np.isin(np.arange(len(people)), _places(people, taken))
    # what is beyond the least: two poor likenesses must not outweigh a good one
    gains = np.where((scores >= POSSIBLE) & is_free, scores - POSSIBLE + LITTLE, 0.0)
    likely = np.flatnonzero(gains.any(axis=0))  # of thousands of people a few
    pairs = [(row, int(likely[column])) for row, column in best_pairs(gains[:, likely].tolist())]
    return [
        Match(labels[row], people[column], float(scores[row, column]), _is_sure(scores, row, column))
        for row, column in pairs
    ]


def _places(people: Sequence[UUID], some: Collection[UUID]) -> list[int]:
    return [place for place, speaker_id in enumerate(people) if speaker_id in some]


def _scores(voices: Sequence[Voice], prints: Sequence[Voice]) -> NDArray[np.float32]:
    """How much each voice is like a person."""
    cosines = np.sort(np.stack(voices) @ np.stack(prints).T, axis=1)
    mean: NDArray[np.float32] = cosines[:, -BEST:].mean(axis=1)
    return mean


def _is_sure(scores: NDArray[np.float32], row: int, column: int) -> bool:
    """Whether a voice is that person's and nobody else's, and no other voice is more like the person, or nearly so."""
    score = scores[row, column]
    others = np.delete(scores[row], column)
    rivals = np.delete(scores, row, axis=0)
    best = rivals.max(axis=1)
    is_somebody_else = (best >= SURE) & (best - rivals[:, column] >= MARGIN)
    is_clear = score - np.append(others, rivals[~is_somebody_else, column]).max(initial=-1.0) >= MARGIN
    return bool(score >= SURE and is_clear and score >= scores[:, column].max())
