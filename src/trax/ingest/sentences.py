"""Written text in sentences, none of them too long to be read at a glance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from trax.ingest.collected import joined

LONG: Final = 40  # words after which a comma ends a piece, too
LONGEST: Final = 60  # words of a piece
LONGEST_WORD: Final = 200  # characters; a script without spaces has no words to part at
_TITLES: Final = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "sr.", "jr.", "mme.", "hr.", "fr."})
_SHORT: Final = frozenset({"vs.", "no.", "etc.", "e.g.", "i.e.", "ph.d.", "u.s.", "u.k.", "inc.", "approx.", "z.b."})
_ENDS: Final = (".", "?", "!", "\u2026", "\u3002", "\uff1f", "\uff01", "\u061f", "\u0964")
_BREATHS: Final = (",", ";", ":", "\u3001", "\uff0c", "\u2013", "\u2014", "-")
_CLOSING: Final = "\"')]}\u201d\u2019\u00bb\u300d\u300f\uff09"
_WIDE_END: Final = re.compile("([\u3002\uff01\uff1f][\u300d\u300f\uff09\u201d]*)(?=\\S)")


def sentences(text: str) -> Iterator[str]:
    """The text sentence by sentence; a very long one in pieces."""
    words = [piece for word in _WIDE_END.sub(r"\1 ", text).split() for piece in _pieces(word)]
    begun = 0
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if _ends(word, following) or _is_long_enough(word, at + 1 - begun):
            yield joined(words[begun : at + 1])
            begun = at + 1
    if begun < len(words):
        yield joined(words[begun:])


def _pieces(word: str) -> Sequence[str]:
    if len(word) <= LONGEST_WORD:
        return (word,)
    return [word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD)]


def _ends(word: str, following: str) -> bool:
    bare = word.rstrip(_CLOSING)
    if not bare.endswith(_ENDS) or following[:1].islower():
        return False
    is_initial = len(bare) == 2 and bare[0].isupper()
    return not is_initial and bare.lstrip("\"'([\u201c\u2018").lower() not in _TITLES | _SHORT


def _is_long_enough(word: str, count: int) -> bool:
    return count >= LONGEST or (count >= LONG and word.endswith(_BREATHS))
