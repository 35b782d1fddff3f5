"""Embedding what isn't embedded yet, batch by batch: whatever ends it, what was done stays done."""

from __future__ import annotations

from collections.abc import Callable

from trax.database import embeddings, passage_vectors
from trax.database.embeddings import FIRST, Model
from trax.database.engine import Database
from trax.embedding import Embedder

BATCH = 32  # passages in one transaction, a few seconds of work

Progress = Callable[[int, int], object]  # passages so far, passages in all


def embed_missing(database: Database, embedder: Embedder, progress: Progress = lambda done, total: None) -> int:
    """How many passages were embedded: those of newest results, in languages that the model knows.

    Others may do the same at the same time: then some is computed twice, and kept once.
    """
    model = model_of(embedder)
    with database.transaction() as session:
        passage_vectors.ensure(session)
        total = embeddings.count_missing(session, model)
    done, kept, last = 0, 0, FIRST
    progress(done, total)
    while True:
        with database.transaction() as session:
            batch = embeddings.missing(session, model, BATCH, last)
        if not batch:
            return kept
        vectors = embedder.embed([passage.text for passage in batch])
        with database.transaction() as session:
            kept += embeddings.store(session, model, batch, vectors)
        done, last = done + len(batch), batch[-1].key
        progress(done, max(done, total))  # more may have come meanwhile


def model_of(embedder: Embedder) -> Model:
    """What the database needs to know of an embedder."""
    return Model(embedder.name, embedder.languages)
