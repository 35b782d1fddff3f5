"""Time by the number of words, for transcripts that tell few times or none."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from trax.ingest.collected import MOST_SECONDS
from trax.timeline import Seconds

PER_SECOND: Final = 150 / 60  # words that a person says
SLOWEST: Final = 80 / 60  # what a text's own times may tell of how fast it is said
FASTEST: Final = 260 / 60
WIDE_WORD: Final = 0.4  # words that a character of a script without spaces counts for
_REST: Final = r"[0-9]{1,3}:[0-5][0-9](?:[.,][0-9]{1,3})?"
TIME: Final = rf"(?:[0-9]{{1,3}}:)?{_REST}"
WITH_HOURS: Final = rf"[0-9]{{1,3}}:{_REST}"


def seconds_of_clock(text: str) -> Seconds:
    """The seconds of a time that `TIME` matches."""
    seconds = 0.0
    for part in text.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


@dataclass(frozen=True, slots=True)
class Times:
    """When each word is said, by its place in the text."""

    places: tuple[float, ...]  # in words, ascending
    moments: tuple[Seconds, ...]  # of the same
    last_told: Seconds

    def at(self, place: float) -> Seconds:
        """The moment of a place, on the straight line between those that are known."""
        if len(self.places) == 1:
            return self.moments[0]
        after = min(max(1, bisect_right(self.places, place)), len(self.places) - 1)
        before = after - 1
        width = self.places[after] - self.places[before]
        share = (place - self.places[before]) / width if width > 0 else 1.0
        return self.moments[before] + min(1.0, share) * (self.moments[after] - self.moments[before])


@dataclass(slots=True)
class WordClock:
    """Counts the words of a text as it is read, and takes the times that stand between them."""

    _words: float = 0.0
    _told: list[tuple[float, Seconds]] = field(default_factory=list)

    def count(self, said: str) -> tuple[float, float]:
        """The places where these words begin and end."""
        start = self._words
        self._words += spoken_words(said)
        return start, self._words

    def tell(self, moment: Seconds, before: str) -> None:
        """The text tells this time after `before`, which is not counted yet."""
        self._told.append((self._words + spoken_words(before), moment))

    def times(self) -> Times:
        """When each word is said; where nothing is told, at the pace of the rest, or as people speak."""
        told = _in_order([(place, moment) for place, moment in self._told if 0 < moment <= MOST_SECONDS])
        place, moment = told[-1] if told else (0.0, 0.0)
        pace = min(FASTEST, max(SLOWEST, place / moment)) if moment > 0 and place > 0 else PER_SECOND
        points = [(0.0, 0.0), *told, (self._words, moment + (self._words - place) / pace)]
        kept = [*(before for before, after in pairwise(points) if after[0] > before[0]), points[-1]]
        return Times(tuple(at for at, _ in kept), tuple(when for _, when in kept), moment)


def spoken_words(text: str) -> float:
    """How many words that is for whoever says it; of a script without spaces several characters are one."""
    if text.isascii():
        return float(len(text.split()))
    wide = sum(unicodedata.east_asian_width(c) in "WF" and c.isalnum() and not _is_hangul(c) for c in text)
    spaced = sum(any(not _is_wide(c) for c in word) for word in text.split())
    return spaced + WIDE_WORD * wide


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" and not _is_hangul(character)


def _is_hangul(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3"


def _in_order(told: Sequence[tuple[float, Seconds]]) -> list[tuple[float, Seconds]]:
    """The longest run of times that go forward: what is said of 3:16 elsewhere is no time of this recording."""
    ends: list[Seconds] = []  # the lowest moment at which a run of each length ends
    last: list[int] = []  # and which that is
    before: list[int] = []
    for number, (_, moment) in enumerate(told):
        length = bisect_left(ends, moment)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [moment]
        last[length : length + 1] = [number]
    run: list[tuple[float, Seconds]] = []
    number = last[-1] if last else -1
    while number >= 0:
        run.append(told[number])
        number = before[number]
    return run[::-1]
