"""Queries as people ask them, made from the corpus itself, so that each has something to find."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from benchmarks.search_corpus import SPEAKERS, Talk, talks
from trax.search.filters import Filters
from trax.search.words import words
from trax.timeline import Seconds

PHRASES = 200
LETTERS = "abcdefghijklmnopqrstuvwxyz"
STOP = frozenset((
    "the", "a", "an", "and", "or", "but", "of", "to", "in", "on", "at", "for", "with", "as", "is", "are", "was",
    "were", "be", "been", "it", "its", "this", "that", "these", "those", "i", "you", "he", "she", "we", "they",
    "not", "no", "do", "does", "did", "have", "has", "had", "will", "would", "can", "could", "should", "so", "if",
    "then", "there", "here", "what", "when", "which", "who", "how", "all", "any", "from", "by",
))  # fmt: skip
COMMON = (
    "people", "data", "really", "think", "going", "learning", "things", "know", "work", "make", "time", "good",
    "want", "kind",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in the ways of each system."""

    text: str  # words without syntax
    query: str  # as Trax takes it
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that were said, and where."""

    text: str
    title: str  # of the talk
    start: Seconds  # of the segment in which it begins
    end: Seconds
    crosses: bool  # the end of a segment


def questions(hours: int, count: int, seed: int = 1) -> dict[str, list[Question]]:
    """So many queries of each kind."""
    chance = random.Random(seed)
    heard = _some_talks(hours, chance)
    kinds: dict[str, Callable[[Talk, random.Random], Question]] = {
        "phrase": _phrase,
        "words": _words,
        "filtered": _filtered,
        "rare word": _rare_word,
        "common word": _common_word,
        "part of a text": _part,
        "mistyped": _mistyped,
    }
    return {kind: [make(chance.choice(heard), chance) for _ in range(count)] for kind, make in kinds.items()}


def phrases(hours: int, count: int = 3 * PHRASES, seed: int = 2) -> Iterator[Phrase]:
    """Phrases of 2 to 8 words; one in three runs over the end of a segment."""
    chance = random.Random(seed)
    heard = _some_talks(hours, chance)
    for number in range(count):
        yield _said(chance.choice(heard), chance, length=2 + number % 7, crosses=number % 3 == 0)


def _some_talks(hours: int, chance: random.Random) -> list[Talk]:
    wanted = set(chance.sample(range(hours), min(hours, 60)))
    return [talk for talk in talks(hours) if talk.number in wanted]


def _said(talk: Talk, chance: random.Random, *, length: int, crosses: bool) -> Phrase:
    segments = talk.transcript.segments
    while True:
        number = chance.randrange(len(segments) - 3)
        here = segments[number].text.split()
        if crosses:
            tail = chance.randint(1, min(length - 1, len(here)))
            following = " ".join(segment.text for segment in segments[number + 1 : number + 4]).split()
            said = here[len(here) - tail :] + following[: length - tail]
        else:
            if len(here) < length:
                continue
            first = chance.randint(0, len(here) - length)
            said = here[first : first + length]
        plain = " ".join(words(" ".join(said)))
        if len(plain.split()) == length:
            return Phrase(plain, f"{talk.title}.mp3", segments[number].start, segments[number].end, crosses)


def _phrase(talk: Talk, chance: random.Random) -> Question:
    text = _said(talk, chance, length=chance.randint(2, 4), crosses=False).text
    return Question(text, f'"{text}"')


def _telling(talk: Talk, chance: random.Random, count: int) -> list[str]:
    """Words of one place that say something."""
    segments = talk.transcript.segments
    while True:
        number = chance.randrange(len(segments) - 2)
        said = words(" ".join(segment.text for segment in segments[number : number + 2]))
        telling = [word for word in dict.fromkeys(said) if len(word) > 3 and word not in STOP and "'" not in word]
        if len(telling) >= count:
            return chance.sample(telling, count)


def _words(talk: Talk, chance: random.Random) -> Question:
    text = " ".join(_telling(talk, chance, chance.randint(2, 3)))
    return Question(text, text)


def _filtered(talk: Talk, chance: random.Random) -> Question:
    asked = _words(talk, chance)
    filters = Filters(speaker=chance.choice(SPEAKERS), min_confidence=0.7, since=date(2020 + chance.randrange(4), 1, 1))
    return Question(asked.text, asked.query, filters)


def _rare_word(talk: Talk, chance: random.Random) -> Question:
    rare = [word for word in words(talk.transcript.text) if "q" in word and len(word) > 6]
    text = chance.choice(rare) if rare else "xylophone"
    return Question(text, text)


def _common_word(_: Talk, chance: random.Random) -> Question:
    text = chance.choice(COMMON)
    return Question(text, text)


def _part(talk: Talk, chance: random.Random) -> Question:
    said = chance.choice([segment.text for segment in talk.transcript.segments if len(segment.text) > 40])
    first = chance.randrange(len(said) - 14)
    text = " ".join(said[first : first + 14].split())
    return Question(text, text)


def _mistyped(talk: Talk, chance: random.Random) -> Question:
    while True:
        (word,) = _telling(talk, chance, 1)
        if len(word) >= 7 and word.isalpha():
            break
    place = chance.randrange(1, len(word) - 1)
    slips = (
        word[:place] + word[place + 1 :],
        word[:place] + chance.choice(LETTERS) + word[place:],
        word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :],
    )
    text = chance.choice(slips)
    return Question(text, text)
