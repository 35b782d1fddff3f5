"""Names and terms that a recording is known to have: which of them may have been misheard, and whether they were."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from trax.enhancement.values import Edit, Hints
from trax.enhancement.words import alike, letters
from trax.passes.hearings import FIRST, Candidate, Hearing, Span
from trax.passes.spans import spans
from trax.transcript import Word

KNOWN: Final = "a name that is known"
SURE: Final = 0.8  # a word that is surer was not misheard
LIKE: Final = 0.5  # how alike a word and a name are that may be the same, where the name was heard
LIKELY: Final = 0.6  # and where it wasn't yet
MOST: Final = 20  # names that a window is told of
SHORTEST: Final = 3  # letters
_NAME: Final = re.compile(r"(?<![.!?] )(?<!^)\b[A-ZÀ-Þ][\w'’-]{2,}(?: [A-ZÀ-Þ][\w'’-]{2,})*", re.M)
_WORD: Final = re.compile(r"[A-ZÀ-Þ][\w'’-]{2,}")


def names_of(hints: Hints, glossary: Sequence[str]) -> tuple[str, ...]:
    """The glossary, then what has a capital in the title, in the channel, and within sentences of the description."""
    found = [*glossary]
    for text in (hints.title, hints.channel):
        found += _WORD.findall(text)
    found += _NAME.findall(hints.description)
    return tuple(dict.fromkeys(name for name in found if len(letters(name)) >= SHORTEST))


def possible(words: Sequence[Word], names: Sequence[str]) -> tuple[str, ...]:
    """The names that one or two unsure words in a row may have been, the likeliest first."""
    unsure = [letters(word.text) for word in words if word.probability < SURE]
    unsure += [
        letters(one.text) + letters(other.text)
        for one, other in pairwise(words)
        if min(one.probability, other.probability) < SURE
    ]
    said = {letters(word.text) for word in words}
    scored = [(max((_alike(one, name) for one in unsure), default=0.0), name) for name in names]
    likely = sorted(((score, name) for score, name in scored if score >= LIKELY), key=lambda one: -one[0])
    return tuple(name for _, name in likely if letters(name) not in said)[:MOST]


def prompt_of(names: Sequence[str]) -> str:
    """What Whisper is told before it listens."""
    return f"Glossary: {', '.join(names)}."


def heard_names(words: Sequence[Word], named: Hearing, names: Sequence[str]) -> Iterator[tuple[Span, Candidate]]:
    """Spans in which the hearing that was told of the names has one of them, where something like it stood."""
    terms = {letters(word) for name in names for word in name.split()}
    for span in spans(words, [named]):
        best = [one for one in span.candidates[1:] if one.words and one.support[named.role].is_best]
        if best and span.start < span.end and _is_name(span, best[0], terms):
            yield span, best[0]


def edit_of(span: Span, candidate: Candidate) -> Edit:
    """The change as those who let the sound decide know it."""
    before = " ".join(span.candidates[0].texts)
    return Edit(f"{FIRST}{span.start}", 0, span.start, span.end, before, " ".join(candidate.texts), "name")


def _is_name(span: Span, candidate: Candidate, terms: set[str]) -> bool:
    """Whether all that is new are words of names, and they sound like what stood there."""
    old = {letters(text) for text in span.candidates[0].texts}
    new = {_bare(text, terms) for text in candidate.texts} - old
    return bool(new) and new <= terms and alike(span.candidates[0].key, candidate.key) >= LIKE


def _bare(text: str, terms: set[str]) -> str:
    """The letters of a word, without an s that belongs to it."""
    found = letters(text)
    return found[:-1] if found not in terms and found.endswith("s") and found[:-1] in terms else found


def _alike(one: str, name: str) -> float:
    parts = [letters(part) for part in name.split()]
    return max(alike(one, part) for part in ("".join(parts), *(part for part in parts if len(part) > SHORTEST)))
