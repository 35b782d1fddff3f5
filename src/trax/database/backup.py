"""PostgreSQL's own programs, run against the database in use."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from trax.database.embedded import find_binaries
from trax.database.engine import Database
from trax.errors import DatabaseUnavailable, OutputError


def program(name: str) -> Path:
    """The path of `psql` or `pg_dump`: the embedded ones, which are new enough for every server.

    Raises: DatabaseUnavailable: neither the embedded package nor the search path has it.
    """
    try:
        return find_binaries().folder / name
    except DatabaseUnavailable:
        if (found := shutil.which(name)) is None:
            raise
        return Path(found)


def environment(database: Database) -> dict[str, str]:
    """The environment in which PostgreSQL's programs reach the database; the password stays off command lines."""
    url = database.url
    values = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": str(url.port) if url.port else url.query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    return os.environ | {key: str(value) for key, value in values.items() if value}


def backup(database: Database, path: Path) -> None:
    """Write a dump of the whole database, for `pg_restore`; the file appears only when it is complete.

    Raises: OutputError: the dump failed, or can't be written.
    """
    draft = path.with_name(f".{path.name}.part")
    command = [str(program("pg_dump")), "--format=custom", f"--file={draft}"]
    done = subprocess.run(command, env=environment(database), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        draft.unlink(missing_ok=True)
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason was given"]
        raise OutputError(f"The backup to {path} failed: {reason[0]}.", "Mend that, and run it again.")
    draft.replace(path)
