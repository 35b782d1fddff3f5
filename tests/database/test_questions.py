"""The questions that the database must answer: every SQL block of the documentation, run on both servers with data."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import select

from tests.conftest import REPOSITORY
from tests.database.small_archive import fill
from trax.coverage import Heard, Stretch, covered
from trax.database import Database, TranscriptionResult, documents, measuring, naming, references, transcripts
from trax.database.transcripts import NewResult
from trax.evaluation.reference import Reference, Utterance

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def sql_blocks() -> list[str]:
    return [
        block for path in DOCUMENTS for block in re.findall(r"```sql\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    ]


def test_every_documented_query_runs_and_finds_something(database: Database) -> None:
    fill(database)
    _name_a_voice(database)
    _measure_a_transcript(database)
    _lose_words(database)
    blocks = sql_blocks()
    assert len(blocks) >= 5
    with psycopg.connect(database.address(), row_factory=dict_row) as connection:
        silent = [block for block in blocks if not connection.execute(block).fetchall()]
    assert silent == []


def _name_a_voice(database: Database) -> None:
    with database.transaction() as session:
        heard_by_channel = TranscriptionResult.content["language"].astext == "de", TranscriptionResult.version == 1
        result = session.scalars(select(TranscriptionResult).where(*heard_by_channel)).one()
        naming.rename(session, result, "Channel 1", "Ada")


def _measure_a_transcript(database: Database) -> None:
    said = Reference((Utterance("Wie hoch ist der Damm? Etwa sechzig Meter."),), language="de")
    with database.transaction() as session:
        media_id = session.scalars(
            select(TranscriptionResult.media_file_id).where(TranscriptionResult.content["language"].astext == "de")
        ).first()
        assert media_id is not None
        references.add(session, references.NewReference(media_id, "dams.txt", "text", "0" * 64, said))
        measuring.remeasure(session, media_id)


def _lose_words(database: Database) -> None:
    with database.transaction() as session:
        known = session.scalars(select(TranscriptionResult)).first()
        assert known is not None
        heard = documents.transcript_of(known)
        speech = covered(Heard(((Stretch("speech", 0, 600_000),),)), heard.segments)
        new = NewResult(known.job_id, known.media_file_id, "v1", heard, None, 1.0, "small", {}, coverage=speech)
        transcripts.store(session, new)


def test_the_moment_of_a_phrase(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT m.filename, (s->>'start')::float AS start, r.version FROM transcription_results r "
        "JOIN media_files m ON m.id = r.media_file_id, jsonb_array_elements(r.content->'segments') s "
        "WHERE r.content->>'text' ILIKE '%machine learning%' AND s->>'text' ILIKE '%machine learning%' "
        "ORDER BY r.version",
    )
    assert rows == [("talk.mp3", 4.5, 1), ("talk.mp3", 4.5, 2), ("talk.mp3", 4.5, 3)]


def test_segments_below_a_confidence(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT s->>'text' FROM transcription_results r, jsonb_array_elements(r.content->'segments') s "
        "WHERE (s->>'confidence')::float < 0.5 AND r.version = 3",
    )
    assert rows == [("And of something unclear there.",)]


def test_means_by_pipeline_version(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT pipeline_version, avg(processing_time), avg(accuracy), count(*) "
        "FROM transcription_results GROUP BY pipeline_version ORDER BY pipeline_version",
    )
    assert rows == [
        ("import", None, None, 1),
        ("v1", 105.0, pytest.approx((0.82 + 0.94 + 0.88 + 0.9) / 4), 4),
        ("v2", 30.0, 0.96, 1),
    ]


def test_failures_by_day_with_distinct_files(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT count(*), count(DISTINCT media_file_id) FROM transcription_jobs WHERE status = 'failed' "
        "GROUP BY date_trunc('day', completed_at) ORDER BY date_trunc('day', completed_at)",
    )
    assert rows == [(2, 1), (2, 2)]


PLANS = {
    "ix_media_files_status": "SELECT * FROM media_files WHERE status = 'failed'",
    "uq_media_files_file_hash": "SELECT * FROM media_files WHERE file_hash = repeat('a', 64)",
    "ix_media_files_file_metadata": """SELECT * FROM media_files WHERE file_metadata @> '{"codec": "rare"}'""",
    "ix_transcription_jobs_status": "SELECT * FROM transcription_jobs WHERE status = 'processing'",
    "ix_transcription_results_media_file_id_version": (
        "SELECT * FROM transcription_results WHERE media_file_id = '00000000-0000-4000-8000-000000000000' "
        "ORDER BY version DESC LIMIT 1"
    ),
}


def test_hot_queries_use_their_indexes(database: Database) -> None:
    with psycopg.connect(database.address(), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO media_files (filename, file_size, source_path, file_hash, status, file_metadata) "
            "SELECT 'f' || n, n, '/f' || n, md5(n::text) || md5(n::text), 'ready', "
            """jsonb_build_object('codec', CASE WHEN n % 5000 = 0 THEN 'rare' ELSE 'mp3' END) """
            "FROM generate_series(1, 20000) n"
        )
        connection.execute(
            "INSERT INTO transcription_jobs (media_file_id, status) SELECT id, 'completed' FROM media_files"
        )
        connection.execute(
            "INSERT INTO transcription_results (job_id, media_file_id, content) "
            "SELECT id, media_file_id, '{}' FROM transcription_jobs"
        )
        connection.execute("ANALYZE media_files, transcription_jobs, transcription_results")
        for index, query in PLANS.items():
            plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {query}"))
            assert index in plan, plan


def ask(database: Database, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.address()) as connection:
        return connection.execute(query).fetchall()
