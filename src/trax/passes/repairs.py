"""What was lost and what nobody said: words are put in, or taken out, where two kinds of evidence agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trax.audio import Window
from trax.evaluation.alignment import aligned_words
from trax.loops import LONGEST_LOOP, REPEATS_KEPT, repeats
from trax.passes.doubt import share_in_speech
from trax.passes.hearings import Hearing, comparable
from trax.transcript import Word

ALIKE = 0.5  # share of their words that two hearings of one stretch have in common, where both are believed
UNLIKE = 0.2  # below it they have nothing in common
UNHEARD = 0.2  # of the words' time in which the VAD heard speech
UNSURE = 0.5  # mean probability of words that are perhaps nobody's
SILENT = 0.3  # of the model's own probability that nobody spoke, where it had words all the same
FEWEST = 2  # words that are taken out: single ones are a matter of choice


@dataclass(frozen=True, slots=True)
class Removal:
    """Words that nobody said: a range of those of the window, half open."""

    start: int
    end: int
    why: str  # loop, or nobody spoke


def agreement(one: Sequence[Word], other: Sequence[Word]) -> float:
    """The share of the words of the longer text that both have, in one order; 0..1."""
    first, second = ([comparable(word.text) for word in words] for words in (one, other))
    if not first or not second:
        return 0.0
    same = sum(change.end - change.start for change in aligned_words(first, second) if change.kind == "equal")
    return same / max(len(first), len(second))


def found_again(gap: Window, heard: Sequence[Word], hearings: Sequence[Hearing]) -> bool:
    """Whether another hearing has the same words in a stretch that had none."""
    inside = [[word for word in hearing.words if _is_in(word, gap)] for hearing in hearings]
    return any(agreement(heard, words) >= ALIKE for words in inside)


def removals(window: Window, words: Sequence[Word], silence: float, hearings: Sequence[Hearing]) -> list[Removal]:
    """Stretches that are odd by themselves, and that no other hearing has.

    silence: the first model's own probability that nobody spoke in the window.
    """
    if not hearings:
        return []
    found = [*_loops(words), *_unspoken(window, words, silence, hearings)]
    return [one for one in found if not any(_has(hearing, words[one.start : one.end]) for hearing in hearings)]


def without(words: Sequence[Word], removed: Sequence[Removal]) -> list[Word]:
    """The words that stay."""
    gone = {place for one in removed for place in range(one.start, one.end)}
    return [word for place, word in enumerate(words) if place not in gone]


def _loops(words: Sequence[Word]) -> Iterator[Removal]:
    """A phrase that comes over and over, with all its repeats: perhaps not even the first is right."""
    keys = [comparable(word.text) for word in words]
    place = 0
    while place < len(keys):
        ends = [place + length * repeats(keys, place, length) for length in range(1, LONGEST_LOOP + 1)]
        end = max(
            (end for length, end in enumerate(ends, 1) if end - place > REPEATS_KEPT * length),
            default=place,
        )
        if end > place:
            yield Removal(place, end, "loop")
        place = max(end, place + 1)


def _unspoken(window: Window, words: Sequence[Word], silence: float, hearings: Sequence[Hearing]) -> Iterator[Removal]:
    """All words of a window, where they are improbable, nobody spoke as far as can be told, and no hearing has them.

    Improbable words alone are bad words for what was said, such as those of a language that the model doesn't know.
    """
    if len(words) < FEWEST:
        return
    mean = sum(word.probability for word in words) / len(words)
    is_silent = silence > SILENT or not any(hearing.words for hearing in hearings)
    is_odd = (mean < UNSURE and is_silent) or share_in_speech(words, window) < UNHEARD
    if is_odd and all(agreement(words, hearing.words) <= UNLIKE for hearing in hearings):
        yield Removal(0, len(words), "nobody spoke")


def _has(hearing: Hearing, words: Sequence[Word]) -> bool:
    """Whether the hearing has most of these words in that stretch."""
    span = words[0].start, words[-1].end
    inside = [word for word in hearing.words if span[0] < (word.start + word.end) / 2 < span[1]]
    return agreement(words, inside) >= ALIKE


def _is_in(word: Word, window: Window) -> bool:
    return window.start <= (word.start + word.end) / 2 <= window.start + window.duration
