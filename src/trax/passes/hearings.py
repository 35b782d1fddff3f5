"""What is known of one stretch of sound from hearing it more than once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from trax.enhancement.words import letters
from trax.transcript import Word
from trax.transcription.transcriber import Reading

# again: the first model, with the noise turned down; second: another model; second again: it, with less noise, too
# named: the first model, which was told of names
Role = Literal["again", "second", "second again", "named"]
FIRST: Final = "first"  # of the hearing that the transcript comes from
SHARPNESS: Final = 0.5  # of a reading's probability: log probabilities of whole texts are far too sure
LEAST_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one hearing made of the stretch."""

    role: Role
    words: tuple[Word, ...]  # the best reading, on the media's time axis
    readings: tuple[Reading, ...] = ()  # it and the next best


@dataclass(frozen=True, slots=True)
class Voice:
    """One reading as it has its say: each hearing has several, whose shares are 1 together."""

    role: str
    texts: tuple[str, ...]
    share: float
    words: tuple[Word, ...] = ()  # of the best reading of a hearing


@dataclass(frozen=True, slots=True)
class Support:
    """What a hearing says for a text in a span."""

    share: float = 0.0
    is_best: bool = False
    mean: float = 0.5  # of the words' probabilities, where it is the best
    mean_log: float = -0.5


NO_SUPPORT: Final = Support()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that may stand in a span."""

    texts: tuple[str, ...]
    support: Mapping[str, Support] = field(default_factory=dict)  # by role
    words: tuple[Word, ...] = ()  # with times, where a hearing has it as its best

    @property
    def key(self) -> str:
        return key_of(self.texts)


@dataclass(frozen=True, slots=True)
class Span:
    """Words of the transcript, half open, for which at least one hearing has others; the first candidate is they."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]


def voices(words: Sequence[Word], hearings: Sequence[Hearing]) -> list[Voice]:
    """The transcript's own words, then all readings of all hearings."""
    found = [Voice(FIRST, _texts(words), 1.0, tuple(words))]
    for hearing in hearings:
        found += _voices(hearing)
    return found


def _voices(hearing: Hearing) -> list[Voice]:
    best = _texts(hearing.words)
    shares = dict[str, float]()
    texts = dict[str, tuple[str, ...]]()
    for reading, share in zip(hearing.readings, _shares(hearing.readings), strict=True):
        split = tuple(text for text in reading.text.split() if comparable(text))
        shares[key_of(split)] = shares.get(key_of(split), 0.0) + share
        texts.setdefault(key_of(split), split)
    own = shares.pop(key_of(best), None)
    if own is None:  # what was found in a second look is in no reading
        own = shares.pop(next(iter(shares))) if shares else 1.0
    others = [Voice(hearing.role, texts[key], max(LEAST_SHARE, share)) for key, share in shares.items()]
    return [Voice(hearing.role, best, max(LEAST_SHARE, own), hearing.words), *others]


def _shares(readings: Sequence[Reading]) -> list[float]:
    """What each is worth: a softmax of the mean log probability of a token, times the mean length."""
    if not readings:
        return []
    length = sum(reading.tokens for reading in readings) / len(readings)
    sums = [SHARPNESS * length * reading.logprob / max(1, reading.tokens) for reading in readings]
    odds = [math.exp(one - max(sums)) for one in sums]
    return [one / sum(odds) for one in odds]


def _texts(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word.text.strip() for word in words)


@lru_cache(maxsize=65536)
def comparable(text: str) -> str:
    """What two spellings of one word have in common; punctuation alone has its signs."""
    return letters(text) or text.strip()


def key_of(texts: Sequence[str]) -> str:
    """The same for texts that differ in punctuation, case and spaces alone."""
    return "".join(letters(text) for text in texts)
