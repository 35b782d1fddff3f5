"""PostgreSQL's own programs, run against the database in use."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from trax.database.embedded import find_binaries
from trax.database.engine import Database
from trax.database.search_models import OPTIONAL_TABLES
from trax.errors import DatabaseUnavailable, OutputError


def program(name: str) -> Path:
    """The path of `psql` or `pg_dump`: the embedded ones, new enough for servers up to their own version.

    Raises: DatabaseUnavailable: neither the embedded package nor the search path has it.
    """
    try:
        return find_binaries().folder / name
    except DatabaseUnavailable:
        if (found := shutil.which(name)) is None:
            raise
        return Path(found)


# Parameters of an address, as https://www.postgresql.org/docs/current/libpq-envars.html names them.
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "gssencmode": "PGGSSENCMODE",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def environment(database: Database) -> dict[str, str]:
    """The environment in which PostgreSQL's programs reach the database just as Trax does.

    Variables, since a command line, and a password on it, can be read by every user of the machine.
    """
    url = database.url
    given: dict[str, object] = {
        "host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database,
    }  # fmt: skip
    for name, value in url.query.items():
        given[name] = value if isinstance(value, str) else ",".join(value)
    known = {VARIABLES[name]: str(value) for name, value in given.items() if value is not None and name in VARIABLES}
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES.values()}
    return inherited | known


def backup(database: Database, path: Path) -> None:
    """Write a dump of the database, for `pg_restore`; the file appears only when it is complete.

    Vectors of pgvector are left out, which not every server can take in: they are made again from the embeddings.

    Raises: OutputError: the dump failed, or can't be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    left_out = [f"--exclude-table={table}" for table in sorted(OPTIONAL_TABLES)]
    command = [str(program("pg_dump")), "--format=custom", *left_out, f"--file={draft}"]
    try:
        done = subprocess.run(command, env=environment(database), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()[-1:] or ["no reason was given"]
            raise OutputError(f"The backup to {path} failed: {reason[0]}.", "Mend that, and run it again.")
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"The backup can't be written to {path}: {error.strerror}.", "Choose another file."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
