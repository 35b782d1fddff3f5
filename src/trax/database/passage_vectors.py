"""Embeddings as vectors of pgvector, with an index: a second copy, where the server can have one.

The table isn't part of the migrations: it is made when the extension is there, and can be dropped and made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from trax.database.engine import sqlstate

TABLE = "passage_vectors"
DIMENSIONS = 384  # of all-MiniLM-L6-v2 and its relatives; a model of other sizes is compared here, without an index
HALF = np.dtype("<f2")
OLDEST = (0, 7)  # of pgvector: the first with half-precision vectors
GOES_ON = (0, 8)  # the first whose index goes on looking while a filter leaves too few
NOT_ALLOWED = ("42501", "0A000", "58P01")  # to create an extension; no such file on the server
MEMORY = "256MB"  # to build the index in
FILLED_AT_A_TIME = 5000

CREATE_TABLE = f"""
    CREATE TABLE {TABLE} (
        result_id uuid NOT NULL,
        first_idx integer NOT NULL,
        model text NOT NULL,
        embedding halfvec({DIMENSIONS}) NOT NULL,
        CONSTRAINT pk_{TABLE} PRIMARY KEY (result_id, first_idx, model),
        CONSTRAINT fk_{TABLE}_passage_embeddings FOREIGN KEY (result_id, first_idx, model)
            REFERENCES passage_embeddings (result_id, first_idx, model) ON DELETE CASCADE
    )"""
CREATE_INDEX = f"CREATE INDEX ix_{TABLE}_embedding ON {TABLE} USING hnsw (embedding halfvec_ip_ops)"


@dataclass(frozen=True, slots=True)
class Near:
    """A passage, and how close it is to what was asked for: 1 is the same, 0 has nothing to do with it."""

    result_id: UUID
    newest: bool
    first_idx: int
    last_idx: int
    similarity: float


def are_there(session: Session, dimensions: int = DIMENSIONS) -> bool:
    """Whether vectors of that size are kept by pgvector here."""
    return dimensions == DIMENSIONS and bool(session.scalar(text(f"SELECT to_regclass('{TABLE}') IS NOT NULL")))


def ensure(session: Session) -> bool:
    """Whether the table is there, made and filled in this transaction if need be and possible."""
    if are_there(session):
        return True
    if not _has_extension(session):
        return False
    # whoever stores embeddings waits, and then finds the table
    session.execute(text("LOCK TABLE passage_embeddings IN SHARE ROW EXCLUSIVE MODE"))
    if are_there(session):
        return True
    session.execute(text(f"SET LOCAL maintenance_work_mem = '{MEMORY}'"))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text(CREATE_TABLE))
    _fill(session)
    session.execute(text(CREATE_INDEX))
    return True


def add(session: Session, model: str, keys: Sequence[tuple[UUID, int]], vectors: NDArray[np.float32]) -> None:
    """Keep vectors of embeddings that are stored, where pgvector is in use."""
    if not keys or not are_there(session, vectors.shape[1]):
        return
    statement = f"""
        INSERT INTO {TABLE} (result_id, first_idx, model, embedding)
        SELECT fresh.result_id, fresh.first_idx, :model, CAST(fresh.embedding AS halfvec)
        FROM unnest(CAST(:results AS uuid[]), CAST(:firsts AS int[]), CAST(:embeddings AS text[]))
            AS fresh (result_id, first_idx, embedding)
        ON CONFLICT DO NOTHING"""  # noqa: S608
    values = {
        "model": model,
        "results": [result_id for result_id, _ in keys],
        "firsts": [first_idx for _, first_idx in keys],
        "embeddings": [_literal(vector) for vector in vectors],
    }
    session.execute(text(statement), values)


def nearest(
    session: Session, question: NDArray[np.float32], limit: int, where: str, values: Mapping[str, Any]
) -> list[Near]:
    """The closest passages, by the index; by comparing all, where a filter leaves the index too few."""
    if version(session) >= GOES_ON:
        session.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))
    session.execute(text(f"SET LOCAL hnsw.ef_search = {min(1000, max(100, limit))}"))
    bound = {**values, "question": _literal(question), "limit": limit}
    by_index = session.execute(text(statement(where)), bound).all()
    found = by_index if len(by_index) == limit else session.execute(text(statement(where, exact=True)), bound).all()
    return [Near(row.result_id, row.newest, row.first_idx, row.last_idx, -row.distance) for row in found]


def statement(where: str, *, exact: bool = False) -> str:
    """The query behind `nearest`; exact: in a form that the index doesn't answer."""
    return f"""
        SELECT p.result_id, p.newest, p.first_idx, p.last_idx,
            v.embedding <#> CAST(:question AS halfvec({DIMENSIONS})) AS distance
        FROM {TABLE} v JOIN transcript_passages p ON p.result_id = v.result_id AND p.first_idx = v.first_idx
        WHERE v.model = :model AND {where}
        ORDER BY (v.embedding <#> CAST(:question AS halfvec({DIMENSIONS}))) {"+ 0" if exact else ""} LIMIT :limit"""  # noqa: S608


def version(session: Session) -> tuple[int, ...]:
    """The version of pgvector in this database; (0,) where it isn't installed in it."""
    found = session.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    return _numbers(found or "0")


def _has_extension(session: Session) -> bool:
    """Whether pgvector is in this database, created if that is possible and allowed."""
    offered = session.scalar(text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"))
    if offered is None:
        return False
    if version(session) == (0,) and _numbers(offered) >= OLDEST:
        try:
            with session.begin_nested():
                session.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        except DBAPIError as error:
            if sqlstate(error) not in NOT_ALLOWED:
                raise
    return version(session) >= OLDEST


def _fill(session: Session) -> None:
    """Copy the embeddings that were stored before the table was there."""
    read = text(
        "SELECT result_id, first_idx, model, embedding FROM passage_embeddings WHERE length(embedding) = :bytes"
    )
    size = DIMENSIONS * HALF.itemsize
    rows = session.execute(read, {"bytes": size}, execution_options={"yield_per": FILLED_AT_A_TIME})
    for part in rows.partitions():
        for model in {row.model for row in part}:
            of_model = [row for row in part if row.model == model]
            vectors = np.frombuffer(b"".join(row.embedding for row in of_model), HALF).reshape(-1, DIMENSIONS)
            add(session, model, [(row.result_id, row.first_idx) for row in of_model], vectors.astype(np.float32))


def _literal(vector: NDArray[np.float32]) -> str:
    """The vector as pgvector reads it."""
    return f"[{','.join(f'{value:.6g}' for value in vector.tolist())}]"


def _numbers(written: str) -> tuple[int, ...]:
    return tuple(int(part) for part in written.split(".") if part.isdigit())
