"""Queries about the embeddings of passages: which are missing, storing them, and what is nearest to a question.

An embedding is kept as bytes that every server can hold: half-precision numbers, least significant byte first. Where
the server has pgvector, `passage_vectors` is a second copy with an index.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from trax.database import passage_vectors
from trax.database.passage_vectors import HALF, Near

READ_AT_A_TIME = 4096  # embeddings in memory, where the server can't compare them itself

_NOT_EMBEDDED = """
    p.newest AND (CAST(:languages AS text[]) = '{}' OR p.language = ANY(:languages)) AND NOT EXISTS (
        SELECT FROM passage_embeddings e
        WHERE e.result_id = p.result_id AND e.first_idx = p.first_idx AND e.model = :model
    )"""


@dataclass(frozen=True, slots=True)
class Model:
    """What an embedding has to be told apart by, and the languages that it is made for; none: every one."""

    name: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageText:
    """A passage that is to be embedded."""

    result_id: UUID
    first_idx: int
    text: str

    @property
    def key(self) -> tuple[UUID, int]:
        return self.result_id, self.first_idx


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the archive a search by meaning looks at, in transcripts that are the newest of their media."""

    embedded: int
    missing: int  # without embeddings, though of a language that the model knows
    foreign: Mapping[str, int]  # language to transcripts: those that the model doesn't know

    def notes(self, model: Model) -> tuple[str, ...]:
        """What to tell those who search: what of the archive they don't see."""
        notes = []
        if self.missing:
            notes.append(
                f"{self.missing} of {self.embedded + self.missing} transcripts can't be found by meaning yet: "
                "run `trax db reindex --semantic`."
            )
        if self.foreign:
            languages, transcripts = ", ".join(self.foreign), sum(self.foreign.values())
            notes.append(
                f"{model.name} understands {', '.join(model.languages)} alone: what is said in other languages "
                f"({languages}; transcripts: {transcripts}) can be found by words only."
            )
        return tuple(notes)


FIRST: tuple[UUID, int] = (UUID(int=0), -1)  # comes before every passage


def missing(session: Session, model: Model, limit: int, after: tuple[UUID, int] = FIRST) -> list[PassageText]:
    """Passages of newest results without an embedding of that model, in the order of their keys."""
    statement = f"""
        SELECT p.result_id, p.first_idx, p.text FROM transcript_passages p
        WHERE (p.result_id, p.first_idx) > (:after_result, :after_idx) AND {_NOT_EMBEDDED}
        ORDER BY p.result_id, p.first_idx LIMIT :limit"""  # noqa: S608
    values = {"after_result": after[0], "after_idx": after[1], "limit": limit, **_bound(model)}
    return [PassageText(row.result_id, row.first_idx, row.text) for row in session.execute(text(statement), values)]


def count_missing(session: Session, model: Model) -> int:
    """How many passages `missing` would find in all."""
    statement = f"SELECT count(*) FROM transcript_passages p WHERE {_NOT_EMBEDDED}"  # noqa: S608
    return session.scalar(text(statement), _bound(model)) or 0


def coverage(session: Session, model: Model) -> Coverage:
    """How many newest transcripts are embedded; one that is embedded in part counts, for it is being worked at."""
    statement = """
        SELECT i.language, count(*) AS transcripts, count(*) FILTER (WHERE EXISTS (
            SELECT FROM passage_embeddings e WHERE e.result_id = i.result_id AND e.model = :model
        )) AS embedded
        FROM transcript_index i WHERE i.newest AND i.passages > 0 GROUP BY i.language ORDER BY 2 DESC, 1"""
    rows = session.execute(text(statement), {"model": model.name}).all()
    known = [row for row in rows if not model.languages or row.language in model.languages]
    embedded = sum(row.embedded for row in known)
    return Coverage(
        embedded=embedded,
        missing=sum(row.transcripts for row in known) - embedded,
        foreign={row.language: row.transcripts for row in rows if row not in known},
    )


def store(session: Session, model: Model, passages: Sequence[PassageText], vectors: NDArray[np.float32]) -> int:
    """How many embeddings were kept: one whose passage is gone, cut anew or embedded by now is dropped."""
    # whoever cuts a transcript's passages anew, or deletes it, waits for us or we for them
    _lock(session, {passage.result_id for passage in passages})
    statement = """
        INSERT INTO passage_embeddings (result_id, first_idx, model, embedding)
        SELECT p.result_id, p.first_idx, :model, fresh.embedding
        FROM unnest(CAST(:results AS uuid[]), CAST(:firsts AS int[]), CAST(:digests AS text[]),
            CAST(:embeddings AS bytea[])) AS fresh (result_id, first_idx, digest, embedding)
        JOIN transcript_passages p ON p.result_id = fresh.result_id AND p.first_idx = fresh.first_idx AND p.newest
            AND md5(p.text) = fresh.digest
        ON CONFLICT DO NOTHING RETURNING result_id, first_idx"""
    values = {
        "model": model.name,
        "results": [passage.result_id for passage in passages],
        "firsts": [passage.first_idx for passage in passages],
        "digests": [_digest(passage.text) for passage in passages],
        "embeddings": [row.tobytes() for row in vectors.astype(HALF)],
    }
    kept = {(row.result_id, row.first_idx) for row in session.execute(text(statement), values)}
    rows = [at for at, passage in enumerate(passages) if passage.key in kept]
    passage_vectors.add(session, model.name, [passages[at].key for at in rows], vectors[rows])
    return len(kept)


def nearest(
    session: Session,
    model: Model,
    question: NDArray[np.float32],
    limit: int,
    where: str = "p.newest",
    values: Mapping[str, Any] | None = None,
) -> list[Near]:
    """The passages whose meaning is closest to the question's, the closest first.

    `where` and `values`: conditions on transcript_passages p, and what they bind; no text of a user is among them.
    """
    bound = {**(values or {}), "model": model.name}
    if passage_vectors.are_there(session, len(question)):
        return passage_vectors.nearest(session, question, limit, where, bound)
    statement = f"""
        SELECT p.result_id, p.newest, p.first_idx, p.last_idx, e.embedding
        FROM passage_embeddings e JOIN transcript_passages p ON p.result_id = e.result_id AND p.first_idx = e.first_idx
        WHERE e.model = :model AND length(e.embedding) = :bytes AND {where}"""  # noqa: S608
    bound["bytes"] = len(question) * HALF.itemsize
    rows = session.execute(text(statement), bound, execution_options={"yield_per": READ_AT_A_TIME})
    best: list[Near] = []
    for part in rows.partitions():
        best = heapq.nsmallest(limit, [*best, *_compared(part, question)], key=_order)
    return best


def _compared(rows: Sequence[Row[Any]], question: NDArray[np.float32]) -> Iterable[Near]:
    embeddings = np.frombuffer(b"".join(row.embedding for row in rows), HALF).reshape(len(rows), -1)
    similarities = embeddings.astype(np.float32) @ question
    for row, similarity in zip(rows, similarities.tolist(), strict=True):
        yield Near(row.result_id, row.newest, row.first_idx, row.last_idx, similarity)


def _order(near: Near) -> tuple[float, UUID, int]:
    return -near.similarity, near.result_id, near.first_idx


def _lock(session: Session, results: Iterable[UUID]) -> None:
    statement = "SELECT FROM transcript_index WHERE result_id = ANY(:results) ORDER BY result_id FOR SHARE"
    session.execute(text(statement), {"results": sorted(results)})


def _bound(model: Model) -> dict[str, Any]:
    return {"model": model.name, "languages": list(model.languages)}


def _digest(passage: str) -> str:
    return hashlib.md5(passage.encode(), usedforsecurity=False).hexdigest()
