"""Every revision up and down, the models equal to the migrations, and the errors of a database that is not ready."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tests.fixtures.database import fresh_database
from trax.database import Database, indexing, migrate, open_database, procrastinate_schema, reindexing
from trax.database.migrate import alembic_config
from trax.database.search_models import OPTIONAL_INDEXES
from trax.errors import DatabaseNotMigrated, DatabaseTooOld, DatabaseUnavailable, UsageError
from trax.settings import load_settings

REPOSITORY = Path(__file__).resolve().parents[2]

CATALOGUE = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^trax'
UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conrelid <> 0
    AND connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' AND contype <> 'n'
"""


OLD_RESULT = (
    "INSERT INTO media_files (filename, file_size, source_path) VALUES ('a', 1, '/a')",
    "INSERT INTO transcription_jobs (media_file_id) SELECT id FROM media_files",
    """INSERT INTO transcription_results (job_id, media_file_id, content)
    SELECT id, media_file_id, '{"segments": [{"start": 0, "end": 1, "text": "Hello."}]}' FROM transcription_jobs""",
)


def catalogue(database: Database) -> set[str]:
    with database.transaction() as session:
        return set(session.scalars(text(CATALOGUE)))


def revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(alembic_config())
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def test_every_revision_goes_up_down_and_up_again(empty_database: Database) -> None:
    before = catalogue(empty_database)
    for revision in revisions():
        migrate.upgrade(empty_database, revision)
        after = catalogue(empty_database)
        migrate.downgrade(empty_database, "-1")
        assert catalogue(empty_database) == before
        migrate.upgrade(empty_database, revision)
        assert catalogue(empty_database) == after
        before = after
    migrate.downgrade(empty_database, "base")
    assert catalogue(empty_database) == set()


def test_results_that_were_there_before_the_index(empty_database: Database) -> None:
    migrate.upgrade(empty_database, "0003")
    with empty_database.transaction() as session:
        for statement in OLD_RESULT:
            session.execute(text(statement))
    migrate.upgrade(empty_database)
    with empty_database.transaction() as session:
        assert indexing.state(session).waiting == 1
    assert reindexing.reindex(empty_database).indexed == 1
    migrate.downgrade(empty_database, "0003")
    migrate.upgrade(empty_database)
    with empty_database.transaction() as session:
        assert indexing.state(session).waiting == 1


def test_the_revisions_are_known_without_alembic() -> None:
    assert migrate.known_revisions() == revisions()


def test_the_installed_procrastinate_is_the_one_that_the_revisions_bring() -> None:
    newest = procrastinate_schema.files()[-1]
    assert newest == procrastinate_schema.NEWEST_FILE, "a new revision has to bring the newer files in"


def test_procrastinate_is_brought_up_to_date_step_by_step(empty_database: Database) -> None:
    """The chain of files, from an old one on, ends where the whole schema does."""
    old = "03.00.00_50_post_cancel_notification.sql"
    with empty_database.engine.connect() as connection:
        for name, statements in procrastinate_schema.newer_than(""):
            if name <= old:
                connection.exec_driver_sql(statements.replace("%", "%%"))
                connection.commit()
        connection.exec_driver_sql(procrastinate_schema.MARK.format(old))
        applied = procrastinate_schema.upgrade(connection)
        assert applied
        assert min(applied) > old
        assert procrastinate_schema.upgrade(connection) == []
    stepwise = definitions(empty_database)
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql(procrastinate_schema.DROP.replace("%", "%%"))
        for statements in procrastinate_schema.whole():
            connection.exec_driver_sql(statements.replace("%", "%%"))
        assert connection.scalar(text(procrastinate_schema.READ_MARK)) == procrastinate_schema.NEWEST_FILE
    assert stepwise == definitions(empty_database)


def definitions(database: Database) -> set[str]:
    """Procrastinate's functions, columns and triggers; spaces apart, which the files and the whole differ in."""
    found = r"""
    SELECT 'function ' || regexp_replace(pg_get_functiondef(oid), '\s+', ' ', 'g') FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'procrastinate%'
    UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name LIKE 'procrastinate%'
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    """
    with database.transaction() as session:
        return set(session.scalars(text(found)))


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        command.check(alembic_config(connection))


def test_upgrades_at_once_wait_for_each_other(embedded_server: str) -> None:
    with fresh_database(embedded_server) as url, Database(url) as empty_database:
        environment = os.environ | {"TRAX_DATABASE_URL": url}
        command_line = [sys.executable, "-m", "trax", "db", "upgrade"]
        running = [subprocess.Popen(command_line, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        said = [process.communicate(timeout=60)[1] for process in running]
        assert [process.returncode for process in running] == [0, 0, 0], said
        assert migrate.revision(empty_database).is_current


def test_the_sql_of_an_upgrade_can_be_reviewed_and_run(embedded_server: str) -> None:
    shown = _alembic("upgrade", "head", "--sql")
    assert shown.returncode == 0, shown.stderr
    assert "CREATE TABLE transcription_results" in shown.stdout
    with fresh_database(embedded_server) as url, Database(url) as empty_database:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(shown.stdout.encode())
        found = catalogue(empty_database)
        assert migrate.revision(empty_database).is_current
        migrate.downgrade(empty_database, "base")
        migrate.upgrade(empty_database)
        assert catalogue(empty_database) == found


def test_a_server_without_the_extension_for_parts_of_words(database: Database) -> None:
    """The role may create no extension: all else is there, and the indexes come once somebody has created it."""
    with database.transaction() as session:
        session.execute(text("DROP EXTENSION pg_trgm CASCADE"))
        session.execute(text("CREATE ROLE may_little"))
        session.execute(text("GRANT ALL ON SCHEMA public TO may_little"))
        session.execute(text("SET LOCAL ROLE may_little"))
        assert session.scalar(text("SELECT trax_ensure_trigrams()")) is False
        session.execute(text("RESET ROLE"))
        assert session.scalar(text("SELECT trax_ensure_trigrams()")) is True
        found = {index for index in OPTIONAL_INDEXES if session.scalar(text(f"SELECT to_regclass('{index}')"))}
        session.rollback()
    assert found == OPTIONAL_INDEXES


def test_alembic_works_from_a_checkout(embedded_server: str) -> None:
    with fresh_database(embedded_server) as url, Database(url) as empty_database:
        for arguments in (("upgrade", "head"), ("downgrade", "-1"), ("current",)):
            done = _alembic(*arguments, url=url)
            assert done.returncode == 0, done.stderr
        assert migrate.revision(empty_database).current != migrate.revision(empty_database).needed


def test_a_database_without_tables_says_so(empty_database: Database) -> None:
    settings = load_settings(database_url=empty_database.address())
    with pytest.raises(DatabaseNotMigrated, match=r"no Trax tables.*trax db upgrade"):
        open_database(settings)


def test_a_database_of_a_newer_trax_is_left_alone(empty_database: Database) -> None:
    migrate.upgrade(empty_database)
    with empty_database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(DatabaseNotMigrated, match="newer Trax"):
        open_database(load_settings(database_url=empty_database.address()))


def test_a_server_that_does_not_answer() -> None:
    settings = load_settings(database_url="postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable, match="can't be reached") as caught:
        open_database(settings)
    assert "secret" not in str(caught.value)


def test_an_old_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.database.engine.OLDEST_SERVER", 990_000)
    with pytest.raises(DatabaseTooOld, match="needs 15 or newer"):
        open_database(load_settings(database_url=database.address()))


@pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://localhost/x", "nonsense"])
def test_addresses_of_other_databases_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="TRAX_DATABASE_URL"):
        open_database(load_settings(database_url=url))


def _alembic(*arguments: str, url: str = "postgresql://localhost/none") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"TRAX_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
