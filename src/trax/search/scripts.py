"""Scripts that put no spaces between words: what is searched for there are pairs of neighbouring characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trax.search.points import has_points, without_points

# Thai and Lao, Myanmar, Khmer, Han with its marks of repetition, Kana, Bopomofo.
_BLOCKS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0eff"
    "\u1000-\u1049\u1050-\u109f\ua9e0-\ua9fe\uaa60-\uaa7f"
    "\u1780-\u17d3\u17d7\u17dc-\u17e9"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001aff0-\U0001b16f\U00020000-\U000323af"
)
_RUN = re.compile(f"[{_BLOCKS}]+")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb]")


def is_unspaced(char: str) -> bool:
    """Whether the character belongs to a script without spaces between words."""
    return _RUN.match(char) is not None


def has_unspaced(text: str) -> bool:
    """Whether any character of the text belongs to such a script."""
    return not text.isascii() and _RUN.search(text) is not None


def has_hangul(text: str) -> bool:
    """Whether there is Korean in the text: spaces, but endings that stick to the words."""
    return not text.isascii() and _HANGUL.search(text) is not None


def units(run: str) -> list[str]:
    """The characters as they are written: each with the vowels and tones above and below it."""
    found: list[str] = []
    for char in run:
        if not unicodedata.category(char).startswith("M"):
            found.append(char)
        elif found:  # a mark that stands alone is nothing that PostgreSQL takes for a word
            found[-1] += char
    return found


def bigrams(run: str) -> str:
    """The pairs of neighbouring characters and, last, the last character alone: so each one begins a word."""
    characters = units(run)
    return " ".join([*(first + second for first, second in pairwise(characters)), *characters[-1:]])


def spread(text: str) -> str:
    """The text with each run of such a script as bigrams, and spaces around it."""
    return _RUN.sub(lambda run: f" {bigrams(run[0])} ", text)


def search_text(parts: Sequence[str]) -> str | None:
    """What is indexed for texts that follow each other; None: the texts as they are, joined by spaces."""
    if not any(has_unspaced(part) or has_points(part) for part in parts):
        return None
    return " ".join(spread(without_points("".join(_joined(parts)))).split())


def _joined(parts: Sequence[str]) -> Iterator[str]:
    """The parts with a space between two, unless a sentence may go on there without one."""
    before = ""
    for part in filter(None, parts):
        if before and not (is_unspaced(before) and is_unspaced(part[0])):
            yield " "
        yield part
        before = part[-1]
