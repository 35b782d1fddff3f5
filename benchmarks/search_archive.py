"""The corpus of `benchmarks.search` in a database of Trax, stored as any result is, and in SQLite's FTS5 beside."""

from __future__ import annotations

import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, text
from sqlalchemy.orm import Session

from benchmarks.search_corpus import Talk, talks
from trax.database import Database, embedded, indexing, lexicon, migrate, reindexing, transcripts
from trax.database.engine import PoolOptions
from trax.database.models import MediaFile, TranscriptionJob
from trax.search.passages import index_rows

AT_ONCE = 20  # transcripts in one transaction
MEASURED = 120  # transcripts whose cost is measured one by one, with and without the index
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where everything is."""

    folder: Path
    database: Database

    @property
    def fts5(self) -> Path:
        return self.folder / "fts5.sqlite"


@contextmanager
def archive(folder: Path, hours: int) -> Iterator[Archive]:
    """The archive in `folder`, filled unless it is already."""
    home = folder / "home"
    url = embedded.ensure_running(home, 3600, lambda _: None)
    try:
        with Database(url, PoolOptions(4, 4, 30), patience=600) as database:
            migrate.upgrade(database)
            opened = Archive(folder, database)
            _fill(opened, hours)
            yield opened
    finally:
        embedded.stop(home)


def _fill(opened: Archive, hours: int) -> None:
    with opened.database.transaction() as session:
        there = session.scalar(text("SELECT count(*) FROM transcription_results")) or 0
    if there >= hours and opened.fts5.exists():
        return
    began = time.perf_counter()
    sqlite = sqlite3.connect(opened.fts5)
    sqlite.executescript(
        "DROP TABLE IF EXISTS said; DROP TABLE IF EXISTS place;"
        "CREATE VIRTUAL TABLE said USING fts5(text, tokenize = 'porter unicode61');"
        "CREATE TABLE place (id INTEGER PRIMARY KEY, talk TEXT, start REAL)"
    )
    batch: list[Talk] = []
    for talk in talks(hours):
        batch.append(talk)
        if len(batch) == AT_ONCE or talk.number + 1 == hours:
            _store(opened.database, batch, there)
            _store_fts5(sqlite, batch)
            batch = []
            if (talk.number + 1) % 200 == 0:
                print(f"{talk.number + 1} hours, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    sqlite.execute("INSERT INTO said(said) VALUES ('optimize')")
    sqlite.commit()
    sqlite.close()
    _count_words(opened.database)


def _count_words(database: Database) -> None:
    while True:
        with database.transaction() as session:
            if not lexicon.refresh(session):
                break
    with database.transaction() as session:
        reindexing.tidy(session)
    _settle(database)


def _settle(database: Database) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))  # which autovacuum would come to by and by
        connection.execute(text("CHECKPOINT"))


def _store(database: Database, batch: Sequence[Talk], there: int) -> None:
    with database.transaction() as session:
        for talk in batch:
            if talk.number >= there:
                store(session, talk)


def store(session: Session, talk: Talk) -> UUID:
    """Store a talk as a worker does, without the work; the ID of its media."""
    media_id, job_id = uuid4(), uuid4()
    when = BEGAN + timedelta(days=talk.number % 2000)
    session.execute(
        insert(MediaFile).values(
            id=media_id, filename=f"{talk.title}.mp3", file_size=1, source_path=f"/talks/{talk.number}",
            duration=talk.transcript.duration, status="ready", created_at=when,
        )
    )  # fmt: skip
    session.execute(insert(TranscriptionJob).values(id=job_id, media_file_id=media_id, status="completed"))
    transcripts.store(
        session,
        transcripts.NewResult(job_id, media_id, "v1", talk.transcript, 0.9, 60.0, "made up", {}),
    )
    return media_id


def _store_fts5(sqlite: sqlite3.Connection, batch: Sequence[Talk]) -> None:
    for talk in batch:
        rows = [(segment.text, talk.title, segment.start) for segment in talk.transcript.segments]
        start = sqlite.execute("SELECT coalesce(max(id), 0) FROM place").fetchone()[0]
        sqlite.executemany(
            "INSERT INTO said(rowid, text) VALUES (?, ?)", [(start + n + 1, row[0]) for n, row in enumerate(rows)]
        )
        sqlite.executemany(
            "INSERT INTO place VALUES (?, ?, ?)", [(start + n + 1, row[1], row[2]) for n, row in enumerate(rows)]
        )
    sqlite.commit()


def insert_cost(database: Database) -> dict[str, float]:
    """CPU milliseconds of the server for each hour of transcript (10,000 words), with the index and without."""
    measured = list(talks(2 * MEASURED, seed=66))
    with_index, without, rows = [], [], []
    added: set[UUID] = set()
    for number, talk in enumerate(measured):
        hours = talk.transcript.word_count / 10_000
        if number % 2 == 0:
            with_index.append(_cost(database, talk, added) / hours)
            began = time.process_time()
            index_rows(talk.transcript, measured=True)
            rows.append(1000 * (time.process_time() - began) / hours)
        else:
            with patch.object(indexing, "write_index", lambda *_: None):
                without.append(_cost(database, talk, added) / hours)
    counted = _counting_cost(database, MEASURED)
    _remove(database, sorted(added))
    return {
        "with_index": round(statistics.mean(with_index), 1),
        "without_index": round(statistics.mean(without), 1),
        "index": round(statistics.mean(with_index) - statistics.mean(without), 1),
        "words_counted": round(counted, 1),
        "rows_made_by_trax": round(statistics.mean(rows), 1),
    }


def _remove(database: Database, media_ids: Sequence[UUID]) -> None:
    """Leave the archive as it was, for the next run on it."""
    with database.transaction() as session:
        session.execute(delete(MediaFile).where(MediaFile.id.in_(media_ids)))
    _settle(database)


def _cost(database: Database, talk: Talk, added: set[UUID]) -> float:
    with database.transaction() as session:
        process = int(session.scalar(text("SELECT pg_backend_pid()")) or 0)
        before = _spent(process)
        added.add(store(session, talk))
        session.commit()
        return _spent(process) - before


def _counting_cost(database: Database, results: int) -> float:
    with database.transaction() as session:
        process = int(session.scalar(text("SELECT pg_backend_pid()")) or 0)
        before = _spent(process)
        done = lexicon.refresh(session, results)
        session.commit()
        return (_spent(process) - before) / max(1, done)


def _spent(process: int) -> float:
    """CPU milliseconds of a process so far."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


def sizes(opened: Archive) -> dict[str, float]:
    """Megabytes of each table and its indexes, and of SQLite's file."""
    tables = ("transcription_results", "transcript_segments", "transcript_passages", "search_lexicon")
    statement = text(  # a table, or the partitions of one
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE oid = to_regclass(:name) "
        "OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(:name))"
    )
    with opened.database.transaction() as session:
        found = {name: round(int(session.scalar(statement, {"name": name}) or 0) / 1e6, 1) for name in tables}
    return {**found, "fts5": round(opened.fts5.stat().st_size / 1e6, 1)}
