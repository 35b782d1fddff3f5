"""What turns alone get wrong about words: words that stray to another speaker, and changes that come too early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from trax.diarization.spans import Scene
from trax.timeline import Interval, Seconds

ISLAND_WORDS = 2
ISLAND: Seconds = 0.6  # words of one speaker amid those of another: shorter ones are taken for mistakes
APART: Seconds = 0.5  # a pause that makes what lies between two of them an utterance of its own
ALONE = 0.5  # share of a turn in which nobody else speaks, for it to count against a mistake
REACH_WORDS = 2
REACH: Seconds = 0.4  # how far the times of turns and words may be wrong
PAUSE: Seconds = 0.15  # a change moves to a pause that is at least so long,
LONGER: Seconds = 0.1  # and so much longer than the one where it is
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।", "։", "።", "-", "—", "–")  # or broken off
_CLOSING = "\"')]}”’»」』）"


@dataclass(frozen=True, slots=True)
class Placed:
    """A word whose time is known, and whose it is by the turns alone."""

    time: Interval
    text: str
    speaker: str


@dataclass(frozen=True, slots=True)
class _Run:
    """Words in a row that one person speaks: `first` to before `after`."""

    first: int
    after: int
    speaker: str


def smoothed(words: Sequence[Placed], scene: Scene) -> list[str]:
    """The speaker of each word, in reading order; nobody who isn't a speaker of a word nearby."""
    speakers = _without_islands(words, scene)
    return _snapped(words, speakers, scene)


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with that word, or is broken off."""
    return text.rstrip().rstrip(_CLOSING).endswith(SENTENCE_ENDS)


def _runs(speakers: Sequence[str]) -> list[_Run]:
    changes = [0, *(place for place in range(1, len(speakers)) if speakers[place] != speakers[place - 1])]
    if not speakers:
        return []
    return [_Run(first, after, speakers[first]) for first, after in pairwise([*changes, len(speakers)])]


def _without_islands(words: Sequence[Placed], scene: Scene) -> list[str]:
    speakers = [word.speaker for word in words]
    runs = _runs(speakers)
    for before, island, after in zip(runs, runs[1:], runs[2:], strict=False):
        if before.speaker == after.speaker and _is_mistake(words, island, scene):
            speakers[island.first : island.after] = [before.speaker] * (island.after - island.first)
    return speakers


def _is_mistake(words: Sequence[Placed], island: _Run, scene: Scene) -> bool:
    first, last = words[island.first], words[island.after - 1]
    start, end = first.time.start, max(first.time.end, last.time.end)
    if island.after - island.first > ISLAND_WORDS or end - start >= ISLAND:
        return False
    if _parts(words, island.first) and _parts(words, island.after):
        return False
    return not any(
        turn.speaker == island.speaker
        and turn.interval.duration >= ISLAND
        and scene.seconds_together(turn.interval) <= (1 - ALONE) * turn.interval.duration
        for turn in scene.during(Interval(start, end))
    )


def _parts(words: Sequence[Placed], place: int) -> bool:
    """Whether what is said before a word and with it are two utterances."""
    return ends_sentence(words[place - 1].text) or _pause(words, place) >= APART


def _pause(words: Sequence[Placed], place: int) -> Seconds:
    return words[place].time.start - words[place - 1].time.end


def _snapped(words: Sequence[Placed], speakers: Sequence[str], scene: Scene) -> list[str]:
    """Each change where a sentence ends or a pause is, if that is near; everybody keeps a word at least."""
    snapped = list(speakers)
    earliest = 0  # where the run before the change begins by now
    for before, after in pairwise(_runs(speakers)):
        change = _Change(words, after.first, before.speaker, after.speaker, scene)
        place = change.best(range(earliest + 1, after.after))
        for word in range(min(place, after.first), max(place, after.first)):
            snapped[word] = after.speaker if place < after.first else before.speaker
        earliest = place
    return snapped


class _Change:
    """A change of speaker before the word at `place`."""

    def __init__(self, words: Sequence[Placed], place: int, before: str, after: str, scene: Scene) -> None:
        self._words, self._place = words, place
        last, first = words[place - 1].time, words[place].time
        turns = scene.during(Interval(last.start, max(last.start, first.end)))
        ends = (turn.end for turn in turns if turn.speaker == before and turn.start < last.end)
        starts = (turn.start for turn in turns if turn.speaker == after and turn.end > first.start)
        self._end = max(ends, default=last.end)
        self._start = min(starts, default=first.start)

    def best(self, allowed: range) -> int:
        """The word before which the change is made."""
        if ends_sentence(self._words[self._place - 1].text):
            return self._place
        nearest = sorted((place for place in allowed if self._is_near(place)), key=lambda p: abs(p - self._place))
        for place in nearest:
            if ends_sentence(self._words[place - 1].text):
                return place
        longest = max(nearest, key=lambda place: _pause(self._words, place), default=self._place)
        pause = _pause(self._words, longest)
        worth = pause >= PAUSE and pause >= _pause(self._words, self._place) + LONGER
        return longest if worth else self._place

    def _is_near(self, place: int) -> bool:
        """Whether all that a change there takes from one speaker's turn is within reach of its border."""
        if abs(place - self._place) > REACH_WORDS:
            return False
        if place < self._place:
            return self._end - self._words[place].time.start <= REACH
        return place == self._place or self._words[place - 1].time.end - self._start <= REACH
