"""The pool of connections: its defaults, its settings, and what happens when it is empty."""

from __future__ import annotations

import time
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from trax.archive import Archive
from trax.database import Database, migrate
from trax.database.backup import environment
from trax.database.claims import claim, is_free
from trax.database.connect import open_unchecked
from trax.database.engine import PoolOptions
from trax.errors import DatabaseFull, DatabaseReadOnly, DatabaseUnavailable, DatabaseUnsuitable, UsageError
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
    with pytest.raises(DatabaseFull, match="disk of the database is full"), database.transaction() as session:
        session.execute(full)


def test_claims_outlive_the_timeouts_of_the_server(database: Database) -> None:
    with database.transaction() as session:
        name = session.execute(text("SELECT current_database()")).scalar_one()
        session.execute(text(f"ALTER DATABASE {name} SET idle_session_timeout = '200ms'"))
        session.execute(text(f"ALTER DATABASE {name} SET statement_timeout = '200ms'"))
    row = uuid4()
    try:
        with Database(database.address()) as other, claim(other, row):
            deadline = time.monotonic() + 1.0
            while time.monotonic() < deadline:
                with database.transaction() as session:
                    assert not is_free(session, row)
    finally:
        with database.transaction() as session:
            session.execute(text(f"ALTER DATABASE {name} RESET ALL"))


def test_a_migration_leaves_no_setting_behind(empty_database: Database) -> None:
    migrate.upgrade(empty_database)
    with empty_database.transaction() as session:
        assert session.execute(text("SHOW lock_timeout")).scalar_one() == "0"


def test_passwords_stay_out_of_messages_wherever_they_stand() -> None:
    for url in ("postgresql://u:sesame@127.0.0.1:1/d", "postgresql://127.0.0.1:1/d?user=u&password=sesame"):
        with Database(url) as database, pytest.raises(DatabaseUnavailable) as caught:
            database.check_server()
        assert "sesame" not in str(caught.value)
        assert "sesame" not in database.address(hide_password=True)
        assert environment(database)["PGPASSWORD"] == "sesame"


def test_an_unknown_parameter_of_the_address_is_refused() -> None:
    with Database("postgresql://127.0.0.1:1/d?colour=blue") as database, pytest.raises(UsageError, match="colour"):
        database.check_server()


def test_a_role_that_may_only_read_can_read(database: Database) -> None:
    with database.transaction() as session:
        name = session.execute(text("SELECT current_database()")).scalar_one()
        session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    try:
        with Archive(load_settings(database_url=database.address())) as archive:
            assert archive.media() == []
    finally:
        with psycopg.connect(database.address(), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET ALL")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_can_not_hold_every_text_is_refused(server: str, encoding: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE trax_narrow ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
        )
    url = make_url(server).set(database="trax_narrow").render_as_string(hide_password=False)
    try:
        with pytest.raises(DatabaseUnsuitable, match=encoding):
            Archive(load_settings(database_url=url))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE trax_narrow WITH (FORCE)")


def test_a_role_without_rights_is_told_so(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("CREATE ROLE trax_guest LOGIN PASSWORD 'guest'"))
    url = database.url.set(username="trax_guest", password="guest")
    try:
        with pytest.raises(DatabaseReadOnly, match="permission denied"):
            Archive(load_settings(database_url=url.render_as_string(hide_password=False)))
    finally:
        with database.transaction() as session:
            session.execute(text("DROP ROLE trax_guest"))
