"""Files that are in the archive are told by path, size and time of change, in one query for many."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from trax.database import Database, media, queue
from trax.database.known_files import KNOWN, FileState, known_files, parameters
from trax.database.media import NewMedia
from trax.database.models import MediaFile

MANY = 20_000


def add(database: Database, path: str, content: str, mtime_ns: int = 7) -> MediaFile:
    with database.transaction() as session:
        row, _ = media.add(session, NewMedia("a.mp3", 1000, content * 64, path, path, mtime_ns))
        return row


def ask(database: Database, *files: FileState) -> list[object]:
    with database.transaction() as session:
        return [known and known.media_id for known in known_files(session, files)]


def test_unchanged_files_are_known_in_the_order_asked(database: Database) -> None:
    first, second = add(database, "/in/a.mp3", "a").id, add(database, "/in/b b\N{SNOWMAN}.mp3", "b").id
    asked = [
        FileState("/in/b b\N{SNOWMAN}.mp3", 1000, 7),
        FileState("/in/a.mp3", 1001, 7),
        FileState("/in/a.mp3", 1000, 8),
        FileState("/in/c.mp3", 1000, 7),
        FileState("/in/a.mp3", 1000, 7),
    ]
    assert ask(database, *asked) == [second, None, None, None, first]
    assert ask(database) == []


def test_a_path_is_known_by_its_newest_content_alone(database: Database) -> None:
    add(database, "/in/a.mp3", "a", mtime_ns=7)
    newer = add(database, "/in/a.mp3", "b", mtime_ns=1_750_000_000_123_456_789)
    assert ask(database, FileState("/in/a.mp3", 1000, 7)) == [None]
    assert ask(database, FileState("/in/a.mp3", 1000, 1_750_000_000_123_456_789)) == [newer.id]


def test_a_row_that_has_no_bytes_is_no_known_file(database: Database) -> None:
    row = add(database, "/in/a.mp3", "a")
    with database.transaction() as session:
        session.execute(text("UPDATE media_files SET file_hash = NULL WHERE id = :id"), {"id": row.id})
    assert ask(database, FileState("/in/a.mp3", 1000, 7)) == [None]


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_it_says_what_was_asked_of_the_file(database: Database, status: str) -> None:
    row = add(database, "/in/a.mp3", "a")
    requests = [uuid4(), uuid4()]
    with database.transaction() as session:
        (before,) = known_files(session, [FileState("/in/a.mp3", 1000, 7)])
        assert before is not None
        assert before.request_ids == frozenset()
        for request in requests:
            queue.enqueue(session, queue.NewJob(row.id, request, {}, {}))
        session.execute(text("INSERT INTO transcription_jobs (media_file_id) VALUES (:id)"), {"id": row.id})  # by hand
        session.execute(text("UPDATE transcription_jobs SET status = :status"), {"status": status})
        (known,) = known_files(session, [FileState("/in/a.mp3", 1000, 7)])
    assert known is not None
    assert (known.media_id, known.request_ids) == (row.id, frozenset(requests))


def test_a_large_archive_is_asked_through_its_indexes(database: Database) -> None:
    with psycopg.connect(database.address(), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO media_files (filename, file_size, source_path, local_path, file_hash, file_metadata) "
            "SELECT 'f' || n, n, '/f' || n, '/f' || n, md5(n::text) || md5(n::text), jsonb_build_object('mtime_ns', n) "
            "FROM generate_series(1, %s) n",
            [MANY],
        )
        connection.execute("INSERT INTO transcription_jobs (media_file_id) SELECT id FROM media_files")
        connection.execute("ANALYZE media_files, transcription_jobs")
    files = [FileState(f"/f{n}", n, n) for n in range(1, MANY, MANY // 100)]
    with database.transaction() as session:
        explained = session.execute(text(f"EXPLAIN {KNOWN.text}"), parameters(files))
        plan = "\n".join(row[0] for row in explained)
        assert "ix_media_files_local_path" in plan
        assert "ix_transcription_jobs_media_file_id" in plan
        assert "Seq Scan" not in plan, plan
        assert None not in known_files(session, files)
