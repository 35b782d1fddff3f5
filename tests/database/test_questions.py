"""The questions that the database must answer: every SQL block of the documentation, run on both servers with data."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import REPOSITORY
from tests.jobs import queued
from trax.database import Database, media, queue, transcripts
from trax.transcript import Segment, Transcript, Word

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def sql_blocks() -> list[str]:
    return [
        block for path in DOCUMENTS for block in re.findall(r"```sql\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    ]


def fill(database: Database) -> None:
    """Three files: one transcribed twice, one that failed on two days, one without a job."""
    heard = Transcript("en", 12.0, (segment(0.0, 4.0, "a recording by the river about machine learning", 0.9),
                                    segment(4.5, 9.0, "and of something unclear there", 0.3)))  # fmt: skip
    with database.transaction() as session:
        for number, name in enumerate(("talk.mp3", "broken.ogg", "new.wav")):
            new = media.NewMedia(name, 1000 * (number + 1), f"{number}" * 64, f"/in/{name}", f"/in/{name}", 1)
            row, _ = media.add(session, new)
            facts = {"format": "ogg", "codec": "opus", "bitrate": 128_000, "sample_rate": 44_100, "channels": 2}
            media.describe(session, row.id, mime_type="audio/ogg", duration=12.0, metadata=facts)
            if name == "talk.mp3":
                for seconds in (2.0, 4.0):
                    job_id, ticket = queued.begin(session, row.id)
                    queue.complete(session, job_id, ticket, seconds)
                    transcripts.store(
                        session,
                        transcripts.NewResult(job_id, row.id, "v1", heard, 0.8, seconds, "tiny.en", {"duration": 12.0}),
                    )
            if name == "broken.ogg":
                for _ in range(2):
                    job_id, ticket = queued.begin(session, row.id)
                    queue.fail(session, job_id, ticket, "UnreadableMedia", "nothing decodable")


def segment(start: float, end: float, text: str, probability: float) -> Segment:
    words = text.split()
    step = (end - start) / len(words)
    return Segment(
        start,
        end,
        text,
        tuple(
            Word(start + number * step, start + (number + 1) * step, f" {word}", probability)
            for number, word in enumerate(words)
        ),
    )


def test_every_documented_query_runs_and_finds_something(database: Database) -> None:
    fill(database)
    blocks = sql_blocks()
    assert len(blocks) >= 5
    with psycopg.connect(database.address(), row_factory=dict_row) as connection:
        silent = [block for block in blocks if not connection.execute(block).fetchall()]
    assert silent == []


def test_the_moment_of_a_phrase(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT m.filename, (s->>'start')::float AS start, r.version FROM transcription_results r "
        "JOIN media_files m ON m.id = r.media_file_id, jsonb_array_elements(r.content->'segments') s "
        "WHERE r.content->>'text' ILIKE '%machine learning%' AND s->>'text' ILIKE '%machine learning%' "
        "ORDER BY r.version",
    )
    assert rows == [("talk.mp3", 0.0, 1), ("talk.mp3", 0.0, 2)]


def test_segments_below_a_confidence(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT s->>'text' FROM transcription_results r, jsonb_array_elements(r.content->'segments') s "
        "WHERE (s->>'confidence')::float < 0.5 AND r.version = 2",
    )
    assert rows == [("and of something unclear there",)]


def test_means_by_pipeline_version(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT pipeline_version, avg(processing_time), avg(accuracy), count(*) "
        "FROM transcription_results GROUP BY pipeline_version",
    )
    assert rows == [("v1", 3.0, pytest.approx(0.8), 2)]


def test_failures_by_day_with_distinct_files(database: Database) -> None:
    fill(database)
    rows = ask(
        database,
        "SELECT count(*), count(DISTINCT media_file_id) FROM transcription_jobs WHERE status = 'failed' "
        "GROUP BY date_trunc('day', created_at)",
    )
    assert rows == [(2, 1)]


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
