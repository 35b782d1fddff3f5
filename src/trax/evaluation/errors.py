"""Counts of what is wrong in a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """Words, or characters, that differ from the reference."""

    count: int = 0  # of words or characters in the reference
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def total(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def hits(self) -> int:
        """Those of the reference that are right."""
        return self.count - self.substitutions - self.deletions

    @property
    def rate(self) -> float:
        """WER or CER: errors by words or characters of the reference, of which there has to be one; may be above 1."""
        return self.total / self.count

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.count + other.count,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


def total(errors: Iterable[Errors]) -> Errors:
    return sum(errors, Errors())
