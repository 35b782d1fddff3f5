"""Talk that nobody has talked: hours of transcripts whose words follow each other as they do in real text.

Pairs of words come from the podcast transcripts of the test data and from Python's own documentation; one word in a
hundred is a rare one, made up, so that there are as many different words as in a large archive. The same seed gives
the same corpus. It is good for times and for finding phrases again, not for judging what a person would find relevant.
"""

from __future__ import annotations

import pydoc_data.topics
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import DATA
from trax.transcript import Segment, Transcript, Word

WORDS_AN_HOUR = 10_000
WORDS_A_SECOND = WORDS_AN_HOUR / 3600
RARE_WORDS = 300_000
RARE = 0.01  # share of all words
SHORTEST, LONGEST = 4, 24  # words of a segment
SPEAKERS = ("Ada Novak", "Ben Okafor", "Chloe Martin", "Dimitri Sokolov", "Emi Tanaka", "Farid Haddad")
SYLLABLES = (
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi", "yo",
    "zu", "bra", "cle", "dri", "flo", "gru", "ple", "sta", "tri", "vor", "wen",
)  # fmt: skip

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Talk:
    """One recording of an hour or so."""

    number: int
    title: str
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Language:
    """Words, and which of them follow which."""

    words: list[str]  # the rare ones last
    text: Numbers  # real text, as places in `words`
    after: Numbers  # for each word in turn, the places in `text` that follow one of its places
    first: Numbers  # where in `after` a word's places begin, and the end

    @property
    def common(self) -> int:
        """Number of words that real text has."""
        return len(self.words) - RARE_WORDS


def language() -> Language:
    """The words of real text in their order, and rare ones."""
    spoken = [path.read_text("utf-8") for path in sorted((DATA / "transcripts" / "podcast").glob("*.md"))]
    found = re.findall(r"[A-Za-z']+[.,?!]?", " ".join([*spoken, *pydoc_data.topics.topics.values()]))
    known: dict[str, int] = {}
    text = np.array([known.setdefault(word, len(known)) for word in found], dtype=np.int64)
    following = np.roll(np.arange(len(text)), -1)
    order = np.argsort(text, kind="stable")
    first = np.searchsorted(text[order], np.arange(len(known) + 1))
    return Language([*known, *_rare()], text, following[order], first)


def talks(hours: int, seed: int = 6) -> Iterator[Talk]:
    """So many recordings, 100 at a time."""
    spoken = language()
    chance = np.random.default_rng(seed)
    for begun in range(0, hours, 100):
        count = min(100, hours - begun)
        # Lengths as in an archive: most around an hour, some far longer.
        lengths = np.clip(chance.lognormal(np.log(WORDS_AN_HOUR) - 0.08, 0.4, count), 500, 10 * WORDS_AN_HOUR)
        said = _walk(spoken, count, int(lengths.max()), chance)
        for row, length in enumerate(lengths.astype(int)):
            number = begun + row
            words = [spoken.words[place] for place in said[row, :length]]
            yield Talk(number, f"Talk {number:05} on {words[0]} and {words[7]}", _transcript(words, chance))


def _rare() -> list[str]:
    """Words that no text has, all different."""
    return [_rare_word(number) for number in range(RARE_WORDS)]


def _rare_word(number: int) -> str:
    base = len(SYLLABLES)
    syllables = (SYLLABLES[number // base**power % base] for power in range(3))
    return "".join(syllables) + "q" * (number // base**3) + SYLLABLES[7 * number % base]


def _walk(spoken: Language, rows: int, length: int, chance: np.random.Generator) -> Numbers:
    """Rows of words, each a walk from word to word."""
    said = np.empty((rows, length), dtype=np.int64)
    place = chance.integers(0, len(spoken.text), rows)
    for column in range(length):
        word = spoken.text[place]
        said[:, column] = word
        low, high = spoken.first[word], spoken.first[word + 1]
        place = spoken.after[low + (chance.random(rows) * (high - low)).astype(np.int64)]
    rare = chance.random(said.shape) < RARE
    # Zipf: the first of the rare words are not that rare
    ranks = np.exp(chance.random(int(rare.sum())) * np.log(RARE_WORDS)).astype(np.int64) - 1
    said[rare] = spoken.common + np.clip(ranks, 0, RARE_WORDS - 1)
    return said


def _transcript(words: list[str], chance: np.random.Generator) -> Transcript:
    voices = chance.choice(len(SPEAKERS), size=2, replace=False)
    segments, place, clock = [], 0, 0.0
    lengths = chance.integers(SHORTEST, LONGEST, len(words) // SHORTEST + 1)
    sure = chance.beta(9, 1.2, len(lengths))
    turns = chance.random(len(lengths)) < 0.12
    voice = 0
    for length, probability, turn in zip(lengths, sure, turns, strict=True):
        part = words[place : place + int(length)]
        if not part:
            break
        voice ^= int(turn)
        end = clock + len(part) / WORDS_A_SECOND
        text = " ".join(part)
        heard = (Word(clock, end, f" {text}", float(probability)),)  # one for all: only its probability matters here
        segments.append(Segment(clock, end, text, heard, speaker=SPEAKERS[voices[voice]]))
        place, clock = place + len(part), end
    return Transcript("en", clock, tuple(segments))
