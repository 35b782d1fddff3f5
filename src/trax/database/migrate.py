"""The schema's revisions: which one a database has, and how it gets to the one that this Trax needs.

Alembic is imported where it migrates; the look that every command takes at the revision does without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from trax.database.engine import Database
from trax.errors import DatabaseNotMigrated

if TYPE_CHECKING:
    from alembic.config import Config

# The two lines by which Alembic chains a revision to the one before it.
CHAIN = re.compile(r'^(revision|down_revision) = (?:"(\w+)"|None)', re.MULTILINE)


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
    current, revisions = _current(database), known_revisions()
    return Revision(current, revisions[-1], known=current is None or current in revisions)


def known_revisions() -> list[str]:
    """All revisions of this Trax, oldest first."""
    following: dict[str, str] = {}
    for path in migrations_folder().joinpath("versions").glob("*.py"):
        found = dict(CHAIN.findall(path.read_text(encoding="utf-8")))
        following[found["down_revision"]] = found["revision"]
    ordered: list[str] = []
    while (step := following.get(ordered[-1] if ordered else "")) is not None:
        ordered.append(step)
    return ordered


def upgrade(database: Database, target: str = "head") -> None:
    """Bring the schema to `target`; two upgrades at once wait for each other."""
    from alembic import command

    with database.explained(), database.engine.connect() as connection:
        command.upgrade(alembic_config(connection), target)


def downgrade(database: Database, target: str) -> None:
    """Take the schema back to `target` (`base`: remove it, with all data)."""
    from alembic import command

    with database.explained(), database.engine.connect() as connection:
        command.downgrade(alembic_config(connection), target)


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


def alembic_config(connection: object | None = None) -> Config:
    """Alembic's configuration for our migrations, to be run over `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _current(database: Database) -> str | None:
    # Both tables: a database may hold the `alembic_version` of another program.
    with database.transaction() as session:
        ours = "SELECT to_regclass('alembic_version') IS NOT NULL AND to_regclass('media_files') IS NOT NULL"
        if not session.execute(text(ours)).scalar_one():
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar()
