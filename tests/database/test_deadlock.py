"""Results that somebody deletes while their media file is indexed anew: the run goes on, whoever has to give way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.finding.archive import add_transcript
from tests.fixtures.embedded import eventually
from trax.database import Database, indexing, reindexing
from trax.database.models import TranscriptionResult


def delete(database: Database, result_id: UUID) -> None:
    """As a person does in psql, who isn't the one to give way."""
    with database.transaction() as session:
        session.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        session.execute(text("DELETE FROM transcription_results WHERE id = :id"), {"id": result_id})


def waits(database: Database) -> bool:
    waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE 'delete%')"
    with database.transaction() as session:
        return bool(session.scalar(text(waiting)))


def test_a_deadlock_with_somebody_who_deletes_a_result(
    embedded_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = embedded_database
    gone = add_transcript(database, "talk.mp3", "The first try.")
    kept = add_transcript(database, "talk.mp3", "The second try.", media_id=gone.media_file_id)
    with database.transaction() as session:
        reindexing.forget(session)
    write, deleted = indexing.write_index, list[Future[None]]()

    def slowly(session: Session, result: TranscriptionResult) -> indexing.Written:
        if not deleted:
            deleted.append(pool.submit(delete, database, kept.id))
            assert eventually(lambda: waits(database))
        return write(session, result)

    monkeypatch.setattr(indexing, "write_index", slowly)
    with ThreadPoolExecutor(1) as pool:
        assert reindexing.reindex(database).indexed == 1
        deleted[0].result(20)
    with database.transaction() as session:
        assert session.scalars(text("SELECT text FROM transcript_segments_newest")).all() == ["The first try."]
        assert session.scalars(text("SELECT result_id FROM transcript_index")).all() == [gone.id]
