"""docs/sql.md: psql prints what the page says, on both servers and for a role that may only read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.database import small_archive
from tests.docs.sql_page import PAGE, examples, psql
from trax.database import Database

READER = "trax_test_reader"
VIEWS = "SELECT table_name::text FROM information_schema.views WHERE table_schema = 'public' AND table_name ~ '^trax_'"


@contextmanager
def reader(database: Database, *grants: str) -> Iterator[str]:
    """A role with these rights."""
    with psycopg.connect(database.address(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {READER}")
        try:
            for grant in grants:
                connection.execute(f"{grant} TO {READER}".encode())
            yield READER
        finally:
            connection.execute(f"DROP OWNED BY {READER}")
            connection.execute(f"DROP ROLE {READER}")


def test_the_page_shows_what_psql_prints(database: Database) -> None:
    small_archive.fill(database)
    shown = examples()
    assert len(shown) == PAGE.read_text("utf-8").count("```sql\n") >= 15
    with reader(database, "GRANT pg_read_all_data") as role:
        for statement, printed in shown:
            assert psql(database, statement, role) == printed, statement


def test_the_views_need_no_right_on_tables(database: Database) -> None:
    """As the page grants it: all views, and nothing else."""
    small_archive.fill(database)
    granted = re.findall(r"^GRANT [^;]+(?= TO reader;)", PAGE.read_text("utf-8"), re.M)
    views = psql(database, f"\\copy ({VIEWS}) TO STDOUT").split()
    assert len(views) == 11
    assert all(re.search(rf"\b{view}\b", " ".join(granted)) for view in views)
    with reader(database, *(grant for grant in granted if "pg_read_all_data" not in grant)) as role:
        for view in views:
            assert "(0 rows)" not in psql(database, f"SELECT * FROM {view}", role)


def test_every_view_and_column_is_described(database: Database) -> None:
    columns = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_name IN "
    found = psql(database, f"\\copy ({columns} ({VIEWS})) TO STDOUT").split()
    named = set(re.findall(r"`(\w+)`", PAGE.read_text("utf-8"))) | {"pipeline_version", "day", "failed_jobs"}
    assert {name for column in found for name in column.split(".")} <= named
