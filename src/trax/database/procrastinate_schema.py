"""Procrastinate's own tables, made by our migrations.

Procrastinate carries its schema twice: whole, and as a chain of migration files. A new database gets it whole. A
comment on its main table names the last file that it contains, so that a later revision of ours, written for a later
release of Procrastinate, applies what came after (and nothing where the database was made by that release already).
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from sqlalchemy import Connection, text

# The newest file that our revisions bring in; a test fails where the installed Procrastinate has a newer one.
NEWEST_FILE = "03.04.00_50_post_add_retry_failed_job_procedure.sql"

MARK = "COMMENT ON TABLE procrastinate_jobs IS '{}'"
READ_MARK = "SELECT obj_description('procrastinate_jobs'::regclass)"

DROP = r"""
DO $$
DECLARE found record;
BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\_%'
    LOOP EXECUTE 'DROP FUNCTION ' || found.name || ' CASCADE'; END LOOP;
    FOR found IN SELECT oid::regtype AS name FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\_%'
    LOOP EXECUTE 'DROP TYPE ' || found.name || ' CASCADE'; END LOOP;
END $$
"""


def whole() -> list[str]:
    """SQL that makes the schema of the installed Procrastinate in a database without one."""
    schema = resources.files("procrastinate") / "sql" / "schema.sql"
    return [schema.read_text(encoding="utf-8"), MARK.format(files()[-1])]


def files() -> list[str]:
    """Names of Procrastinate's migration files, oldest first."""
    folder = resources.files("procrastinate") / "sql" / "migrations"
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))


def newer_than(mark: str) -> Iterator[tuple[str, str]]:
    """Name and SQL of each file that came after the one of that name."""
    folder = resources.files("procrastinate") / "sql" / "migrations"
    for name in files():
        if name > mark:
            yield name, (folder / name).read_text(encoding="utf-8")


def upgrade(connection: Connection) -> list[str]:
    """Bring the schema up to the installed Procrastinate; returns the files that were applied.

    Each file is a transaction of its own: a new value of an enum has to be committed before it can be used. A failure
    leaves the mark at the last file that came through, from where the next call goes on.
    """
    mark = connection.scalar(text(READ_MARK)) or ""
    connection.commit()
    applied = []
    for name, statements in newer_than(mark):
        connection.exec_driver_sql(statements.replace("%", "%%"))
        connection.exec_driver_sql(MARK.format(name))
        connection.commit()
        applied.append(name)
    return applied
