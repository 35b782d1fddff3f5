"""The examples of docs/sql.md; `python -m tests.docs.sql_page` writes what psql answers on the archive of the tests.

It fills the database of TRAX_DATABASE_URL, or the embedded one of TRAX_HOME, which has to be migrated and empty.
"""

from __future__ import annotations

import re
import subprocess

from tests.conftest import REPOSITORY
from tests.database import small_archive
from trax.database import Database, open_database
from trax.database.backup import environment, program
from trax.settings import load_settings

PAGE = REPOSITORY / "docs" / "sql.md"
_EXAMPLE = re.compile(r"(?<=^```sql\n)(.*?)(?:^```\n\n^```text\n)(.*?)(?=^```)", re.M | re.S)


def examples() -> list[tuple[str, str]]:
    """Each statement of the page, and what the page says it prints."""
    return _EXAMPLE.findall(PAGE.read_text("utf-8"))


def psql(database: Database, statement: str, role: str | None = None) -> str:
    """What psql prints, with days as in Greenwich."""
    options = "-c TimeZone=UTC" if role is None else f"-c TimeZone=UTC -c role={role}"
    command = [str(program("psql")), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--pset=pager=off", "--command", statement]
    ran = subprocess.run(
        command,
        env=environment(database) | {"PGOPTIONS": options, "PGCLIENTENCODING": "UTF8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return "".join(f"{line.rstrip()}\n" for line in ran.stdout.rstrip().splitlines())


def _write() -> None:
    with open_database(load_settings()) as database:
        small_archive.fill(database)
        page = _EXAMPLE.sub(
            lambda found: f"{found[1]}```\n\n```text\n{psql(database, found[1])}", PAGE.read_text("utf-8")
        )
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    _write()
