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
from trax.embedding import knows

# Measured on 3,444 passages of podcasts: what they speak of is at 0.3 and more, what they don't at 0.27 and less.
LEAST_SIMILARITY = 0.25
READ_AT_A_TIME = 64  # transcripts, where the server can't compare embeddings itself: an hour of speech has 75 kB

UNKNOWN = "und"  # the language of what nobody has said or found out: worth a try

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
    known = [row for row in rows if knows(model.languages, row.language) or row.language == UNKNOWN]
    embedded = sum(row.embedded for row in known)
    return Coverage(
        embedded=embedded,
        missing=sum(row.transcripts for row in known) - embedded,
        foreign={row.language: row.transcripts for row in rows if row not in known},
    )


def store(session: Session, model: Model, passages: Sequence[PassageText], vectors: NDArray[np.float32]) -> int:
    """How many embeddings were kept: not those whose passage is gone, changed, being changed or embedded by now."""
    free = _hold(session, {passage.result_id for passage in passages})
    rows = [at for at, passage in enumerate(passages) if passage.result_id in free]
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
        "results": [passages[at].result_id for at in rows],
        "firsts": [passages[at].first_idx for at in rows],
        "digests": [_digest(passages[at].text) for at in rows],
        "embeddings": [vectors[at].astype(HALF).tobytes() for at in rows],
    }
    stored = {(row.result_id, row.first_idx) for row in session.execute(text(statement), values)}
    kept = [at for at in rows if passages[at].key in stored]
    passage_vectors.add(session, model.name, [passages[at].key for at in kept], vectors[kept])
    return len(kept)


def nearest(
    session: Session,
    model: Model,
    question: NDArray[np.float32],
    limit: int,
    where: str = "p.newest",
    values: Mapping[str, Any] | None = None,
    *,
    least: float = LEAST_SIMILARITY,
) -> list[Near]:
    """The passages whose meaning is closest to the question's, the closest first; none that is less similar.

    `where` and `values`: conditions on transcript_passages p, and what they bind; no text of a user is among them.
    """
    bound = {**(values or {}), "model": model.name}
    if passage_vectors.can_be_asked(session, len(question)):
        found = passage_vectors.nearest(session, question, limit, where, bound)
    else:
        found = _nearest_of_all(session, question, limit, where, bound)
    return [near for near in found if near.similarity >= least]


def _nearest_of_all(
    session: Session, question: NDArray[np.float32], limit: int, where: str, values: Mapping[str, Any]
) -> list[Near]:
    """The same without pgvector: every embedding is read and compared here."""
    statement = f"""
        SELECT p.result_id, p.newest, array_agg(p.first_idx) AS firsts, array_agg(p.last_idx) AS lasts,
            string_agg(e.embedding, CAST('' AS bytea)) AS embeddings
        FROM passage_embeddings e JOIN transcript_passages p ON p.result_id = e.result_id AND p.first_idx = e.first_idx
        WHERE e.model = :model AND length(e.embedding) = :bytes AND {where}
        GROUP BY p.result_id, p.newest"""  # noqa: S608
    bound = {**values, "bytes": len(question) * HALF.itemsize}
    rows = session.execute(text(statement), bound, execution_options={"yield_per": READ_AT_A_TIME})
    best: list[Near] = []
    for part in rows.partitions():
        best = heapq.nsmallest(limit, [*best, *_closest(part, question, limit)], key=_order)
    return best


def _closest(transcripts: Sequence[Row[Any]], question: NDArray[np.float32], limit: int) -> Iterable[Near]:
    embeddings = np.frombuffer(b"".join(row.embeddings for row in transcripts), HALF).reshape(-1, len(question))
    similarities = embeddings.astype(np.float32) @ question
    passages = [
        (row.result_id, row.newest, first, last)
        for row in transcripts
        for first, last in zip(row.firsts, row.lasts, strict=True)
    ]
    for at in np.argsort(-similarities, kind="stable")[:limit].tolist():
        result_id, newest, first, last = passages[at]
        yield Near(result_id, newest, first, last, float(similarities[at]))


def _order(near: Near) -> tuple[float, UUID, int]:
    return -near.similarity, near.result_id, near.first_idx


def _hold(session: Session, results: Iterable[UUID]) -> set[UUID]:
    """Those of the results that nobody deletes or indexes anew; from now on, whoever wants to waits for us."""
    statement = """
        SELECT r.id FROM transcription_results r JOIN transcript_index i ON i.result_id = r.id
        WHERE r.id = ANY(:results) ORDER BY r.id
        FOR KEY SHARE OF r SKIP LOCKED FOR SHARE OF i SKIP LOCKED"""
    return set(session.scalars(text(statement), {"results": sorted(results)}))


def _bound(model: Model) -> dict[str, Any]:
    return {"model": model.name, "languages": [*model.languages, UNKNOWN] if model.languages else []}


def _digest(passage: str) -> str:
    return hashlib.md5(passage.encode(), usedforsecurity=False).hexdigest()
