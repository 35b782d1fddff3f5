"""Words in a row as one person says them: turns alone put single words astray, and changes beside a sentence's end.

Each word has a price for each speaker, by how much they are heard around it, and each change of speaker has a price by
what it stands between: little at the end of a sentence, much within one. The cheapest row of speakers wins (Viterbi).
So a word deep in a turn stays there, and what lies at the border of a turn goes where its sentence goes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trax.diarization.spans import Scene
from trax.timeline import Interval, Seconds

Prices = dict[str, float]  # by speaker

AROUND: Seconds = 0.15  # before and after a word: so far are the times of words and turns mostly wrong
UNHEARD = 0.02  # share of a speaker who isn't heard around a word: a single word outweighs no two changes
ELSEWHERE = 1.0  # price of a word that nobody is heard around, for all but the one it was given to
HEARD = 0.6  # weight of time in which somebody else is heard better
WITHIN = 1.9  # price of a change within a sentence,
PAUSED = 1.2  # after a pause,
ENDED = 0.1  # and after a sentence or a long pause
PAUSE: Seconds = 0.15
LONG_PAUSE: Seconds = 0.5
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।", "։", "።", "-", "—", "–")  # or broken off
_CLOSING = "\"')]}”’»」』）"


@dataclass(frozen=True, slots=True)
class Placed:
    """A word whose time is known, and whose it is by the turns alone."""

    time: Interval
    text: str
    speaker: str


def smoothed(words: Sequence[Placed], scene: Scene) -> list[str]:
    """The speaker of each word, in reading order."""
    if not words:
        return []
    labels = sorted({turn.speaker for turn in scene.turns})
    total = _prices(words[0], labels, scene)
    ways: list[Mapping[str, str]] = []  # for each word but the first, who speaks before it, by who speaks it
    for before, word in pairwise(words):
        cheapest, change = min(labels, key=total.__getitem__), _price_of_change(before, word)
        stays = {label: total[label] <= total[cheapest] + change for label in labels}
        ways.append({label: label if stays[label] else cheapest for label in labels})
        prices = _prices(word, labels, scene)
        total = {
            label: prices[label] + (total[label] if stays[label] else total[cheapest] + change) for label in labels
        }
    return _traced(min(labels, key=total.__getitem__), ways)


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends with that word, or is broken off."""
    return text.rstrip().rstrip(_CLOSING).endswith(SENTENCE_ENDS)


def _prices(word: Placed, labels: Sequence[str], scene: Scene) -> Prices:
    around = Interval(word.time.start - AROUND, word.time.end + AROUND)
    best, heard = scene.best(around), scene.all(around)
    seconds = {label: (1 - HEARD) * best.get(label, 0.0) + HEARD * heard.get(label, 0.0) for label in labels}
    spoken = sum(seconds.values())
    if not spoken:
        return {label: 0.0 if label == word.speaker else ELSEWHERE for label in labels}
    return {label: -math.log((seconds[label] / spoken + UNHEARD) / (1 + UNHEARD)) for label in labels}


def _price_of_change(before: Placed, after: Placed) -> float:
    pause = after.time.start - before.time.end
    if ends_sentence(before.text) or pause >= LONG_PAUSE:
        return ENDED
    return PAUSED if pause >= PAUSE else WITHIN


def _traced(last: str, ways: Sequence[Mapping[str, str]]) -> list[str]:
    speakers = [last]
    for way in reversed(ways):
        speakers.append(way[speakers[-1]])
    return speakers[::-1]
