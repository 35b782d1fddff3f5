"""From settings to a database that is ready for use."""

from __future__ import annotations

from collections.abc import Callable

from trax.database import migrate
from trax.database.engine import Database, PoolOptions
from trax.errors import DatabaseNotMigrated
from trax.settings import Settings

SHORTEST_PATIENCE = 5.0  # seconds that a transaction may be idle at least


def _silent(_: str) -> None:
    pass


def open_unchecked(settings: Settings, announce: Callable[[str], None] = _silent) -> Database:
    """The database that the settings name, with no look at its schema; starts the embedded server if need be."""
    pool = PoolOptions(settings.pool_size, settings.pool_overflow, settings.pool_timeout)
    patience = max(SHORTEST_PATIENCE, settings.stall_timeout)
    if settings.database_url is not None:
        return Database(settings.database_url.get_secret_value(), pool, patience=patience)
    from trax.database import embedded

    def wake() -> str:
        return embedded.ensure_running(settings.home, settings.database_idle, announce)

    options = embedded.CONNECT_OPTIONS
    return Database(wake(), pool, embedded=True, connect_options=options, wake=wake, patience=patience)


def open_database(settings: Settings, announce: Callable[[str], None] = _silent) -> Database:
    """The database that the settings name, reachable and with the right schema.

    The embedded database belongs to Trax, so its schema is upgraded here; any other one is its owner's to upgrade.

    Raises: DatabaseUnavailable, DatabaseTooOld, DatabaseNotMigrated, UsageError.
    """
    database = open_unchecked(settings, announce)
    try:
        database.check_server()
        if database.embedded and _is_behind(database):
            announce("Preparing the database ...")
            migrate.upgrade(database)
            _say_what_waits(database, announce)
        migrate.require_current(database)
    except BaseException:
        database.close()
        raise
    return database


def existing_database(settings: Settings) -> Database | None:
    """The database that the settings name as it is; None where the embedded one was never made, or is an older one.

    Raises: DatabaseUnavailable, DatabaseTooOld.
    """
    if settings.database_url is None and not (settings.home / "postgres").exists():
        return None
    database = open_unchecked(settings)
    try:
        database.check_server()
        migrate.require_current(database)
    except DatabaseNotMigrated:
        database.close()
        return None
    except BaseException:
        database.close()
        raise
    return database


def _say_what_waits(database: Database, announce: Callable[[str], None]) -> None:
    """An upgrade leaves the transcripts that are there to be indexed: that may take its time."""
    from trax.database import indexing

    with database.transaction() as session:
        if hint := indexing.state(session).hint:
            announce(hint)


def _is_behind(database: Database) -> bool:
    found = migrate.revision(database)
    return found.known and not found.is_current
