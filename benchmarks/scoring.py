"""Word errors after Whisper's English normaliser, and which parts of a reference came through at all."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.recordings import Recording


@dataclass(frozen=True, slots=True)
class Errors:
    """Counts of words."""

    words: int  # of the reference
    substituted: int
    deleted: int
    inserted: int

    @property
    def wer(self) -> float:
        return (self.substituted + self.deleted + self.inserted) / max(1, self.words)

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.words + other.words,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )

    def as_json(self) -> dict[str, float]:
        return {
            "wer_percent": round(100 * self.wer, 3),
            "words": self.words,
            "substituted": self.substituted,
            "deleted": self.deleted,
            "inserted": self.inserted,
        }


def normalised(text: str) -> str:
    return str(_normaliser()(text))


def errors(reference: str, hypothesis: str) -> Errors:
    """Errors of one text against its reference."""
    return _count(_align(normalised(reference), normalised(hypothesis)))


def total(counts: Iterable[Errors]) -> Errors:
    return sum(counts, Errors(0, 0, 0, 0))


def coverage(recording: Recording, hypothesis: str) -> list[float]:
    """For each segment of the reference, the share of its words that are in the hypothesis, right or wrong.

    A segment that was dropped has a share near 0; one word misheard costs nothing here.
    """
    parts = [normalised(text).split() for _, text in recording.segments]
    owner = [number for number, words in enumerate(parts) for _ in words]
    deleted = [0] * len(parts)
    aligned = _align(" ".join(word for words in parts for word in words), normalised(hypothesis))
    for chunk in aligned.alignments[0]:
        if chunk.type == "delete":
            for position in range(chunk.ref_start_idx, chunk.ref_end_idx):
                deleted[owner[position]] += 1
    return [1 - gone / max(1, len(words)) for gone, words in zip(deleted, parts, strict=True)]


def correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's r."""
    import numpy as np

    return float(np.corrcoef(first, second)[0, 1])


def _align(reference: str, hypothesis: str) -> Any:
    import jiwer

    return jiwer.process_words(reference, hypothesis)


def _count(aligned: Any) -> Errors:
    words = aligned.hits + aligned.substitutions + aligned.deletions
    return Errors(words, aligned.substitutions, aligned.deletions, aligned.insertions)


@cache
def _normaliser() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape sequence in the package, as it is compiled
        from whisper_normalizer.english import EnglishTextNormalizer

    return EnglishTextNormalizer()
