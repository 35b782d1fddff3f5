"""Extensions of the server that are in a database: Trax does without them, and makes use of those that are there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

TRIGRAMS, VECTORS = "pg_trgm", "vector"


@dataclass(frozen=True, slots=True)
class Extension:
    """One that is in the database."""

    version: tuple[int, ...]
    schema: str  # that its types, operators and functions are in
    is_usable: bool  # whether this role may use what is in that schema


# An administrator may have put them where no statement looks by itself.
PATH = """
    set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), (
        SELECT string_agg(DISTINCT quote_ident(n.nspname), ', ')
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname IN ('pg_trgm', 'vector') AND n.nspname <> ALL (current_schemas(true))
    )), true)"""


def find_by_name(session: Session) -> None:
    """From here to the end of the transaction, statements find what the extensions define, wherever that is."""
    session.execute(text(f"SELECT {PATH}"))


def extension(session: Session, name: str) -> Extension | None:
    """The extension of that name; None: the database doesn't have it."""
    statement = """
        SELECT e.extversion, n.nspname, has_schema_privilege(n.oid, 'USAGE') AS is_usable
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = :name"""
    row = session.execute(text(statement), {"name": name}).one_or_none()
    return None if row is None else Extension(numbers(row.extversion), row.nspname, row.is_usable)


def offered(session: Session, name: str) -> tuple[int, ...]:
    """The version that the server could put into the database; () where it has none."""
    statement = "SELECT default_version FROM pg_available_extensions WHERE name = :name"
    return numbers(session.scalar(text(statement), {"name": name}) or "")


def numbers(version: str) -> tuple[int, ...]:
    """A version to be compared."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
