"""Where two texts differ: word by word, at the least cost, in stretches that stand for themselves."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from trax.enhancement.numbers import changes_number, numbers_in, other_words
from trax.enhancement.words import DEFAULT, alike, is_filler, letters, likeness

ONE_SIDED = 0.8  # cost of a word that only one side has; two words that are nothing alike cost 1.2 to replace
LIKE_ENOUGH = 0.45  # several words and one that was heard in their place
ALIKE = 0.5  # words that are less alike are not two spellings of one
MOST_MERGED = 6  # steps that become one word, or the other way round
MOST_IN_PHRASE = 4  # words of a side that are replaced as one
MOST_AT_ONCE = 250_000  # pairs of words that are compared; longer texts are divided


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of both sides; half open."""

    start: int
    end: int
    made_start: int
    made_end: int

    @property
    def is_one_sided(self) -> bool:
        return self.start == self.end or self.made_start == self.made_end


def pieces(old: Sequence[str], new: Sequence[str], language: str = DEFAULT) -> list[Piece]:
    """Where both differ, each stretch as short as can be, and as long as it has to be to make sense."""
    steps = _merged(_steps(old, new), old, new, language)
    return _phrases(_in_a_row([step for step in steps if not is_kept(step, old, new)]), old, new, language)


def is_kept(piece: Piece, old: Sequence[str], new: Sequence[str]) -> bool:
    return old[piece.start : piece.end] == new[piece.made_start : piece.made_end]


def _joined(one: Piece, other: Piece) -> Piece:
    return Piece(one.start, other.end, one.made_start, other.made_end)


def _touch(one: Piece, other: Piece) -> bool:
    return (one.end, one.made_end) == (other.start, other.made_start)


def _in_a_row(found: Sequence[Piece]) -> list[Piece]:
    """What is put in at one place is one edit, and so is what goes in a row."""
    joined: list[Piece] = []
    for piece in found:
        last = joined[-1] if joined else None
        if last is not None and _touch(last, piece):
            is_in = last.start == last.end and piece.start == piece.end
            is_out = last.made_start == last.made_end and piece.made_start == piece.made_end
            if is_in or is_out:
                joined[-1] = _joined(last, piece)
                continue
        joined.append(piece)
    return joined


def _phrases(found: Sequence[Piece], old: Sequence[str], new: Sequence[str], language: str) -> list[Piece]:
    """Other words in a row are one edit: half of it would be what neither side meant."""
    joined: list[Piece] = []
    is_open = False  # whether the last one may be gone on with
    for piece in found:
        is_other = _is_other(piece, old, new, language)
        last = joined[-1] if joined else None
        if last is not None and is_open and is_other and _touch(last, piece):
            whole = _joined(last, piece)
            is_short = max(whole.end - whole.start, whole.made_end - whole.made_start) <= MOST_IN_PHRASE
            if is_short and not (last.is_one_sided and piece.is_one_sided):
                joined[-1] = whole
                continue
        joined.append(piece)
        is_open = is_other
    return joined


def _is_other(piece: Piece, old: Sequence[str], new: Sequence[str], language: str) -> bool:
    """Whether the words are quite different ones; fillers may come and go by themselves."""
    before, after = old[piece.start : piece.end], new[piece.made_start : piece.made_end]
    if piece.is_one_sided:
        return not all(is_filler(word, language) or not letters(word) for word in (*before, *after))
    return alike("".join(map(letters, before)), "".join(map(letters, after))) < ALIKE


def _steps(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """The cheapest way from one to the other, word by word: kept or replaced one by one, left out, or put in."""
    found: list[Piece] = []
    for part in _parts(old, new):
        if (part.end - part.start) * (part.made_end - part.made_start) > MOST_AT_ONCE:
            found.append(part)
            continue
        for step in _back(old[part.start : part.end], new[part.made_start : part.made_end]):
            ours, theirs = part.start, part.made_start
            found.append(Piece(step.start + ours, step.end + ours, step.made_start + theirs, step.made_end + theirs))
    return found


def _parts(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    """Both texts whole, or where that is too much to compare in parts between words that both have once."""
    if len(old) * len(new) <= MOST_AT_ONCE:
        yield Piece(0, len(old), 0, len(new))
        return
    cuts = [(0, 0), *_anchors(old, new), (len(old), len(new))]
    for (start, made_start), (end, made_end) in pairwise(cuts):
        yield Piece(start, end, made_start, made_end)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Words that both sides have once, as many as come in the same order."""
    ours, theirs = _once(old), _once(new)
    pairs = [(place, theirs[word]) for word, place in ours.items() if word in theirs]
    return [pairs[n] for n in _increasing([made for _, made in pairs])]


def _once(words: Sequence[str]) -> dict[str, int]:
    """Where each word stands that comes only once."""
    counts = Counter(words)
    return {word: place for place, word in enumerate(words) if counts[word] == 1}


def _increasing(values: Sequence[int]) -> list[int]:
    """Positions of the longest run of growing values."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(tails[length - 1] if length else -1)
        tails[length : length + 1] = [position]
        ends[length : length + 1] = [value]
    found = [tails[-1]] if tails else []
    while found and before[found[-1]] >= 0:
        found.append(before[found[-1]])
    return found[::-1]


def _back(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    costs = _costs(old, new)
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


def _costs(old: Sequence[str], new: Sequence[str]) -> list[list[float]]:
    costs = [list(accumulate([ONE_SIDED] * len(new), initial=0.0))]
    for word in old:
        above = costs[-1]
        here = [above[0] + ONE_SIDED]
        for column, wanted in enumerate(new, 1):
            here.append(
                min(above[column - 1] + _replacing(word, wanted), above[column] + ONE_SIDED, here[-1] + ONE_SIDED)
            )
        costs.append(here)
    return costs


def _replacing(word: str, wanted: str) -> float:
    if word == wanted:
        return 0.0
    one, other = letters(word), letters(wanted)
    return 0.05 if one == other else 1.2 - likeness(one, other)


def _merged(steps: list[Piece], old: Sequence[str], new: Sequence[str], language: str) -> list[Piece]:
    """Words that are only divided otherwise are one edit: "every one" and "everyone"; so are numbers in words."""
    merged: list[Piece] = []
    at = 0
    while at < len(steps):
        sizes = range(min(MOST_MERGED, len(steps) - at), 1, -1)
        size = next((n for n in sizes if _is_one(steps[at : at + n], old, new, language)), 1)
        merged.append(_joined(steps[at], steps[at + size - 1]))
        at += size
    return merged


def _is_one(steps: list[Piece], old: Sequence[str], new: Sequence[str], language: str) -> bool:
    if any(is_kept(step, old, new) for step in steps):
        return False
    whole = _joined(steps[0], steps[-1])
    before, after = old[whole.start : whole.end], new[whole.made_start : whole.made_end]
    if len(before) == len(after) or not before or not after:
        return False
    if "".join(map(letters, before)) == "".join(map(letters, after)):
        return True
    if _is_contracted(before, after) or _is_contracted(after, before):
        return True
    if min(len(before), len(after)) > 1:
        return False
    if numbers_in(before, language) and not changes_number(before, after, language):
        return other_words(before, language) == other_words(after, language)
    return not any(is_filler(word, language) for word in before) and _is_one_sound(before, after)


def _is_contracted(long: Sequence[str], short: Sequence[str]) -> bool:
    """Whether one word with an apostrophe begins as the first of two: "we were", "we're"."""
    if (len(long), len(short)) != (2, 1) or not any(sign in "'’" for sign in short[0]):
        return False
    first = letters(long[0])
    return bool(first) and letters(short[0]).startswith(first)


def _is_one_sound(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether several words are more like the one than any of them is: "cooper netties" and "Kubernetes"."""
    whole = likeness("".join(map(letters, before)), "".join(map(letters, after)))
    parts = max(likeness(letters(one), letters(other)) for one in before for other in after)
    return whole >= LIKE_ENOUGH and whole > parts
