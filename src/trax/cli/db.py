"""`trax db`: the database under the archive."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import print_json, print_table, say, say_progress
from trax.cli.options import AsJson
from trax.cli.reindex import reindex

if TYPE_CHECKING:
    from trax.database import Database
    from trax.settings import Settings

app = typer.Typer(help="The database under the archive.", no_args_is_help=True)
app.command()(reindex)


@app.command()
def upgrade() -> None:
    """Bring the tables to what this Trax needs."""
    from trax.database import health, migrate
    from trax.database.connect import open_unchecked
    from trax.settings import load_settings

    with open_unchecked(load_settings(), say_progress) as database:
        database.check_server()
        before = migrate.revision(database)
        if before.known:
            migrate.upgrade(database)
        migrate.require_current(database)
        waiting = _waiting(database)
        knows_letters = health.knows_letters(database)
    steps = "was up to date" if before.is_current else f"upgraded from {before.current or 'nothing'}"
    say(f"Schema {before.needed}: {steps}.")
    if waiting:
        say(waiting)
    if not knows_letters:
        say(f"{health.UNKNOWN_LETTERS} {health.ANOTHER_LOCALE}")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say which database is in use and how it is. Starts nothing."""
    from trax.settings import load_settings

    settings = load_settings()
    facts = _embedded_facts(settings) if settings.database_url is None else {"kind": "TRAX_DATABASE_URL"}
    if facts.get("running", True):
        facts |= _server_facts(settings)
    if as_json:
        print_json(facts)
    else:
        print_table(("fact", "value"), list(facts.items()))
    if facts.get("problem"):
        raise typer.Exit(1)


@app.command()
def url() -> None:
    """Print the database's address, for psql and every other program; starts the embedded server if need be."""
    from trax.jobs.cleanup import open_tidy
    from trax.settings import load_settings

    with open_tidy(load_settings(), say_progress) as database:
        typer.echo(database.address())


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def shell(context: typer.Context) -> None:
    """Open psql on the database; further arguments go to psql (`trax db shell -- -c 'SELECT 1'`)."""
    from trax.database.backup import environment, program
    from trax.jobs.cleanup import open_tidy
    from trax.settings import load_settings

    with open_tidy(load_settings(), say_progress) as database:
        psql, variables = program("psql"), environment(database)
    os.execve(psql, [str(psql), *context.args], variables)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="File to write; `pg_restore` reads it.")],
) -> None:
    """Write the whole database to a file."""
    from trax.database.backup import backup as write_backup
    from trax.jobs.cleanup import open_tidy
    from trax.settings import load_settings

    target = _writable(path)
    with open_tidy(load_settings(), say_progress) as database:
        write_backup(database, target)
    say(f"Wrote {path}")


@app.command()
def stop() -> None:
    """Stop the embedded server now; it starts again by itself when it is needed."""
    from trax.database import embedded
    from trax.settings import load_settings

    say("Stopped." if embedded.stop(load_settings().home) else "The embedded server was not running.")


def _waiting(database: Database) -> str:
    from trax.database import indexing

    with database.transaction() as session:
        return indexing.state(session).hint


def _writable(path: Path) -> Path:
    """The file behind the path, where one can be written: that is known before a long dump, not after it."""
    from trax.errors import OutputError

    try:
        target = path.resolve()  # a link stays one
        if target.is_dir():
            raise OutputError(f"{path} is a folder.", f"Name a file in it, such as {path / 'trax.dump'}.")
        if target.exists() and not target.is_file():
            raise OutputError(f"{path} is no file that could be replaced.", "Name a file.")
        with tempfile.TemporaryFile(dir=target.parent):
            return target
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} can't be written: {reason}.", "Choose another file.") from error


def _embedded_facts(settings: Settings) -> dict[str, Any]:
    from trax.database import embedded

    found = embedded.status(settings.home)
    started = datetime.fromtimestamp(found.started_at, UTC) if found.started_at else None
    return {
        "kind": "embedded",
        "running": found.running,
        "version": found.version,
        "data_folder": str(found.data_folder),
        "pid": found.pid,
        "started_at": started.isoformat(timespec="seconds") if started else None,
        "idle_seconds": found.idle_seconds,
    }


def _server_facts(settings: Settings) -> dict[str, Any]:
    from trax.database import health, migrate
    from trax.database.connect import open_unchecked
    from trax.errors import DatabaseError

    try:
        with open_unchecked(settings) as database:
            version = database.check_server()
            found = migrate.revision(database)
            warning = {} if health.knows_letters(database) else {"warning": health.UNKNOWN_LETTERS}
            return {
                "address": database.address(hide_password=True),
                "server": f"{version // 10_000}.{version % 10_000}",
                "schema": found.current,
                "schema_needed": found.needed,
                "up_to_date": found.is_current,
                **warning,
            }
    except DatabaseError as error:
        return {"problem": str(error)}
