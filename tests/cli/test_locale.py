"""A database whose locale doesn't know letters beyond ASCII: told where a person looks at the database."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.cli.conftest import Run
from trax.cli import doctor
from trax.database import Database, health
from trax.settings import load_settings

OF_LETTERS_ALONE = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
OF_PLACES = "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"


@pytest.fixture(params=[OF_PLACES, OF_LETTERS_ALONE], ids=["neither", "cases alone"])
def narrow_database(
    request: pytest.FixtureRequest, embedded_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Address of an empty database of such a locale, which commands find."""
    url = make_url(embedded_server).set(database="trax_ascii").render_as_string(hide_password=False)
    with psycopg.connect(embedded_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS trax_ascii WITH (FORCE)")
        connection.execute(f"CREATE DATABASE trax_ascii TEMPLATE template0 ENCODING 'UTF8' {request.param}")
    monkeypatch.setenv("TRAX_DATABASE_URL", url)
    yield url
    with psycopg.connect(embedded_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE trax_ascii WITH (FORCE)")


def test_it_is_told_and_what_to_do(run: Run, narrow_database: str) -> None:
    upgraded = run("db", "upgrade")
    assert upgraded.code == 0
    assert "doesn't know letters beyond ASCII" in upgraded.err
    assert "LOCALE 'C.UTF-8' TEMPLATE template0" in upgraded.err
    assert run("db", "status", "--json").json["warning"] == health.UNKNOWN_LETTERS
    checks = {check.name: check for check in doctor._database(load_settings())}
    assert (checks["locale"].state, checks["locale"].next_step) == ("warning", health.ANOTHER_LOCALE)


def test_nothing_is_told_of_a_database_that_knows_letters(database: Database) -> None:
    assert health.knows_letters(database)
    assert health.examine(database).knows_letters


def test_who_looks_at_a_sound_database_is_not_warned(run: Run, database_url: str) -> None:
    assert "warning" not in run("db", "status", "--json").json
    assert "letters" not in run("db", "upgrade").err
