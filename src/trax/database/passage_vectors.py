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

from trax.database import extensions
from trax.database.engine import sqlstate
from trax.errors import DatabaseReadOnly

TABLE = "passage_vectors"
DIMENSIONS = 384  # of all-MiniLM-L6-v2 and its relatives; a model of other sizes is compared here, without an index
HALF = np.dtype("<f2")
OLDEST = (0, 7)  # of pgvector: the first with half-precision vectors
GOES_ON = (0, 8)  # the first whose index goes on looking while a filter leaves too few
GOES_WITHOUT = (  # SQLSTATE
    "42501", "0A000", "58P01",  # not for this role; no such file on the server
    "23505", "42710",  # another process is creating the extension
)  # fmt: skip
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


def are_there(session: Session) -> bool:
    """Whether there are vectors that pgvector keeps, and that have to be kept in step."""
    return bool(session.scalar(text(f"SELECT to_regclass('{TABLE}') IS NOT NULL")))


def can_be_asked(session: Session, dimensions: int) -> bool:
    """Whether this role may compare vectors of that size by pgvector here."""
    if dimensions != DIMENSIONS:
        return False
    readable = text(f"SELECT has_table_privilege(to_regclass('{TABLE}'), 'SELECT')")  # null where there is none
    return bool(session.scalar(readable)) and _is_usable(session)


def ensure(session: Session) -> bool:
    """Whether the table is there, made and filled in this transaction if need be, possible and allowed."""
    if are_there(session):
        return True
    try:
        with session.begin_nested():
            return _has_extension(session) and _make(session)
    except DBAPIError as error:
        if sqlstate(error) not in GOES_WITHOUT:
            raise
        return False


def _make(session: Session) -> bool:
    # whoever stores embeddings waits, and then finds the table
    session.execute(text("LOCK TABLE passage_embeddings IN SHARE ROW EXCLUSIVE MODE"))
    if are_there(session):
        return True
    extensions.find_by_name(session)
    session.execute(text(f"SET LOCAL maintenance_work_mem = '{MEMORY}'"))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text(CREATE_TABLE))
    _fill(session)
    session.execute(text(CREATE_INDEX))
    return True


def add(session: Session, model: str, keys: Sequence[tuple[UUID, int]], vectors: NDArray[np.float32]) -> None:
    """Keep vectors of embeddings that are stored, where pgvector is in use.

    Raises: DatabaseReadOnly: it is in use, and not for this role.
    """
    if not keys or vectors.shape[1] != DIMENSIONS or not are_there(session):
        return
    if not _is_usable(session):  # left out, what is stored now would never be found
        raise DatabaseReadOnly(
            "This role may not use pgvector, by which the database keeps vectors of passages.",
            "GRANT it USAGE on the schema of that extension.",
        )
    extensions.find_by_name(session)
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
    extensions.find_by_name(session)
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
    """The version of pgvector in this database; () where it isn't installed in it."""
    found = extensions.extension(session, extensions.VECTORS)
    return () if found is None else found.version


def _has_extension(session: Session) -> bool:
    """Whether pgvector is in this database for us to use, created if that is possible."""
    if not version(session) and extensions.offered(session, extensions.VECTORS) >= OLDEST:
        session.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    return version(session) >= OLDEST and _is_usable(session)


def _is_usable(session: Session) -> bool:
    found = extensions.extension(session, extensions.VECTORS)
    return found is not None and found.is_usable


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
