"""Words found letter by letter, where an index knows only their stems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from trax.search.points import POINTS, points_after
from trax.search.query import Leaf, Query
from trax.search.scripts import has_hangul, has_unspaced, is_unspaced, units
from trax.search.words import folded

Span = tuple[int, int]

# No class of characters here depends on PostgreSQL's locale but \w, and that only beside letters that aren't Latin.
_LATIN = r"0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_IS_LATIN = re.compile(f"[{_LATIN}]")
# inside words, although they are no letters
_MARKS = rf"\u0300-\u036f{POINTS}\u07a6-\u07b0\u07eb-\u07f3\u0900-\u0963\u0966-\u0dff"
_BETWEEN = r"[\W_]+"
_REST = rf"[\w{_MARKS}]*"


def pattern(leaf: Leaf) -> str:
    """A regular expression, for Python and PostgreSQL alike, that finds these words whatever stands between them.

    It is to be used without regard to case, and what it finds begins and ends with the words.
    """
    pieces = list(_runs(leaf.words)) if leaf.kind == "unspaced" else list(leaf.words)
    found = _edge(pieces[0][0], before=True) + _piece(pieces[0])
    for before, piece in pairwise(pieces):
        touching = has_unspaced(before) or has_unspaced(piece)
        found += (r"[\W_]*" if touching else _rest(before) + _BETWEEN) + _piece(piece)
    if leaf.kind != "unspaced" and leaf.prefix:
        return found + _REST
    return found + (_rest(pieces[-1]) or _edge(pieces[-1][-1], before=False))


def matches(query: Query, text: str) -> list[Span]:
    """Where the text has what is wanted, in its very words: spans in order, none over another."""
    plain = folded(text)
    patterns = dict.fromkeys(map(pattern, query.positive))
    spans = [found.span() for one in patterns for found in re.finditer(one, plain, re.IGNORECASE)]
    if spans and plain != text:
        places = _places(text)
        spans = [(places[start][0], places[end - 1][1]) for start, end in spans]
    return joined(spans)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The spans in their order; those that overlap are one."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def _runs(found: Sequence[str]) -> Iterator[str]:
    """The words of an unspaced leaf before their runs became pairs."""
    run = ""
    for word in found:
        if not has_unspaced(word):
            yield from filter(None, (run, word))
            run = ""
        elif len(units(word)) > 1:
            run = run + units(word)[-1] if run else word
        else:  # the last character of a run is there alone; so is a run of one
            yield run or word
            run = ""
    yield from filter(None, (run,))


def _piece(word: str) -> str:
    """One word, or a run of a script without spaces, which may go on in the next segment."""
    if has_unspaced(word):
        return " ?".join(units(word))
    return "".join(_ALIKE.get(char, char) + points_after(char) for char in word)


_ALIKE = {"'": "['\u2018\u2019\u02bc]", "\u03c3": "[\u03c3\u03c2]", "\u03c2": "[\u03c3\u03c2]"}


def _rest(word: str) -> str:
    """What may stick to a word: the endings of Korean."""
    return _REST if has_hangul(word) else ""


def _edge(char: str, *, before: bool) -> str:
    """That no word goes on there. Latin words end where another script begins: 生成AI技術 has AI."""
    if is_unspaced(char):
        return ""
    around = f"[{_LATIN}]" if _IS_LATIN.match(char) else rf"[^\W_]|[{_MARKS}]"
    return f"(?<!{around})" if before else f"(?!{around})"


def _places(text: str) -> list[Span]:
    """For each character of the text as it is indexed, where it was."""
    return [(start, end) for start, end in _clusters(text) for _ in folded(text[start:end])]


def _clusters(text: str) -> Iterator[Span]:
    """Characters that are folded together, as a letter and its accent."""
    start = 0
    for place in range(1, len(text)):
        if not unicodedata.combining(text[place]) and _is_apart(text[start:place], text[place]):
            yield start, place
            start = place
    if text:
        yield start, len(text)


def _is_apart(before: str, char: str) -> bool:
    return folded(before + char) == folded(before) + folded(char)
