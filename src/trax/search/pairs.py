"""Words that follow each other, as numbers: what finds exact phrases of words that are said all the time.

An index of words has no stop words, and of a common word a hundred thousand places. Of two words in this order there
are few: "state of" is found by its number, and then compared letter by letter, as other pairs may have the same one.
Two long words have no number: few of them are said all the time, and an index of words finds those.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

from trax.search.scripts import spread
from trax.search.words import words

_ASCII_WORDS = re.compile(r"[a-z0-9']+")
LONG = 7  # letters: few words that are said all the time have so many
_SIGNED = 2**31  # PostgreSQL's integers have a sign


def pairs(following: Sequence[str]) -> list[int]:
    """A number for each two words that follow each other, of which one is short; each number once."""
    return sorted(
        {
            zlib.crc32(f"{first} {second}".encode()) - _SIGNED
            for first, second in pairwise(following)
            if len(first) < LONG or len(second) < LONG
        }
    )


def pairs_in(text: str) -> list[int]:
    """The numbers of a text's pairs."""
    return pairs(_words(text))


def _words(text: str) -> list[str]:
    """As `words`, and ten times as fast for most texts."""
    if not text.isascii():
        return words(spread(text))  # a word ends where a script without spaces begins
    stripped = (word.strip("'") for word in _ASCII_WORDS.findall(text.lower()))
    return [word for word in stripped if word]
