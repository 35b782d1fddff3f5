"""The parts that statements of searching are made of. No text of a user is ever among them: all of it is bound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from trax.database.search_filters import Chosen, Scope
from trax.database.search_models import CONFIGURATIONS
from trax.database.search_terms import Check, Named, Terms
from trax.search.words import TRANSLATED


@dataclass(frozen=True, slots=True)
class Page:
    """The part of the hits that is asked for."""

    limit: int = 20
    offset: int = 0


@dataclass(slots=True)
class Where:
    """Conditions that all have to hold, and the values of their parameters."""

    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **values: Any) -> None:
        self.conditions.append(condition)
        self.values.update(values)

    def add_named(self, named: Named) -> None:
        self.add(named[0], **named[1])

    def __str__(self) -> str:
        return " AND ".join(self.conditions) or "true"


def document(alias: str) -> str:
    """A row's text with what follows it."""
    return f"({alias}.text || ' ' || {alias}.next_head)"


def segments_of(scope: Scope) -> Where:
    """The segments that the scope is about."""
    return all_of([_rows_of(scope, "s"), moments_of(scope)])


def moments_of(scope: Scope) -> Where:
    """Those of a transcript's segments that the scope is about."""
    where = Where()
    if not scope.all_versions:
        where.add("s.newest")
    if scope.speakers is not None:
        where.add("s.speaker = ANY(:speakers)", speakers=list(scope.speakers))
    if scope.min_confidence is not None:
        where.add("s.confidence >= CAST(:min_confidence AS real)", min_confidence=scope.min_confidence)
    if scope.max_confidence is not None:
        where.add("s.confidence <= CAST(:max_confidence AS real)", max_confidence=scope.max_confidence)
    return where


def passages_of(scope: Scope) -> Where:
    """The passages that may hold segments that the scope is about."""
    where = _rows_of(scope, "p")
    if scope.speakers is not None:
        where.add("p.speakers && CAST(:speakers AS text[])", speakers=list(scope.speakers))
    return where


def _rows_of(scope: Scope, alias: str) -> Where:
    where = Where()
    if not scope.all_versions and alias != "s":
        where.add(f"{alias}.newest")
    if isinstance(scope.results, Chosen):
        # Not joined, for many are not worth being read from the key's index: the words are found first.
        where.add(f"({alias}.result_id IN ({scope.results.statement})) IS NOT FALSE", **scope.results.values)
    elif scope.results is not None:
        where.add(f"{alias}.result_id = ANY(:results)", results=list(scope.results))
    return where


def begins_here(alias: str, name: str) -> str:
    """The condition that a pattern is found from a place in the row's own text on, and not only in what follows it."""
    found = f"regexp_instr({document(alias)}, :{name}, 1, 1, 0, 'i')"
    return f"{found} BETWEEN 1 AND length({alias}.text)"


def checked(terms: Terms, alias: str) -> Where:
    """What stems can't tell: exact phrases are there, forbidden ones aren't."""
    where = Where()
    for number, check in enumerate(terms.checks):
        _add_check(where, terms, check, alias, f"check_{number}")
    return all_of([where, without(terms, alias)])


def without(terms: Terms, alias: str) -> Where:
    """That nothing forbidden is there."""
    where = Where()
    for number, forbidden in enumerate(terms.forbidden):
        where.add(f"NOT {document(alias)} ~* :forbidden_{number}", **{f"forbidden_{number}": forbidden})
    return where


def _add_check(where: Where, terms: Terms, check: Check, alias: str, name: str) -> None:
    exact = f"{document(alias)} ~* :{name}"
    if check.beside is None:
        where.add(exact, **{name: check.pattern})
        return
    beside, values = terms.tsquery(alias, check.beside, f"{name}_beside")
    where.add(f"({exact} OR {alias}.tsv @@ {beside})", **values, **{name: check.pattern})


def any_words(terms: Terms, alias: str) -> Where:
    """That something of what was asked for is said here or right after."""
    where = Where()
    matches, values = terms.matches(alias, "anything")
    if terms.exact_places is None:
        where.add(matches, **values)
    else:
        exact = f"{document(alias)} ~* :exact_places"
        where.add(f"(({matches}) OR {exact})", **values, exact_places=terms.exact_places)
    return where


def own_words(terms: Terms, alias: str) -> Where:
    """That the moment is here: not all that was asked for is in the words which follow the segment."""
    matches, values = terms.matches(alias, "anything")
    of_row, _ = terms.query(alias, "anything")
    own, head = (_in_text(terms, f"{alias}.{column}", alias, of_row) for column in ("text", "next_head"))
    by_words = f"({matches} AND (NOT {head} OR {own}))"  # the shorter text first
    where = Where(values={**values, **TRANSLATION, "places": terms.places})
    if terms.exact_places is not None:
        where.add(f"({by_words} OR {begins_here(alias, 'exact_places')})", exact_places=terms.exact_places)
    else:
        where.add(by_words)
    return where


TRANSLATION = {"translated": TRANSLATED, "spaces": " " * len(TRANSLATED)}


def _in_text(terms: Terms, text: str, alias: str, query: str) -> str:
    """That a part of a segment's text answers the query."""
    words = f"to_tsvector({configuration_of(terms, alias)}, translate({text}, :translated, :spaces)) @@ {query}"
    return f"(CASE WHEN {alias}.search_text IS NULL THEN {words} ELSE {text} ~* :places END)"


def configuration_of(terms: Terms, alias: str) -> str:
    """The text search configuration of the row's language, as an expression."""
    names = list(terms.languages)
    if len(names) == 1:
        return _constant(names[0])
    arms = [f"WHEN '{language}' THEN {_constant(name)}" for language, name in CONFIGURATIONS.items() if name in names]
    return f"(CASE {alias}.language {' '.join(arms)} ELSE {_constant('simple')} END)"


def _constant(configuration: str) -> str:
    return f"CAST('pg_catalog.{configuration}' AS regconfig)"


def all_of(parts: Iterable[Where]) -> Where:
    """All conditions of all parts."""
    whole = Where()
    for part in parts:
        whole.conditions += part.conditions
        whole.values.update(part.values)
    return whole
