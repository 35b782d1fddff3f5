"""A query as PostgreSQL understands it: one tsquery for each text search configuration of the archive.

The server makes the tsquery of each leaf, as it knows the stop words and stems; here they are only put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.database.search_models import configuration
from trax.search.exact import pattern
from trax.search.pairs import pairs
from trax.search.passages import WORDS_AFTER_PASSAGE, WORDS_AFTER_SEGMENT
from trax.search.query import Group, Leaf, Query

FIRST_WORDS = 1 + WORDS_AFTER_SEGMENT  # of a phrase that the segment surely knows in which it begins
MOST_WORDS = 1 + WORDS_AFTER_PASSAGE  # of a phrase that are compared: those that a passage surely knows

Named = tuple[str, dict[str, Any]]  # a part of a statement, and the values of its parameters


@dataclass(frozen=True, slots=True)
class Check:
    """What is compared letter by letter, as stems can't tell: any of the patterns, or the tsquery beside them."""

    pattern: str
    beside: Mapping[str, str] | None = None  # configuration → tsquery of alternatives that needn't be exact


@dataclass(frozen=True, slots=True)
class Terms:
    """A query in the terms of this archive."""

    whole: Mapping[str, str]  # configuration → tsquery; without those in which nothing is left of it
    wanted: Mapping[str, str]  # the same without what is excluded, by which is ranked
    anything: Mapping[str, str]  # configuration → tsquery of any wanted leaf: what a moment has to have
    excluded: Mapping[str, str]  # configuration → tsquery of any leaf that is forbidden in all its forms
    single: Mapping[str, str]  # configuration → tsquery of the words that stand alone, to be marked
    languages: Mapping[str, tuple[str, ...]]  # configuration → languages of the archive
    checks: tuple[Check, ...]
    forbidden: tuple[str, ...]  # patterns of what is excluded, so far as no tsquery does it
    places: str  # pattern of any wanted leaf
    exact_places: str | None  # pattern of any that has to be there exactly

    @property
    def is_everywhere(self) -> bool:
        """Whether each language of the archive has words of its own for the query, and not only stop words."""
        return len(self.whole) == len(self.languages)

    def query(self, alias: str, which: str) -> Named:
        """The tsquery for a row of any language of the archive."""
        queries: Mapping[str, str] = getattr(self, which)
        return self.tsquery(alias, queries, which)

    def tsquery(self, alias: str, queries: Mapping[str, str], name: str) -> Named:
        """The one of the queries that is in the row's language."""
        if len(set(queries.values())) == 1 and len(queries) == len(self.languages):
            return f"CAST(:{name} AS tsquery)", {name: next(iter(queries.values()))}
        arms, values = [], {}
        for number, (configured, query) in enumerate(queries.items()):
            arms.append(f"WHEN {alias}.language = ANY(:{name}_for_{number}) THEN CAST(:{name}_{number} AS tsquery)")
            values.update({f"{name}_for_{number}": list(self.languages[configured]), f"{name}_{number}": query})
        return (f"(CASE {' '.join(arms)} END)", values) if arms else ("CAST(NULL AS tsquery)", {})

    def matches(self, alias: str, which: str = "whole") -> Named:
        """The condition that a row's words are those, in a form that its index can answer."""
        queries: Mapping[str, str] = getattr(self, which)
        of_row, values = self.query(alias, which)
        if of_row.startswith("CAST"):
            return f"{alias}.tsv @@ {of_row}", values
        any_language = " | ".join(f"({query})" for query in dict.fromkeys(queries.values()))
        condition = f"{alias}.tsv @@ CAST(:{which}_any AS tsquery) AND {alias}.tsv @@ {of_row}"
        return condition, {**values, f"{which}_any": any_language}


def terms(session: Session, query: Query, languages: Sequence[str]) -> Terms:
    """The query in the terms of an archive in these languages."""
    configured = _by_configuration(languages)
    query, begun = within_a_passage(query), within_a_segment(query)
    moments = begun.positive
    leaves = _tsqueries(session, list(configured), [*query.positive, *moments, *query.excluded])
    compared = [pattern(leaf) for leaf in moments if leaf.exact]
    wanted = _wanted(query, configured, leaves)
    silent = len(wanted) < len(configured)
    return Terms(
        whole=_whole(wanted, query.excluded, leaves),
        wanted=wanted,
        anything=_any_of(moments, configured, leaves),
        excluded=_any_of([leaf for leaf in query.excluded if not leaf.exact], configured, leaves),
        single=_any_of([leaf for leaf in moments if _stands_alone(leaf)], configured, leaves),
        languages=configured,
        checks=tuple(_checks(query, configured, leaves)),
        forbidden=tuple(pattern(leaf) for leaf in query.excluded if silent or _is_compared(leaf, configured, leaves)),
        places=either(map(pattern, moments)),
        exact_places=either(compared) if compared else None,
    )


def either(patterns: Iterable[str]) -> str:
    """One pattern for several."""
    return "|".join(f"(?:{one})" for one in patterns)


Leaves = Mapping[tuple[str, Leaf], str]


def _by_configuration(languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language in languages:
        name = configuration(language)
        found[name] = (*found.get(name, ()), language)
    return found


def _tsqueries(session: Session, configured: Sequence[str], leaves: Sequence[Leaf]) -> Leaves:
    """The tsquery of each leaf in each configuration; empty where it has stop words alone."""
    distinct = list(dict.fromkeys(leaves))
    statement = """
        SELECT configured, number, CASE kind
            WHEN 'hangul' THEN CAST(to_tsquery(CAST(configured AS regconfig), source) AS text)
            WHEN 'beginning' THEN concat_ws(' | ',
                nullif(CAST(phraseto_tsquery(CAST(configured AS regconfig), source) AS text) || ':*', ':*'),
                nullif(CAST(phraseto_tsquery('simple', source) AS text) || ':*', ':*'))
            ELSE CAST(phraseto_tsquery(CAST(configured AS regconfig), source) AS text)
        END
        FROM unnest(CAST(:configured AS text[])) AS configured
        CROSS JOIN unnest(CAST(:sources AS text[]), CAST(:kinds AS text[]))
            WITH ORDINALITY AS leaf (source, kind, number)"""
    values = {
        "configured": list(configured),
        "sources": [_source(leaf) for leaf in distinct],
        "kinds": ["beginning" if leaf.prefix and leaf.kind != "hangul" else leaf.kind for leaf in distinct],
    }
    rows = session.execute(text(statement), values)
    return {(name, distinct[number - 1]): query for name, number, query in rows}


def _source(leaf: Leaf) -> str:
    """The words of the leaf, one after the other; in Korean, where endings stick to them, the beginnings of words."""
    if leaf.kind == "hangul":
        return " <-> ".join(f"'{word.replace(chr(39), ' ')}':*" for word in leaf.words)
    return " ".join(leaf.words)


def _wanted(query: Query, configured: Iterable[str], leaves: Leaves) -> dict[str, str]:
    wanted = {}
    for name in configured:
        groups = [any_of for group in query.groups if (any_of := _alternatives(name, group.alternatives, leaves))]
        if groups:
            wanted[name] = " & ".join(f"({group})" for group in groups)
    return wanted


def _whole(wanted: Mapping[str, str], excluded: Iterable[Leaf], leaves: Leaves) -> dict[str, str]:
    """What is wanted without what isn't; exact phrases are excluded letter by letter instead."""
    stems = [leaf for leaf in excluded if not leaf.exact]
    return {
        name: " & ".join([query, *(f"!({found})" for leaf in stems if (found := leaves[name, leaf]))])
        for name, query in wanted.items()
    }


def _any_of(wanted: Sequence[Leaf], configured: Iterable[str], leaves: Leaves) -> dict[str, str]:
    found = {name: _alternatives(name, wanted, leaves) for name in configured}
    return {name: query for name, query in found.items() if query}


def _alternatives(name: str, wanted: Iterable[Leaf], leaves: Leaves) -> str:
    return " | ".join(f"({query})" for leaf in wanted if (query := leaves[name, leaf]))


def _checks(query: Query, configured: Iterable[str], leaves: Leaves) -> Iterable[Check]:
    for group in query.groups:
        compared = [leaf for leaf in group.alternatives if leaf.exact or _is_silent(leaf, configured, leaves)]
        if not any(leaf.exact for leaf in compared):
            continue
        others = [leaf for leaf in group.alternatives if leaf not in compared]
        yield Check(either(pattern(leaf) for leaf in compared), _any_of(others, configured, leaves) if others else None)


def _is_compared(leaf: Leaf, configured: Iterable[str], leaves: Leaves) -> bool:
    return leaf.exact or _is_silent(leaf, configured, leaves)


def _is_silent(leaf: Leaf, configured: Iterable[str], leaves: Leaves) -> bool:
    """Whether the leaf has stop words alone in any language of the archive."""
    return any(not leaves[name, leaf] for name in configured)


def _stands_alone(leaf: Leaf) -> bool:
    return leaf.kind == "words" and len(leaf.words) == 1


def patterns_of(query: Query) -> list[str]:
    """A pattern for each group: how words are found that no index of words knows."""
    return [either(pattern(leaf) for leaf in group.alternatives) for group in query.groups]


def pairs_of(leaf: Leaf) -> list[int]:
    """The numbers of the leaf's words that follow each other; none where words may have endings or no spaces."""
    return pairs(leaf.words[:-1] if leaf.prefix else leaf.words) if leaf.kind == "words" else []


def within_a_segment(query: Query) -> Query:
    """The query with as much of each phrase as one segment surely knows."""
    return _cut(query, FIRST_WORDS)


def within_a_passage(query: Query) -> Query:
    """The query with as much of each phrase as one passage surely knows."""
    return _cut(query, MOST_WORDS)


def _cut(query: Query, words: int) -> Query:
    groups = (Group(tuple(_shortened(leaf, words) for leaf in group.alternatives)) for group in query.groups)
    return replace(query, groups=tuple(groups))


def _shortened(leaf: Leaf, words: int) -> Leaf:
    most = 2 * (words - 1) if leaf.kind == "unspaced" else words  # pairs of characters: two of them count as a word
    if len(leaf.words) <= most:
        return leaf
    return replace(leaf, words=leaf.words[:most], prefix=False)
