"""How sure it is that a word is right, and how right a transcript is: what models say, put straight by measurement.

A model's probability of a word is no rate of success. How many of such words are right tells a logistic regression on
the word, its neighbours, and the whole segment: `benchmarks/calibration.py` fits the numbers on one half of the readers
and measures on the other, and `docs/confidence.md` has the tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Final

from trax.transcript import Segment, Transcript

# Of the log odds of the word's own probability, those of the words before and behind it, and the mean log probability
OWN: Final = 0.641
BEFORE: Final = 0.028
BEHIND: Final = 0.289
SEGMENT: Final = 1.874
OFFSET: Final = 0.731
# Of what is not there no word can tell: how the mean of all words becomes a share of right words, with those left out
ACCURACY_SLOPE: Final = 1.147
ACCURACY_OFFSET: Final = -0.420

SUREST: Final = 0.998  # probabilities beyond this say no more
LOWEST_LOGPROB: Final = -2.0


def word_confidences(transcript: Transcript) -> tuple[float, ...]:
    """Of each word, in order, how likely it is right, 0..1."""
    return tuple(chain.from_iterable(map(segment_confidences, transcript.segments)))


def segment_confidences(segment: Segment) -> tuple[float, ...]:
    """Of each word of one segment."""
    return tuple(
        _share(OWN * own + BEFORE * before + BEHIND * behind + SEGMENT * logprob + OFFSET)
        for own, before, behind, logprob in features(segment)
    )


def features(segment: Segment) -> Iterator[tuple[float, float, float, float]]:
    """What is known of each word, in the order of the weights; at an end of the segment a word is its own neighbour."""
    odds = [_odds(word.probability) for word in segment.words]
    logprob = min(0.0, max(LOWEST_LOGPROB, segment.avg_logprob))
    for place, own in enumerate(odds):
        yield own, odds[max(0, place - 1)], odds[min(place + 1, len(odds) - 1)], logprob


def mean_confidence(transcript: Transcript) -> float | None:
    """Of all words, 0..1; None where nothing was said."""
    confidences = word_confidences(transcript)
    return sum(confidences) / len(confidences) if confidences else None


def estimate_accuracy(transcript: Transcript) -> float | None:
    """Expected 1 - WER, 0..1; None where nothing was said."""
    confidence = mean_confidence(transcript)
    return None if confidence is None else _share(ACCURACY_SLOPE * _odds(confidence) + ACCURACY_OFFSET)


def _odds(probability: float) -> float:
    clipped = min(SUREST, max(1 - SUREST, probability))
    return math.log(clipped / (1 - clipped))


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
