"""Queries of searching: places in transcripts, best first, and how many there are."""

# ruff: noqa: S608  (statements are made of our own parts alone; what users say is bound)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.database.search_filters import Scope, like
from trax.database.search_sql import (
    Page,
    Where,
    all_of,
    any_words,
    begins_here,
    checked,
    document,
    moments_of,
    own_words,
    passages_of,
    segments_of,
    without,
)
from trax.database.search_terms import Terms

RANKED = 1000  # candidates that are ranked together; where more match, those that are met first come first
DOUBTFUL = 0.8  # confidence below which segments have an index
ALIKE = "1.0"  # score of what is as good as all others: nothing is lost by ranking only some
FEW_RANKED = 100  # where all are about as good, or each takes a look at its segments


@dataclass(frozen=True, slots=True)
class Place:
    """A segment of a transcript, or several that follow each other."""

    result_id: UUID
    idx: int
    score: float
    passage: int  # first segment of the passage that it was found in; of a segment that was searched itself, its own
    last_idx: int | None = None  # None: one segment alone


@dataclass(frozen=True, slots=True)
class Found:
    """Places, best first."""

    places: tuple[Place, ...] = ()
    is_partial: bool = False  # more matched than were ranked


@dataclass(frozen=True, slots=True)
class Search:
    """What is to be found, as the parts of a statement."""

    rows: str  # FROM and WHERE of the candidates
    score: str
    key: str  # columns of a candidate beside its score
    values: dict[str, Any]
    block: int = FEW_RANKED  # candidates that are ranked at once
    located: str | None = None  # the one segment of a candidate that is shown; None: the candidate is a segment
    has_moment: str = "true"  # whether there is one


def by_phrase(
    terms: Terms, patterns: Sequence[str], scope: Scope, *, pairs: Sequence[int] = (), whole: str | None = None
) -> Search:
    """Segments in which each of the patterns begins: an exact phrase, or words that no index of words knows.

    `pairs`: numbers of those of their words that follow each other.
    `whole`: the pattern of a phrase that is longer than what one segment knows, where `patterns` is its beginning.
    """
    where = all_of([segments_of(scope), without(terms, "s")])
    if pairs:
        where.add("s.pairs @> CAST(:pairs AS integer[])", pairs=list(pairs))
    for number, pattern in enumerate(patterns):
        if not (pairs or terms.is_everywhere):
            where.add(f"{document('s')} ~* :begins_{number}")  # the form that a trigram index answers
        where.add(begins_here("s", f"begins_{number}"), **{f"begins_{number}": pattern})
    if whole is not None:
        where.add(_is_there(f"{_PASSAGE_OF_SEGMENT} AND {document('p')} ~* :whole_phrase"), whole_phrase=whole)
    return _segments(where, ALIKE) if pairs or not terms.is_everywhere else _of_passages(terms, scope, where)


def by_words(terms: Terms, scope: Scope) -> Search:
    """Moments with all that is asked for within about 40 seconds."""
    where = passages_of(scope)
    where.add_named(terms.matches("p"))
    where = all_of([where, checked(terms, "p")])
    score = _rank(where, terms, "p", 0)
    if scope.is_of_segments:
        where.add(_is_there(_moments(all_of([moments_of(scope), any_words(terms, "s")]), "p")))
    moments = all_of([moments_of(scope), own_words(terms, "s")])
    return Search(
        rows=f"transcript_passages p WHERE {where}",
        score=score,
        key="p.result_id, p.newest, p.first_idx, p.last_idx",
        values={**where.values, **moments.values},
        block=FEW_RANKED if scope.is_of_segments else RANKED,
        located=_best(terms, _moments(moments, "c")),
        has_moment=_is_there(_moments(moments, "p")),
    )


def by_part(part: str, scope: Scope) -> Search:
    """Segments with these very characters, in any case."""
    where = segments_of(scope)
    where.add("s.text ILIKE :part", part=like(part))
    return _segments(where, ALIKE)


def _rank(where: Where, terms: Terms, alias: str, normalization: int) -> str:
    """How well a row answers, as an expression whose parameters are among those of `where`."""
    query, values = terms.query(alias, "wanted")
    where.values.update(values)
    return f"ts_rank({alias}.tsv, {query}, {normalization})"


def _is_there(rows: str) -> str:
    """That there is such a row: looked for row by row, for `OFFSET 0` keeps the planner from finding them all first."""
    return f"EXISTS ({rows} OFFSET 0)"


_WITHIN = """s.result_id = {passage}.result_id AND s.newest = {passage}.newest
            AND s.idx BETWEEN {passage}.first_idx AND {passage}.last_idx"""

_PASSAGE_OF_SEGMENT = """
    SELECT FROM transcript_passages p
    WHERE p.result_id = s.result_id AND p.newest = s.newest AND p.first_idx <= s.idx AND p.last_idx >= s.idx"""


def _segments(where: Where, score: str) -> Search:
    return Search(f"transcript_segments s WHERE {where}", score, "s.result_id, s.idx AS first_idx", where.values)


def _of_passages(terms: Terms, scope: Scope, where: Where) -> Search:
    """Segments for which that holds, of passages that have the words: segments have no index of words."""
    passages = passages_of(scope)
    passages.add_named(terms.matches("p"))
    rows = f"""transcript_passages p CROSS JOIN LATERAL (
        SELECT s.result_id, s.idx FROM transcript_segments s WHERE {_WITHIN.format(passage="p")} AND {where} OFFSET 0
    ) s WHERE {passages}"""
    values = {**where.values, **passages.values}
    return Search(rows, ALIKE, "s.result_id, s.idx AS first_idx", values)


def _moments(where: Where, passage: str) -> str:
    """The segments of a passage for which that holds."""
    return f"""
        SELECT s.idx FROM transcript_segments s WHERE {_WITHIN.format(passage=passage)} AND {where}"""


def _best(terms: Terms, moments: str) -> str:
    """The segment that says most of it."""
    rank = f"ts_rank(s.tsv, {terms.query('s', 'anything')[0]})"
    exact = "" if terms.exact_places is None else f"({begins_here('s', 'exact_places')}) DESC, "
    return f"{moments} ORDER BY {exact}{rank} DESC, s.idx LIMIT 1"


def find(session: Session, search: Search, page: Page) -> Found:
    """A page of the places, best first."""
    blocks = max(1, -(-(page.offset + page.limit) // search.block))
    while True:
        statement, values = ranked(search, page, blocks)
        rows = session.execute(text(statement), values).all()
        places = tuple(Place(row.result_id, row.idx, row.score, row.first_idx) for row in rows if row.result_id)
        met = rows[0].met
        if len(places) == page.limit or met <= blocks * search.block:
            return Found(places, met > search.block and search.score != ALIKE)
        blocks *= 2  # some of the candidates had no moment of their own


def ranked(search: Search, page: Page, blocks: int = 1) -> tuple[str, dict[str, Any]]:
    """The statement that ranks candidates, and locates the moments of those that are shown one after the other.

    The candidates are sorted before they are located: so nothing is located that comes after the page. Only so many
    are ranked together as are met first, then the next as many: a page stays what it is, however many come after it.
    """
    idx, join = ("c.first_idx", "") if search.located is None else ("l.idx", f"CROSS JOIN LATERAL ({search.located}) l")
    order = "block, score DESC, result_id, first_idx"
    statement = f"""
        WITH candidates AS MATERIALIZED (
            SELECT {search.key}, {search.score} AS score, (row_number() OVER () - 1) / :block AS block
            FROM {search.rows} LIMIT :candidates
        )
        SELECT shown.*, candidate.met FROM (SELECT count(*) AS met FROM candidates) candidate LEFT JOIN (
            SELECT c.result_id, c.first_idx, {idx} AS idx, c.score, c.block
            FROM (SELECT * FROM candidates ORDER BY {order}) c {join}
            ORDER BY {order} LIMIT :limit OFFSET :offset
        ) shown ON true
        ORDER BY {order}"""
    paging = {"limit": page.limit, "offset": page.offset, "block": search.block}
    return statement, {**search.values, **paging, "candidates": blocks * search.block + 1}


def count(session: Session, search: Search) -> int:
    """How many places there are."""
    return session.scalar(text(f"SELECT count(*) FROM {search.rows} AND {search.has_moment}"), search.values) or 0


def unsure(
    session: Session,
    scope: Scope,
    below: float,
    page: Page,
    after: tuple[float, UUID, int] | None,
    *,
    inclusive: bool = False,
) -> Sequence[Place]:
    """Segments below that confidence, the worst first; `inclusive`: and those of just that confidence."""
    statement, values = unsure_statement(scope, below, page, after, inclusive=inclusive)
    return [Place(row.result_id, row.idx, row.score, row.idx) for row in session.execute(text(statement), values)]


def count_unsure(session: Session, scope: Scope, below: float, *, inclusive: bool = False) -> int:
    """How many segments `unsure` would find in all."""
    where = _doubtful(scope, below, inclusive=inclusive)
    return session.scalar(text(f"SELECT count(*) FROM transcript_segments s WHERE {where}"), where.values) or 0


def unsure_statement(
    scope: Scope, below: float, page: Page, after: tuple[float, UUID, int] | None, *, inclusive: bool = False
) -> tuple[str, dict[str, Any]]:
    """The statement that reads doubtful segments in the order of their index, from the page or the place on."""
    where = _doubtful(scope, below, inclusive=inclusive)
    if after is not None:
        confidence, result_id, idx = after
        where.add(
            "(s.confidence, s.result_id, s.idx) > (CAST(:after_confidence AS real), :after_result, :after_idx)",
            after_confidence=confidence,
            after_result=result_id,
            after_idx=idx,
        )
    statement = f"""
        SELECT s.result_id, s.idx, s.confidence AS score FROM transcript_segments s WHERE {where}
        ORDER BY s.confidence, s.result_id, s.idx LIMIT :limit OFFSET :offset"""
    return statement, {**where.values, "limit": page.limit, "offset": page.offset}


def _doubtful(scope: Scope, below: float, *, inclusive: bool) -> Where:
    where = segments_of(scope)
    where.add(f"s.confidence {'<=' if inclusive else '<'} CAST(:below AS real)", below=below)
    if below < DOUBTFUL or (below == DOUBTFUL and not inclusive):
        where.add(f"s.confidence < {DOUBTFUL}")  # as the index says it
    return where
