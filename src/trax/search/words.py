"""Words as they are compared: the same for what was said and for what is searched for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain

from trax.search.points import without_points
from trax.search.scripts import has_unspaced, is_unspaced

TRANSLATED = "-/.@:_~%&+=#?<>\\"
"""Characters in which PostgreSQL's parser sees hosts, paths, tags and numbers where people say words."""

_TO_SPACES = str.maketrans(TRANSLATED, " " * len(TRANSLATED))
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\uff07", "'"))
_JOINERS = "\u200c\u200d"  # Persian and Hindi words have them inside
_MOST_TOKENS = 4  # for each word of a head: music notes and dashes between words cost nothing, but not without end
_LONGEST_TOKEN = 200  # characters
_INVISIBLE = "\u00ad\u200b\u2060\ufeff"
# Letters and digits that only look different: ligatures, Arabic forms, full and half width. Others stay as they are
# (NFKC makes m2 of m², and 101/2 of 10½), as this is also what is shown.
_ALIKE = re.compile(
    f"[{_INVISIBLE}\ufb00-\ufb06\ufb50-\ufbb1\ufe80-\ufefc\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f\uffa1-\uffdc]"
)


def plain(text: str) -> str:
    """The text with spaces for what only a parser of addresses and numbers would see; of the same length."""
    return text.translate(_TO_SPACES)


def folded(text: str) -> str:
    """The text as it is indexed: letters that look alike are the same, nothing else changes."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ALIKE.sub(_usual, text))


def _usual(found: re.Match[str]) -> str:
    return "" if found[0] in _INVISIBLE else unicodedata.normalize("NFKC", found[0])


def lowered(text: str) -> str:
    """The text in lower case as PostgreSQL makes it: one letter for each, wherever in a word it stands."""
    return "".join(map(str.lower, text.replace("\u0130", "i")))


def words(text: str) -> list[str]:
    """The words in the form in which they are compared: lower case, straight apostrophes, no vowel signs."""
    kept = "".join(
        char if _is_of_word(char) else " " for char in lowered(without_points(folded(text))).translate(_APOSTROPHES)
    )
    stripped = (word.strip(f"'{_JOINERS}") for word in kept.split())
    return [word for word in stripped if _is_said(word)]


def _is_of_word(char: str) -> bool:
    return char.isalnum() or char == "'" or char in _JOINERS or unicodedata.category(char).startswith("M")


def _is_said(token: str) -> bool:
    return any(map(str.isalnum, token))


def head(texts: Iterable[str], most: int) -> str:
    """The first words of texts that follow each other; two characters of a script without spaces count as one."""
    found: list[str] = []
    left = 2 * most
    for token in chain.from_iterable(map(str.split, texts)):
        known, cost = _measured(token[:_LONGEST_TOKEN], left)
        found.append(known)
        left -= cost
        if left <= 0 or len(found) == _MOST_TOKENS * most or len(token) > _LONGEST_TOKEN:
            break
    return " ".join(found)


def _measured(token: str, left: int) -> tuple[str, int]:
    """As much of what stands between spaces as is left of the head, and what it costs."""
    if not has_unspaced(token):
        return token, 2 if _is_said(token) else 0
    cost = 0
    for place, char in enumerate(token):
        if is_unspaced(char) and not unicodedata.category(char).startswith("M"):
            if cost == left:
                return token[:place], cost
            cost += 1
    return token, cost
