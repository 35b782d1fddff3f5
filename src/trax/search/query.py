"""Queries as people type them, after the habits of search engines.

machine learning         both words, in any form
"machine learning"       these very words in this order; an unclosed quote goes on to the end
this OR that, this|that  either; binds closer than the words beside it
-not, -"not this"        moments without it
learn*                   words that begin so
state-of-the-art         its words in this order, in any form
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from trax.errors import QueryError
from trax.search.scripts import has_hangul, has_unspaced, spread, units
from trax.search.words import folded, words

MOST_CHARACTERS = 1_000
MOST_LEAVES = 50
LONGEST_WORD = 200  # characters: PostgreSQL takes none of more than 2,046 bytes
SHORTEST_BEGINNING = 2  # letters before a *: nearly everything begins with one

Kind: TypeAlias = Literal["words", "unspaced", "hangul"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word, or words in this order."""

    words: tuple[str, ...]  # lower case; pairs of characters for a script without spaces
    exact: bool  # was in quotes: no other forms of the words
    prefix: bool  # the last word is only a beginning
    kind: Kind
    text: str  # as typed, quotes and * included

    @property
    def may_go_on(self) -> bool:
        """Whether it may begin in one segment of a transcript and end in another."""
        return len(self.words) > 1 or (self.kind == "unspaced" and len(units(self.words[0])) > 1)


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, of which any will do."""

    alternatives: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """All groups are wanted, and nothing of what is excluded."""

    groups: tuple[Group, ...]
    excluded: tuple[Leaf, ...] = ()

    @property
    def is_phrase(self) -> bool:
        """Whether it is one exact phrase and nothing else."""
        return len(self.positive) == 1 and self.positive[0].exact and not self.excluded

    @property
    def positive(self) -> tuple[Leaf, ...]:
        """Every leaf that is wanted."""
        return tuple(leaf for group in self.groups for leaf in group.alternatives)


def parse(text: str) -> Query:
    """What is asked for. Raises: QueryError: nothing that could be found, or too much at once."""
    _check_length(text)
    parts = [part for part in _parts(cleaned(text)) if part.leaf is not None or part.operator]
    groups, excluded = _grouped(parts)
    if len(excluded) + sum(len(group.alternatives) for group in groups) > MOST_LEAVES:
        raise QueryError(
            f"A query has at most {MOST_LEAVES} words and phrases.", "Search for the few words that matter most."
        )
    if not groups and excluded:
        raise QueryError("The query only says what is not wanted.", "Add a word that is.")
    if not groups:
        raise _no_word()
    return Query(tuple(dict.fromkeys(groups)), tuple(dict.fromkeys(excluded)))


def sentence(text: str) -> str:
    """The text as it stands, for a search by meaning alone. Raises: QueryError: no word, or too much at once."""
    _check_length(text)
    said = " ".join(cleaned(text).split())
    if not words(said):
        raise _no_word()
    return said


def wanted(text: str) -> str:
    """What a query asks for as a sentence: without what it excludes, quotes and asterisks."""
    typed = (part.leaf.text for part in _parts(cleaned(text)) if part.leaf is not None and not part.is_excluded)
    return " ".join(one.strip('"').rstrip("*") for one in typed)


def _check_length(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise QueryError(
            f"A query has at most {MOST_CHARACTERS:,} characters, and this one has {len(text):,}.",
            "Search for the few words that matter most.",
        )


def _no_word() -> QueryError:
    return QueryError("There is no word in the query.", "Give at least one letter or digit to search for.")


def cleaned(text: str) -> str:
    """The query without what is no text: control characters, halves of characters, quotes of word processors."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    visible = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in whole)
    return folded(visible).translate(_QUOTES).strip()


_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))

_PART = re.compile(
    r"""
    \s*(?:
        (?P<bar> \|[|\s]* )
      | (?P<minus> (?<!\S)-+ )? (?: "(?P<quoted>[^"]*)(?:"|$) | (?P<bare>[^\s"|]+) )
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between spaces, or in quotes."""

    leaf: Leaf | None  # None: nothing that could be searched for
    is_excluded: bool = False
    operator: Literal["", "|", "OR", "or", "AND"] = ""  # what it may mean between two words

    @property
    def is_wanted(self) -> bool:
        return self.leaf is not None and not self.is_excluded


def _parts(text: str) -> Iterator[_Part]:
    for found in _PART.finditer(text):
        if found["bar"]:
            yield _Part(None, operator="|")
        elif found["quoted"] is not None:
            yield _Part(_quoted(found["quoted"]), bool(found["minus"]))
        elif found["bare"]:
            yield _bare(found["bare"], is_excluded=bool(found["minus"]))


def _bare(typed: str, *, is_excluded: bool) -> _Part:
    leaf = _leaf(typed, exact=False)
    if is_excluded:
        return _Part(leaf, is_excluded=True)
    if typed in ("OR", "AND"):
        return _Part(leaf, operator="OR" if typed == "OR" else "AND")
    return _Part(leaf, operator="or" if typed.lower() == "or" else "")


def _quoted(typed: str) -> Leaf | None:
    return _leaf(" ".join(typed.split()), exact=True)


def _leaf(typed: str, *, exact: bool) -> Leaf | None:
    found = _comparable(typed)
    if not found:
        return None
    if len(max(found, key=len)) > LONGEST_WORD:
        raise QueryError(
            f"There is a word of more than {LONGEST_WORD} letters in the query.",
            "Search for its beginning instead, as in begin*.",
        )
    text = f'"{typed}"' if exact else typed
    if has_unspaced(typed):
        return Leaf(found, exact, _is_single(found[-1]), "unspaced", text)
    starred = typed.rstrip(")]}.,;:!?").endswith("*")
    if starred and len(found) == 1 and len(found[0]) < SHORTEST_BEGINNING:
        raise QueryError(
            f"Too many words begin with {found[0]!r}.", f"Give at least {SHORTEST_BEGINNING} letters before the *."
        )
    return Leaf(found, exact, starred, "hangul" if has_hangul(typed) else "words", text)


def _comparable(typed: str) -> tuple[str, ...]:
    """The words; where there are none between spaces, pairs of characters as in the index.

    The index has the last character of a run alone, too. A query goes without: the run may go on.
    """
    if not has_unspaced(typed):
        return tuple(words(typed))
    found = words(spread(typed))
    ends_open = len(found) > 1 and len(units(found[-2])) == 2 and found[-2].endswith(found[-1])
    return tuple(found[:-1] if ends_open and has_unspaced(found[-1]) else found)


def _is_single(word: str) -> bool:
    return has_unspaced(word) and len(units(word)) == 1


def _grouped(parts: Sequence[_Part]) -> tuple[list[Group], list[Leaf]]:
    groups: list[list[Leaf]] = []
    excluded: list[Leaf] = []
    is_joined = False  # the last thing was an operator
    for place, part in enumerate(parts):
        if _is_operator(parts, place):
            is_joined = part.operator != "AND"
            continue
        if part.leaf is None:
            continue
        if part.is_excluded:
            excluded.append(part.leaf)
        elif is_joined and groups:
            groups[-1].append(part.leaf)
        else:
            groups.append([part.leaf])
        is_joined = False
    return [Group(tuple(dict.fromkeys(group))) for group in groups], excluded


def _is_operator(parts: Sequence[_Part], place: int) -> bool:
    """Whether it joins what stands on both sides: elsewhere an or is a word, as gold is in French."""
    if not parts[place].operator or place == 0 or place + 1 == len(parts):
        return False
    return parts[place - 1].is_wanted and parts[place + 1].is_wanted
