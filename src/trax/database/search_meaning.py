"""Queries of searching by meaning, and by meaning and words together."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from trax.database import embeddings, search
from trax.database.embedding_run import model_of
from trax.database.search import Place, Search
from trax.database.search_filters import Scope
from trax.database.search_sql import Page, moments_of, passages_of
from trax.embedding import Embedder
from trax.search.fusion import fuse

DEPTH = 200  # places of each way that are ranked together


class Question:
    """A query and what it means to a model."""

    def __init__(self, embedder: Embedder, text: str) -> None:
        self.model = model_of(embedder)
        self.vector = embedder.embed([text])[0]


def nearest(session: Session, question: Question, scope: Scope, page: Page) -> list[Place]:
    """A page of the passages that mean what is most like the question."""
    where = passages_of(scope)
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


def joined(session: Session, said: Search | None, question: Question, scope: Scope, page: Page) -> list[Place]:
    """A page of what has the words and what has the meaning: each place counts by its rank, the words' moment first."""
    depth = Page(DEPTH)  # the same for each page, or places would change theirs from one to the next
    by_words: Sequence[Place] = () if said is None else search.find(session, said, depth).places
    by_meaning = nearest(session, question, scope, depth)
    places = {_key(place): place for place in [*by_meaning, *by_words]}
    ranked = fuse([[_key(place) for place in by_words], [_key(place) for place in by_meaning]])
    return [_scored(places[key], score) for key, score in ranked[page.offset : page.offset + page.limit]]


def notes(session: Session, question: Question) -> tuple[str, ...]:
    """What of the archive can't be found by meaning."""
    return embeddings.coverage(session, question.model).notes(question.model)


def _key(place: Place) -> tuple[object, int]:
    return place.result_id, place.passage


def _scored(place: Place, score: float) -> Place:
    return Place(place.result_id, place.idx, score, place.passage, place.last_idx)
