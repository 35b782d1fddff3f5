"""Stored versions that nobody had to hear."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.jobs import queued
from tests.passes.words import transcript
from trax.database import Database, transcripts
from trax.transcript import Transcript


def store(
    database: Database,
    media_id: UUID,
    *texts: str,
    spoken: Transcript | None = None,
    made_by: str = "v1",
    decode: dict[str, float] | None = None,
    **values: Any,
) -> UUID:
    """ID of a new version of these segments."""
    config = {"request": {"decode": decode or {}}, "profile": {"decode": 1.0}}
    with database.transaction() as session:
        job_id, _ = queued.begin(session, media_id)
        new = transcripts.NewResult(
            job_id, media_id, made_by, spoken or transcript(*texts), 0.8, 1.0, "tiny.en", config, **values
        )
        return transcripts.store(session, new).id
