"""From a correction to edits: the smallest changes that make sense by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from trax.enhancement.values import Correction, Edit, Kind
from trax.enhancement.words import is_negation, letters, likeness, numbers_in
from trax.transcript import Transcript

ONE_SIDED = 0.8  # cost of a word that only one side has; two words that are nothing alike cost 1.2 to replace
LIKE_ENOUGH = 0.45  # several words and one that was heard in their place
MOST_MERGED = 3  # words that are written as one, or the other way round
SENTENCE_ENDS = (".", "!", "?", "…", ":", "。")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of both sides; half open."""

    start: int
    end: int
    made_start: int
    made_end: int


def edits_between(transcript: Transcript, corrections: Sequence[Correction]) -> tuple[Edit, ...]:
    """All that the corrections change, in order; `s12e1` is the first edit of segment 12."""
    found: list[Edit] = []
    for correction in sorted(corrections, key=lambda correction: correction.segment):
        segment = transcript.segments[correction.segment]
        old, new = [word.text.strip() for word in segment.words], correction.text.split()
        for count, piece in enumerate(pieces(old, new), 1):
            before, after = old[piece.start : piece.end], new[piece.made_start : piece.made_end]
            starts_sentence = not piece.start or old[piece.start - 1].endswith(SENTENCE_ENDS)
            found.append(
                Edit(
                    f"s{correction.segment}e{count}",
                    correction.segment,
                    piece.start,
                    piece.end,
                    " ".join(before),
                    " ".join(after),
                    kind_of(before, after, starts_sentence=starts_sentence),
                )
            )
    return tuple(found)


def pieces(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Where both differ, each stretch as short as can be."""
    steps = _merged(_steps(old, new), old, new)
    return _in_a_row([p for p in steps if old[p.start : p.end] != new[p.made_start : p.made_end]])


def _in_a_row(found: Sequence[Piece]) -> list[Piece]:
    """What is put in at one place is one edit, and so is what goes in a row."""
    joined: list[Piece] = []
    for piece in found:
        last = joined[-1] if joined else None
        if last is not None and (last.end, last.made_end) == (piece.start, piece.made_start):
            is_in = last.start == last.end and piece.start == piece.end
            is_out = last.made_start == last.made_end and piece.made_start == piece.made_end
            if is_in or is_out:
                joined[-1] = Piece(last.start, piece.end, last.made_start, piece.made_end)
                continue
        joined.append(piece)
    return joined


def kind_of(before: Sequence[str], after: Sequence[str], *, starts_sentence: bool = False) -> Kind:
    """What sort of change it is; the one that weighs most, where it is several."""
    old, new = [w for w in map(letters, before) if w], [w for w in map(letters, after) if w]
    if sum(map(is_negation, before)) != sum(map(is_negation, after)):
        return "negation"
    if old == new:
        same_case = "".join(_bare(before)) == "".join(_bare(after))
        return "punctuation" if same_case else "case"
    if "".join(old) == "".join(new):
        return "spelling"
    if numbers_in(before) != numbers_in(after):
        return "number"
    if old and new and numbers_in(before) and not _other_words(before, after):
        return "spelling"
    if not old or not new:
        return "deletion" if old else "insertion"
    is_named = any(_is_capital(word) for word in (before if not starts_sentence else before[1:]))
    return "name" if is_named else "word"


def _other_words(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether anything but numbers differs."""
    return {w for w in map(letters, before) if not numbers_in([w])} != {
        w for w in map(letters, after) if not numbers_in([w])
    }


def _bare(words: Sequence[str]) -> list[str]:
    return ["".join(sign for sign in word if sign.isalnum()) for word in words]


def _is_capital(word: str) -> bool:
    plain = word.lstrip("\"'([¿¡")
    return plain[:1].isupper() and plain.split("'")[0] != "I" and plain.strip(".,;:!?") != "I"


def _steps(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """The cheapest way from one to the other, word by word: kept or replaced one by one, left out, or put in."""
    costs = [list(accumulate([ONE_SIDED] * len(new), initial=0.0))]
    for word in old:
        above = costs[-1]
        here = [above[0] + ONE_SIDED]
        for column, wanted in enumerate(new, 1):
            here.append(
                min(above[column - 1] + _replacing(word, wanted), above[column] + ONE_SIDED, here[-1] + ONE_SIDED)
            )
        costs.append(here)
    return _back(costs, old, new)


def _back(costs: list[list[float]], old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    row, column = len(old), len(new)
    steps: list[Piece] = []
    while row or column:
        cost = costs[row][column]
        if row and column and cost == costs[row - 1][column - 1] + _replacing(old[row - 1], new[column - 1]):
            row, column = row - 1, column - 1
            steps.append(Piece(row, row + 1, column, column + 1))
        elif row and cost == costs[row - 1][column] + ONE_SIDED:
            row -= 1
            steps.append(Piece(row, row + 1, column, column))
        else:
            column -= 1
            steps.append(Piece(row, row, column, column + 1))
    return steps[::-1]


def _replacing(word: str, wanted: str) -> float:
    if word == wanted:
        return 0.0
    one, other = letters(word), letters(wanted)
    return 0.05 if one == other else 1.2 - likeness(one, other)


def _merged(steps: list[Piece], old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Words that are only divided otherwise are one edit: "every one" and "everyone"; so are numbers in words."""
    merged: list[Piece] = []
    at = 0
    while at < len(steps):
        size = next((n for n in range(2 * MOST_MERGED, 1, -1) if _is_one(steps[at : at + n], n, old, new)), 1)
        first, last = steps[at], steps[at + size - 1]
        merged.append(Piece(first.start, last.end, first.made_start, last.made_end))
        at += size
    return merged


def _is_one(steps: list[Piece], size: int, old: Sequence[str], new: Sequence[str]) -> bool:
    if len(steps) < size:
        return False
    before = old[steps[0].start : steps[-1].end]
    after = new[steps[0].made_start : steps[-1].made_end]
    if len(before) == len(after) or not before or not after:
        return False
    for step in (steps[0], steps[-1]):  # what is kept at its edges is no part of it
        if old[step.start : step.end] == new[step.made_start : step.made_end]:
            return False
    if "".join(map(letters, before)) == "".join(map(letters, after)):
        return True
    values = numbers_in(before)
    if len(values) == 1 and values == numbers_in(after) and min(len(before), len(after)) == 1:
        return True
    return min(len(before), len(after)) == 1 and _is_one_sound(before, after)


def _is_one_sound(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether several words are more like the one than any of them is: "cooper netties" and "Kubernetes"."""
    whole = likeness("".join(map(letters, before)), "".join(map(letters, after)))
    parts = max(likeness(letters(one), letters(other)) for one in before for other in after)
    return whole >= LIKE_ENOUGH and whole > parts
