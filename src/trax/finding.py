"""From a query to the moments that it means."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias
from uuid import UUID

from trax.database import lexicon, search, search_hits
from trax.database.engine import Database, Transaction
from trax.database.search import Search
from trax.database.search_filters import Scope, scope
from trax.database.search_hits import Shown
from trax.database.search_session import Situation, reading, situation
from trax.database.search_sql import Page
from trax.database.search_terms import pairs_of, patterns_of, terms, within_a_passage, within_a_segment
from trax.errors import DatabaseReadOnly, QueryError, SearchUnavailable
from trax.search import exact, rewording, typos
from trax.search.filters import Filters
from trax.search.hits import Answer, Hit
from trax.search.query import MOST_CHARACTERS, Query, parse, sentence, wanted
from trax.search.words import folded

if TYPE_CHECKING:
    from trax.embedding import Embedder
    from trax.settings import Settings

Mode: TypeAlias = Literal["words", "substring", "semantic", "hybrid"]

SHORTEST_PART = 3  # characters: fewer are in too much
DEEPEST = 20_000  # hits that can be paged through
MOST_TO_COUNT = 25  # transcripts whose words are counted while somebody waits
NO_TRIGRAMS = (
    "Similar words can't be looked for, as the server has no pg_trgm: "
    "`CREATE EXTENSION pg_trgm` and then `trax db reindex` add it."
)
MOST_MEANT = 3  # words that a mistyped one is replaced by


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search with all that belongs to it."""

    text: str  # what is searched for as it stands, or by its meaning
    query: Query | None  # None: no words are searched for
    mode: Mode
    filters: Filters
    page: Page
    context: int


class Finder:
    """Searches one archive."""

    def __init__(self, database: Database, embedder: Callable[[], Embedder] | None = None) -> None:
        """`embedder`: opens the model of searches by meaning, when the first one needs it."""
        self._database = database
        self._embedder = None if embedder is None else functools.cache(embedder)
        self._has_trigrams = False  # as far as anything has shown yet

    def find(
        self,
        query: str,
        *,
        mode: Mode = "words",
        filters: Filters = Filters(),
        limit: int = 20,
        offset: int = 0,
        context: int = 0,
        fuzzy: bool | None = None,
    ) -> Answer:
        """A page of moments, best first; `fuzzy`: look for similar words too, None: only where nothing is found.

        Raises: QueryError: nothing could be found by it. SearchUnavailable: not on this server, or not in time.
        """
        asked = _asked(query, mode, filters, _page(limit, offset), max(0, context))
        return self._forgiving(asked, self._answer, fuzzy)

    def count(
        self, query: str, *, mode: Mode = "words", filters: Filters = Filters(), fuzzy: bool | None = None
    ) -> Answer:
        """An answer without hits whose `total` is the number of all; seconds where they are much of the archive.

        Raises: QueryError, SearchUnavailable: as `find` does.
        """
        asked = _asked(query, mode, filters, Page(), 0)
        if mode in ("semantic", "hybrid"):
            raise QueryError("What is near in meaning can't be counted.", "Count what has the words: leave that out.")
        return self._forgiving(asked, self._total, fuzzy)

    def unsure(
        self,
        filters: Filters = Filters(),
        *,
        limit: int = 20,
        offset: int = 0,
        after: tuple[float, UUID, int] | None = None,
        context: int = 0,
    ) -> list[Hit]:
        """The segments that the model was least sure of, the worst first.

        `after`: confidence, result and number of the last one seen, from which on to go.
        """
        with reading(self._database) as session:
            within, below, inclusive = _doubtful(session, filters)
            if within.is_empty:
                return []
            places = search.unsure(session, within, below, Page(limit, offset), after, inclusive=inclusive)
            return search_hits.hits(session, places, Shown(context))

    def count_unsure(self, filters: Filters = Filters()) -> int:
        """How many segments `unsure` lists in all."""
        with reading(self._database) as session:
            within, below, inclusive = _doubtful(session, filters)
            return 0 if within.is_empty else search.count_unsure(session, within, below, inclusive=inclusive)

    def _forgiving(self, asked: _Asked, answered: Callable[[_Asked], Answer], fuzzy: bool | None) -> Answer:
        """The answer, or that to similar words: at once if `fuzzy`, where nothing is found if that is None."""
        if fuzzy:
            return self._corrected(asked, answered, widely=True) or answered(asked)
        answer = answered(asked)
        if answer.hits or answer.total or fuzzy is False or asked.mode != "words":
            return answer
        if asked.page.offset and self._answer(replace(asked, page=Page(1))).hits:
            return answer  # the page is one after the last
        corrected = self._corrected(asked, answered, widely=False)
        return corrected or replace(answer, notes=(*answer.notes, *self._hints()))

    def _total(self, asked: _Asked) -> Answer:
        with reading(self._database) as session:
            there = situation(session)
            planned = _planned(session, asked, there)
            number = 0 if planned is None else search.count(session, planned[0])
            return Answer((), number, None, False, there.notes)

    def _answer(self, asked: _Asked) -> Answer:
        if asked.mode in ("semantic", "hybrid"):
            return self._by_meaning(asked)
        with reading(self._database) as session:
            there = situation(session)
            planned = _planned(session, asked, there)
            if planned is None:
                return Answer((), None, None, False, there.notes)
            found = search.find(session, planned[0], asked.page)
            hits = tuple(search_hits.hits(session, found.places, planned[1]))
            return Answer(hits, None, None, found.is_partial, there.notes)

    def _by_meaning(self, asked: _Asked) -> Answer:
        """What means something like the query; hybrid: with what has its words."""
        from trax.database import search_meaning

        if self._embedder is None:
            raise SearchUnavailable("There is no model to search by meaning with.", "Search for words instead.")
        question = search_meaning.Question(self._embedder(), asked.text)  # before anything waits for it
        with reading(self._database) as session:
            there = situation(session)
            within = scope(session, asked.filters)
            if within.is_empty or not there.languages:
                return Answer((), None, None, False, there.notes)
            if asked.query is None:
                shown = Shown(asked.context)
                found = search_meaning.nearest(session, question, within, asked.page)
            else:
                said, shown = _planned_words(session, asked.query, there, within, asked.context)
                allowed = search_meaning.without(terms(session, asked.query, there.languages))
                found = search_meaning.joined(session, said, question, within, asked.page, allowed)
            found = search_meaning.narrowed(session, question, within, found)
            notes = (*there.notes, *search_meaning.notes(session, question))
            return Answer(tuple(search_hits.hits(session, found, shown)), None, None, False, notes)

    def _corrected(self, asked: _Asked, answered: Callable[[_Asked], Answer], *, widely: bool) -> Answer | None:
        """What is found by similar words; None where none are like the words of the query."""
        if asked.query is None:
            return None
        meant = self._meant(rewording.doubtful(asked.query), widely=widely)
        if not meant:
            return None
        other = rewording.reworded(asked.query, meant)
        answer = answered(replace(asked, query=parse(other)))
        return replace(answer, corrected=other) if answer.hits or answer.total else None

    def _meant(self, words: Sequence[str], *, widely: bool) -> dict[str, list[str]]:
        """For each word that nobody has said, or for each if `widely`, what it may stand for, the likeliest first."""
        self._count_words()
        with reading(self._database) as session:
            self._has_trigrams = self._has_trigrams or situation(session).has_trigrams
            if not words or not self._has_trigrams:
                return {}
            said = lexicon.known(session, words)
            meant = {}
            for word in words:
                if word in said and not widely:
                    continue
                likely = typos.corrections(word, [(w, n) for w, n in lexicon.similar(session, word) if w != word])
                if likely:
                    meant[word] = [word, *likely[:MOST_MEANT]] if widely else likely[:1]
            return meant

    def _hints(self) -> tuple[str, ...]:
        """Why similar words were not looked for."""
        if self._has_trigrams:
            return ()
        with reading(self._database) as session:
            return () if situation(session).has_trigrams else (NO_TRIGRAMS,)

    def _count_words(self) -> None:
        """Count the words of the last few transcripts; those of many are left to `trax db reindex`."""
        with contextlib.suppress(DatabaseReadOnly), self._database.transaction() as session:
            lexicon.refresh(session, MOST_TO_COUNT)


def embedder_of(settings: Settings, announce: Callable[[str], object] = lambda _: None) -> Embedder:
    """The model of searches by meaning that the settings name.

    Raises: ModelUnavailable.
    """
    from trax.embedding import open_embedder

    return open_embedder(
        settings.embedding_model,
        models_folder=settings.home / "models",
        offline=settings.offline,
        threads=settings.threads,
        announce=announce,
    )


def embed_missing(
    database: Database, embedder: Embedder, progress: Callable[[int, int], object] = lambda done, total: None
) -> int:
    """How many passages were made ready for searches by meaning; `progress` is told of those done, and of all."""
    from trax.database import embedding_run

    return embedding_run.embed_missing(database, embedder, progress)


def _asked(query: str, mode: Mode, filters: Filters, page: Page, context: int) -> _Asked:
    if mode == "semantic":
        return _Asked(sentence(query), None, mode, filters, page, context)
    if mode != "substring":
        parsed = parse(query)
        return _Asked(wanted(query), parsed, mode, filters, page, context)
    part = " ".join(folded(query).split())
    if not SHORTEST_PART <= len(part) <= MOST_CHARACTERS:
        raise QueryError(
            f"A part of a text has {SHORTEST_PART} to {MOST_CHARACTERS:,} characters, and this one has {len(part):,}.",
            "Search for whole words instead: leave --substring out.",
        )
    return _Asked(part, None, mode, filters, page, context)


def _page(limit: int, offset: int) -> Page:
    if limit < 1 or offset < 0:
        raise QueryError("A page has at least one hit, and none is before the first.", "Give a page from 1 on.")
    if limit + offset > DEEPEST:
        raise QueryError(
            f"Only the first {DEEPEST:,} hits can be looked through.", "Narrow the search by a filter or more words."
        )
    return Page(limit, offset)


def _doubtful(session: Transaction, filters: Filters) -> tuple[Scope, float, bool]:
    """Where doubtful segments are, the confidence that is their limit, and whether that is doubtful, too."""
    within = scope(session, replace(filters, max_confidence=None))
    if filters.max_confidence is None:
        return within, search.DOUBTFUL, False
    return within, filters.max_confidence, True


def _planned(session: Transaction, asked: _Asked, there: Situation) -> tuple[Search, Shown] | None:
    """What to ask the database, and what to show of it; None: there is nothing to be searched."""
    within = scope(session, asked.filters)
    if within.is_empty or not there.languages:
        return None
    if asked.query is None:
        part = re.compile(re.escape(asked.text), re.IGNORECASE)
        spans = Shown(asked.context, spans=lambda said: [found.span() for found in part.finditer(said)])
        return search.by_part(asked.text, within), spans
    return _planned_words(session, asked.query, there, within, asked.context)


def _planned_words(
    session: Transaction, query: Query, there: Situation, within: Scope, context: int
) -> tuple[Search, Shown]:
    spans = partial(exact.matches, query)
    if query.is_phrase:
        begun = within_a_segment(query)
        whole = None if begun == query else patterns_of(within_a_passage(query))[0]
        known = terms(session, begun, there.languages)
        pairs = pairs_of(begun.positive[0])
        planned = search.by_phrase(known, patterns_of(begun), within, pairs=pairs, whole=whole)
        return planned, Shown(context, spans=spans, may_go_on=True)
    known = terms(session, query, there.languages)
    shown = Shown(context, known, spans, may_go_on=any(leaf.may_go_on for leaf in query.positive))
    if not known.is_everywhere:  # stop words alone
        return search.by_phrase(known, patterns_of(within_a_segment(query)), within), replace(shown, terms=None)
    return search.by_words(known, within), shown
