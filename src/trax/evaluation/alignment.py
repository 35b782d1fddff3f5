"""Two texts side by side: the fewest changes from one to the other, and to which utterance each of them belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trax.evaluation.errors import Errors

RUN: Final = 10  # words in a row that agree: nothing before them is ever aligned with anything behind
MOST_CELLS: Final = 4_000_000_000  # letters times letters that are aligned in one piece


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch in which both texts agree, or differ in one way; half-open ranges."""

    kind: str  # equal, substitute, delete or insert
    start: int  # in the reference
    end: int
    made_start: int  # in the text that is judged
    made_end: int


def aligned_words(reference: Sequence[str], made: Sequence[str]) -> list[Change]:
    """The changes from one sequence of words to the other, exactly those that jiwer counts."""
    if not reference or not made:
        return _all_or_nothing(len(reference), len(made))
    import jiwer

    chunks = jiwer.process_words(" ".join(reference), " ".join(made)).alignments[0]
    return [_change(chunk) for chunk in chunks]


def aligned_characters(reference: Sequence[str], made: Sequence[str], words: Sequence[Change]) -> list[Change]:
    """The changes from letter to letter, of words that are joined by spaces.

    words: their alignment. Long texts are cut where many words agree, since time grows with the square of the length.
    """
    size = (sum(map(len, reference)) + len(reference)) * (sum(map(len, made)) + len(made))
    pieces = _pieces(words) if size > MOST_CELLS else [(0, len(reference), 0, len(made))]
    changes: list[Change] = []
    at = made_at = 0
    for start, end, made_start, made_end in pieces:
        true = _letters(reference, start, end)
        text = _letters(made, made_start, made_end)
        changes += [
            Change(c.kind, c.start + at, c.end + at, c.made_start + made_at, c.made_end + made_at)
            for c in _aligned_letters(true, text)
        ]
        at, made_at = at + len(true), made_at + len(text)
    return changes


def counted(changes: Sequence[Change], owners: Sequence[int], units: int) -> list[Errors]:
    """What is wrong in each of so many utterances.

    owners: the utterance of each word or letter of the reference. What was inserted belongs to what stands before it.
    """
    counts = [[0, 0, 0, 0] for _ in range(units)]
    for owner in owners:
        counts[owner][0] += 1
    for change in changes:
        if change.kind in ("substitute", "delete"):
            column = 1 if change.kind == "substitute" else 2
            for place in range(change.start, change.end):
                counts[owners[place]][column] += 1
        elif change.kind == "insert":
            owner = owners[max(0, change.start - 1)] if owners else 0
            counts[owner][3] += change.made_end - change.made_start
    return [Errors(*count) for count in counts]


def _pieces(words: Sequence[Change]) -> Iterator[tuple[int, int, int, int]]:
    """Ranges of words of both texts that are aligned apart: cut in the middle of what agrees for long."""
    start = made_start = 0
    for change in words:
        if change.kind == "equal" and change.end - change.start >= RUN:
            middle = (change.end - change.start) // 2
            end, made_end = change.start + middle, change.made_start + middle
            yield start, end, made_start, made_end
            start, made_start = end, made_end
    if words:
        yield start, words[-1].end, made_start, words[-1].made_end


def _letters(words: Sequence[str], start: int, end: int) -> str:
    """The words with the space that stands before each but the first of all."""
    text = " ".join(words[start:end])
    return f" {text}" if start and text else text


def _aligned_letters(reference: str, made: str) -> list[Change]:
    if not reference or not made:
        return _all_or_nothing(len(reference), len(made))
    import jiwer
    from jiwer.transforms import Compose, ReduceToListOfListOfChars

    every = Compose([ReduceToListOfListOfChars()])  # the space at the beginning of a piece, too
    chunks = jiwer.process_characters(reference, made, every, every).alignments[0]
    return [_change(chunk) for chunk in chunks]


def _change(chunk: object) -> Change:
    names = ("type", "ref_start_idx", "ref_end_idx", "hyp_start_idx", "hyp_end_idx")
    return Change(*(getattr(chunk, name) for name in names))


def _all_or_nothing(reference: int, made: int) -> list[Change]:
    """Where one of the two is empty."""
    changes = [Change("delete", 0, reference, 0, 0), Change("insert", reference, reference, 0, made)]
    return [change for change in changes if change.end > change.start or change.made_end > change.made_start]
