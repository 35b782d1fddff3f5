"""The schema's revisions: which one a database has, and how it gets to the one that this Trax needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from trax.database.engine import Database
from trax.errors import DatabaseNotMigrated


@dataclass(frozen=True, slots=True)
class Revision:
    """Where a database stands."""

    current: str | None  # None: no schema yet
    needed: str
    known: bool  # whether this Trax knows the database's revision

    @property
    def is_current(self) -> bool:
        return self.current == self.needed


def migrations_folder() -> Path:
    """The migrations: inside the installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent.parent / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def revision(database: Database) -> Revision:
    """The revision that the database has and the one that this Trax needs."""
    scripts = ScriptDirectory.from_config(_config())
    needed = scripts.get_current_head()
    assert needed is not None
    with database.transaction() as session:
        current = MigrationContext.configure(session.connection()).get_current_revision()
    known = current is None or current in {script.revision for script in scripts.walk_revisions()}
    return Revision(current, needed, known)


def upgrade(database: Database, target: str = "head") -> None:
    """Bring the schema to `target`; two upgrades at once wait for each other."""
    with database.engine.connect() as connection:
        command.upgrade(_config(connection), target)


def downgrade(database: Database, target: str) -> None:
    """Take the schema back to `target` (`base`: remove it, with all data)."""
    with database.engine.connect() as connection:
        command.downgrade(_config(connection), target)


def require_current(database: Database) -> None:
    """Raise DatabaseNotMigrated unless the schema is the one that this Trax needs."""
    found = revision(database)
    if found.is_current:
        return
    if not found.known:
        raise DatabaseNotMigrated(
            f"The database has schema {found.current}, made by a newer Trax.", "Upgrade Trax on this machine."
        )
    state = "has no Trax tables yet" if found.current is None else f"has schema {found.current}"
    raise DatabaseNotMigrated(f"The database {state}; this Trax needs {found.needed}.", "Run `trax db upgrade`.")


def _config(connection: object | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config
