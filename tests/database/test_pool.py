"""The pool of connections: its defaults, its settings, and what happens when it is empty."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from trax.database import Database
from trax.database.connect import open_unchecked
from trax.database.engine import PoolOptions
from trax.errors import DatabaseUnavailable, OutputError
from trax.settings import load_settings

ADDRESS = "postgresql://127.0.0.1:1/never-connected"


def test_defaults_are_twenty_and_thirty_for_thirty_seconds() -> None:
    with open_unchecked(load_settings(database_url=ADDRESS)) as database:
        pool = database.engine.pool
        assert isinstance(pool, QueuePool)
        assert (pool.size(), pool._max_overflow, pool.timeout()) == (20, 30, 30.0)


def test_settings_change_the_pool() -> None:
    settings = load_settings(database_url=ADDRESS, pool_size=3, pool_overflow=2, pool_timeout=1.5)
    with open_unchecked(settings) as database:
        pool = database.engine.pool
        assert isinstance(pool, QueuePool)
        assert (pool.size(), pool._max_overflow, pool.timeout()) == (3, 2, 1.5)


def test_an_empty_pool_is_explained(database: Database) -> None:
    with Database(database.address(), PoolOptions(size=1, overflow=1, timeout=0.2)) as small:
        first, second = small.engine.connect(), small.engine.connect()
        with pytest.raises(DatabaseUnavailable, match="TRAX_POOL_SIZE"), small.transaction() as session:
            session.execute(text("SELECT 1"))
        first.close()
        second.close()
        with small.transaction() as session:
            assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    def stop_half_way() -> None:
        with database.transaction() as session:
            session.execute(text("INSERT INTO media_files (filename, file_size, source_path) VALUES ('a', 1, '/a')"))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        stop_half_way()
    with database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM media_files")).scalar_one() == 0


def test_a_connection_that_died_is_replaced(database: Database) -> None:
    with database.transaction() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with Database(database.address()) as other, other.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with database.transaction() as session:
        assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid


def test_a_full_disk_is_named(database: Database) -> None:
    # A server that has no space left reports this very state; here it is asked to report it.
    full = text("DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$")
    with pytest.raises(OutputError, match="disk of the database is full"), database.transaction() as session:
        session.execute(full)
