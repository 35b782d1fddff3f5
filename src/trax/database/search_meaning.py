"""Queries of searching by meaning, and by meaning and words together."""

# ruff: noqa: S608  (statements are made of our own parts alone; what users say is bound)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.database import embeddings, search, search_sql
from trax.database.embedding_run import model_of
from trax.database.search import Place, Search
from trax.database.search_filters import Scope
from trax.database.search_sql import Page, Where, all_of, moments_of, passages_of
from trax.database.search_terms import Terms
from trax.embedding import Embedder
from trax.embedding.choosing import closest
from trax.search.fusion import fuse

DEPTH = 200  # places of each way that are ranked together
NARROWED = 50  # hits of a page whose very segment is looked for, which takes 0.1 s of a core each

Key: TypeAlias = tuple[UUID, int]  # of a passage: its transcript and first segment


class Question:
    """What is asked for, and what it means to a model."""

    def __init__(self, embedder: Embedder, sentence: str) -> None:
        self.embedder = embedder
        self.model = model_of(embedder)
        self.vector = embedder.embed([sentence])[0]


def nearest(session: Session, question: Question, scope: Scope, page: Page, allowed: Where = Where()) -> list[Place]:
    """A page of the passages that mean what is most like the question; `allowed`: what else holds for a passage p."""
    where = all_of([passages_of(scope), allowed])
    if scope.is_of_segments:
        moments = moments_of(scope)
        where.add(
            "EXISTS (SELECT FROM transcript_segments s WHERE s.result_id = p.result_id AND s.newest = p.newest "
            f"AND s.idx BETWEEN p.first_idx AND p.last_idx AND {moments})",
            **moments.values,
        )
    depth = page.offset + page.limit
    found = embeddings.nearest(session, question.model, question.vector, depth, str(where), where.values)
    return [
        Place(near.result_id, near.first_idx, near.similarity, near.first_idx, near.last_idx)
        for near in found[page.offset :]
    ]


def without(terms: Terms) -> Where:
    """That a passage has nothing of what the words forbid."""
    where = search_sql.without(terms, "p")
    if terms.excluded:
        excluded, values = terms.query("p", "excluded")
        where.add(f"(p.tsv @@ {excluded}) IS NOT TRUE", **values)
    return where


def joined(session: Session, said: Search, question: Question, scope: Scope, page: Page, allowed: Where) -> list[Place]:
    """A page of what has the words and what has the meaning: each place counts by its rank, the words' moment first."""
    depth = Page(DEPTH)  # the same for each page, or places would change theirs from one to the next
    by_words = _of_passages(session, search.find(session, said, depth).places)
    by_meaning = nearest(session, question, scope, depth, allowed)
    places: dict[Key, Place] = {}
    for place in (*by_words, *by_meaning):
        places.setdefault(_key(place), place)
    ranked = fuse([[_key(place) for place in by_words], [_key(place) for place in by_meaning]])
    return [replace(places[key], score=score) for key, score in ranked[page.offset : page.offset + page.limit]]


def narrowed(session: Session, question: Question, scope: Scope, places: Sequence[Place]) -> list[Place]:
    """The same places; of the first passages among them only the segment that means what is most like the question."""
    passages = [place for place in places if place.last_idx is not None][:NARROWED]
    segments = _segments(session, scope, passages)
    several = {key: said for key, said in segments.items() if len(said) > 1}
    chosen = dict.fromkeys(segments, 0)
    if several:
        texts = [[segment for _, segment in said] for said in several.values()]
        chosen.update(zip(several, closest(question.embedder, question.vector, texts), strict=True))
    moments = {key: segments[key][at][0] for key, at in chosen.items()}
    return [_narrowed(place, moments) for place in places]


def _narrowed(place: Place, moments: dict[Key, int]) -> Place:
    if place.last_idx is None or _key(place) not in moments:
        return place
    return replace(place, idx=moments[_key(place)], last_idx=None)


def _segments(session: Session, scope: Scope, passages: Sequence[Place]) -> dict[Key, list[tuple[int, str]]]:
    """Of each passage the segments that the scope is about: their places in the transcript, and texts."""
    moments = moments_of(scope)
    statement = f"""
        SELECT passage.result_id, passage.first_idx, s.idx, s.text
        FROM unnest(CAST(:of_results AS uuid[]), CAST(:firsts AS integer[]), CAST(:lasts AS integer[]))
            AS passage (result_id, first_idx, last_idx)
        JOIN transcript_segments s
            ON s.result_id = passage.result_id AND s.idx BETWEEN passage.first_idx AND passage.last_idx
        WHERE {moments} ORDER BY passage.result_id, s.idx"""
    bound = {
        "of_results": [place.result_id for place in passages],
        "firsts": [place.passage for place in passages],
        "lasts": [place.last_idx for place in passages],
    }
    found: dict[Key, list[tuple[int, str]]] = {}
    for result_id, first_idx, idx, segment in session.execute(text(statement), {**moments.values, **bound}):
        found.setdefault((result_id, first_idx), []).append((idx, segment))
    return found


def _of_passages(session: Session, places: Sequence[Place]) -> list[Place]:
    """The places with the passages that they are in: an exact phrase is found without them."""
    statement = text("""
        SELECT place.number, p.first_idx
        FROM unnest(CAST(:of_results AS uuid[]), CAST(:places AS integer[]))
            WITH ORDINALITY AS place (result_id, idx, number)
        JOIN transcript_passages p ON p.result_id = place.result_id AND place.idx BETWEEN p.first_idx AND p.last_idx
        ORDER BY place.number""")
    bound = {"of_results": [place.result_id for place in places], "places": [place.idx for place in places]}
    return [replace(places[number - 1], passage=first_idx) for number, first_idx in session.execute(statement, bound)]


def notes(session: Session, question: Question) -> tuple[str, ...]:
    """What of the archive can't be found by meaning."""
    return embeddings.coverage(session, question.model).notes(question.model)


def _key(place: Place) -> Key:
    return place.result_id, place.passage
