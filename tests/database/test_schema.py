"""The live catalogue against the contract, and the rules that the database itself keeps."""

from __future__ import annotations

import importlib.util
import sys
import uuid
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.database import contract
from trax.database import Database, MediaFile, TranscriptionResult, mapper_registry, models

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = CAST(:name AS regclass) AND a.attnum > 0 AND NOT a.attisdropped
"""

INDEXES = """
SELECT a.attname, i.indisunique, m.amname FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = CAST(:name AS regclass)
"""

FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text,
       CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' END
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f'
"""


@pytest.mark.parametrize("table", contract.TABLES)
def test_columns_are_those_of_the_contract(database: Database, table: str) -> None:
    with database.transaction() as session:
        rows = session.execute(text(COLUMNS), {"name": table}).all()
    found = {name: (type_, nullable, default) for name, type_, nullable, default in rows}
    assert found == contract.COMMON | contract.TABLES[table] | contract.BESIDE.get(table, {})


@pytest.mark.parametrize("table", contract.TABLES)
def test_indexes_cover_what_the_contract_asks(database: Database, table: str) -> None:
    with database.transaction() as session:
        indexes = session.execute(text(INDEXES), {"name": table}).all()
    assert {column for column, _, _ in indexes} >= contract.INDEXED[table]
    unique = {(table, column) for column, is_unique, _ in indexes if is_unique and column != "id"}
    assert unique == {pair for pair in contract.UNIQUE | contract.UNIQUE_BESIDE if pair[0] == table}
    json_columns = {"file_metadata", "content"} & contract.INDEXED[table]
    assert {column for column, _, method in indexes if method == "gin"} == json_columns


def test_foreign_keys_delete_what_belongs_together_and_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        rows = session.execute(text(FOREIGN_KEYS)).all()
    found = {(table, column): (target, rule) for table, column, target, rule in rows if "procrastinate" not in table}
    assert found == contract.REFERENCES | contract.REFERENCES_BESIDE


@pytest.mark.parametrize("table", contract.STATUSES)
def test_only_documented_statuses_are_accepted(database: Database, table: str) -> None:
    with database.transaction() as session:
        media_id = _media(session)
    columns = {
        "media_files": "filename, file_size, source_path, status",
        "transcription_jobs": "media_file_id, status",
        "processing_jobs": "job_type, status",
    }[table]
    values = {
        "media_files": "'a.mp3', 1, '/a.mp3', :status",
        "transcription_jobs": f"'{media_id}', :status",
        "processing_jobs": "'transcribe', :status",
    }[table]
    for status in contract.STATUSES[table]:
        with database.transaction() as session:
            session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), {"status": status})
    with pytest.raises(Exception, match=f"ck_{table}_status"), database.transaction() as session:
        session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), {"status": "nonsense"})


@pytest.mark.parametrize("table", contract.TABLES)
def test_updated_at_moves_on_every_update_whoever_makes_it(database: Database, table: str) -> None:
    with database.transaction() as session:
        _one_row_of_each(session)
        # plain SQL, twice within one transaction, changing nothing: still an UPDATE each time
        update = text(f"UPDATE {table} SET created_at = created_at RETURNING updated_at")
        created = session.execute(text(f"SELECT created_at FROM {table}")).scalar_one()
        first = session.execute(update).scalar_one()
        second = session.execute(update).scalar_one()
    assert created < first < second


def test_a_result_can_not_be_rewritten(database: Database) -> None:
    with database.transaction() as session:
        _one_row_of_each(session)
    for change in ("content = '{}'", "segments = '[]'", "version = 7", "pipeline_version = 'v9'"):
        with pytest.raises(Exception, match="immutable"), database.transaction() as session:
            session.execute(text(f"UPDATE transcription_results SET {change}"))
    with database.transaction() as session:
        session.execute(text("UPDATE transcription_results SET accuracy = 0.5, content = content"))


def test_deleting_media_takes_its_jobs_and_results_along(database: Database) -> None:
    with database.transaction() as session:
        ids = _one_row_of_each(session)
        child = {"job": ids["transcription_jobs"], "media": ids["media_files"], "parent": ids["transcription_results"]}
        session.execute(
            text(
                "INSERT INTO transcription_results (job_id, media_file_id, parent_result_id, version, content) "
                "VALUES (:job, :media, :parent, 2, '{}')"
            ),
            child,
        )
    for table in ("transcription_jobs", "transcription_results"):
        with pytest.raises(Exception, match="violates foreign key"), database.transaction() as session:
            session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": ids[table]})
    with database.transaction() as session:
        session.execute(text("DELETE FROM media_files"))
        for table in ("transcription_jobs", "transcription_results"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_a_deleted_video_leaves_its_media(database: Database) -> None:
    with database.transaction() as session:
        _one_row_of_each(session)
        session.execute(text("UPDATE media_files SET youtube_video_id = (SELECT id FROM youtube_videos)"))
        session.execute(text("DELETE FROM youtube_videos"))
        assert session.execute(text("SELECT count(*) FROM media_files WHERE youtube_video_id IS NULL")).scalar() == 1


def test_many_rows_without_a_hash_but_each_hash_once(database: Database) -> None:
    with database.transaction() as session:
        _media(session), _media(session), _media(session, "a" * 64)
    with pytest.raises(Exception, match="uq_media_files_file_hash"), database.transaction() as session:
        _media(session, "a" * 64)


def test_importing_the_models_under_another_path_is_harmless() -> None:
    assert models.__file__ is not None
    spec = importlib.util.spec_from_file_location("elsewhere.models", models.__file__)
    assert spec is not None
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    sys.modules["elsewhere.models"] = again
    try:
        spec.loader.exec_module(again)
    finally:
        del sys.modules["elsewhere.models"]
    assert again.MediaFile is MediaFile
    assert again.TranscriptionResult is TranscriptionResult
    mapper_registry.configure()
    names = [mapper.class_.__name__ for mapper in mapper_registry.mappers]
    assert sorted(names) == sorted(set(names))
    assert {"MediaFile", "ProcessingJob", "TranscriptionJob", "TranscriptionResult", "YouTubeVideo"} <= set(names)


def test_constraint_names_follow_the_convention_and_fit(database: Database) -> None:
    with database.transaction() as session:
        names = session.scalars(text("SELECT conname FROM pg_constraint WHERE contype IN ('p','u','f','c')")).all()
        ours = [name for name in names if any(table in name for table in contract.TABLES)]
    assert len(ours) >= 20
    assert all(name.split("_")[0] in ("pk", "uq", "fk", "ck") and len(name) <= 63 for name in ours)


def _media(session: Session, file_hash: str | None = None) -> uuid.UUID:
    media = MediaFile(filename="a.mp3", file_size=1, source_path="/a.mp3", file_hash=file_hash)
    session.add(media)
    session.flush()
    return media.id


def _one_row_of_each(session: Session) -> dict[str, Any]:
    """IDs by table, of one row of every table."""
    statements = {
        "youtube_videos": "(youtube_id, title, channel, duration_seconds, url) "
        "VALUES ('abc', 'Title', 'Channel', 60, 'https://youtu.be/abc')",
        "media_files": "(filename, file_size, source_path) VALUES ('a.mp3', 1, '/a.mp3')",
        "transcription_jobs": "(media_file_id) SELECT id FROM media_files",
        "transcription_results": "(job_id, media_file_id, content, segments) "
        "SELECT id, media_file_id, '{\"text\": \"Hello.\"}', '[{}]' FROM transcription_jobs",
        "processing_jobs": "(job_type) VALUES ('transcribe')",
    }
    return {
        table: session.execute(text(f"INSERT INTO {table} {values} RETURNING id")).scalar_one()
        for table, values in statements.items()
    }


def test_the_second_server_is_really_postgresql_15(installed_server: str) -> None:
    with psycopg.connect(installed_server) as connection:
        assert connection.info.server_version // 10_000 == 15
