"""A text against its reference: word and character errors, utterance by utterance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from trax.evaluation.alignment import aligned_characters, aligned_words, counted
from trax.evaluation.bootstrap import Bounds, bounds
from trax.evaluation.errors import Errors, total
from trax.evaluation.normalise import DEFAULT, Normaliser, normalise


@dataclass(frozen=True)
class Score:
    """What is wrong in each utterance of a reference, of one file or of many."""

    words_by_utterance: tuple[Errors, ...]
    characters_by_utterance: tuple[Errors, ...]

    @cached_property
    def words(self) -> Errors:
        return total(self.words_by_utterance)

    @cached_property
    def characters(self) -> Errors:
        return total(self.characters_by_utterance)

    @cached_property
    def word_bounds(self) -> Bounds | None:
        """Of the word error rate, at 95 %; None where the reference is one utterance."""
        return bounds(self.words_by_utterance)

    @cached_property
    def character_bounds(self) -> Bounds | None:
        return bounds(self.characters_by_utterance)

    @property
    def accuracy(self) -> float:
        """1 - WER, and not below 0."""
        return max(0.0, 1.0 - self.words.rate)


def score(
    reference: Sequence[str], text: str, normaliser: Normaliser = DEFAULT, language: str | None = None
) -> Score | None:
    """How far the text is from the utterances of the reference; None where these have no letter left to compare.

    Both are normalised and compared as a whole, as jiwer does with two strings; the errors are then shared out.
    """
    words = normalise(" ".join(reference), normaliser, language).split()
    if not any(character.isalnum() for word in words for character in word):
        return None
    made = normalise(text, normaliser, language).split()
    owners = _owners(words, [normalise(utterance, normaliser, language).split() for utterance in reference])
    changes = aligned_words(words, made)
    letters = aligned_characters(words, made, changes)
    return Score(
        tuple(counted(changes, owners, len(reference))),
        tuple(counted(letters, _of_letters(words, owners), len(reference))),
    )


def together(scores: Iterable[Score]) -> Score | None:
    """All of them as one; None of none."""
    found = list(scores)
    if not found:
        return None
    return Score(
        tuple(errors for one in found for errors in one.words_by_utterance),
        tuple(errors for one in found for errors in one.characters_by_utterance),
    )


def _owners(words: Sequence[str], parts: Sequence[Sequence[str]]) -> list[int]:
    """The utterance of each word. A normaliser may change words across the end of one: "twenty", "five" become 25."""
    apart = [word for part in parts for word in part]
    of_apart = [number for number, part in enumerate(parts) for _ in part]
    if apart == list(words):
        return of_apart
    owners = [0] * len(words)
    for change in aligned_words(words, apart):
        for place in range(change.start, change.end):
            step = place - change.start
            like = min(change.made_start + step, max(change.made_start, change.made_end - 1), len(of_apart) - 1)
            owners[place] = of_apart[like] if like >= 0 else 0
    return owners


def _of_letters(words: Sequence[str], owners: Sequence[int]) -> list[int]:
    """The utterance of each letter, and of each space: that of the word behind it."""
    of_letters: list[int] = []
    for place, (word, owner) in enumerate(zip(words, owners, strict=True)):
        of_letters += [owner] * (len(word) + (place > 0))
    return of_letters
