"""A pool of connections to one PostgreSQL, and transactions on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from trax.errors import (
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseTooOld,
    DatabaseUnavailable,
    DatabaseUnsuitable,
    TraxError,
    UsageError,
)
from trax.storable import storable_json

OLDEST_SERVER = 150_000  # server_version_num of PostgreSQL 15.0
# A connection that is cut somewhere on the way is given up after half a minute, on this side and (`_habits`) the other.
CONNECT_OPTIONS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "client_encoding": "UTF8",
    "application_name": "trax",
}
ADDRESS_HINT = "Set TRAX_DATABASE_URL to postgresql://user:password@host:5432/database, or unset it."
SECRETS = ("password", "sslpassword")  # that may stand in the query of an address

# SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
DISK_FULL, OUT_OF_CONNECTIONS = "53100", "53300"
READ_ONLY, NOT_ALLOWED = "25006", "42501"  # a standby, or a role that may not do it
NO_TABLE = "42P01"
GAVE_UP = ("25P03", "40001", "40P01", "55P03", "57014")  # deadlocks and timeouts


Transaction: TypeAlias = Session  # what queries work in, under a name for whoever only passes it on


@dataclass(frozen=True, slots=True)
class PoolOptions:
    size: int = 20
    overflow: int = 30
    timeout: float = 30.0  # seconds to wait for a free connection


class Database:
    """One PostgreSQL: its engine, and transactions that turn driver errors into ours."""

    def __init__(
        self,
        url: str,
        pool: PoolOptions = PoolOptions(),
        *,
        embedded: bool = False,
        connect_options: Mapping[str, str] | None = None,
        wake: Callable[[], object] = lambda: None,
        patience: float = 30.0,
    ) -> None:
        """`patience`: seconds after which a transaction that a frozen or cut-off process has left open is undone."""
        self.url = parse_url(url)
        self.embedded = embedded
        # beyond what the URL says, and never against it
        ours = {name: value for name, value in CONNECT_OPTIONS.items() if name not in self.url.query}
        self.connect_options: dict[str, Any] = {**ours, **(connect_options or {})}
        self.wake = wake  # starts the server again, where that is ours to do
        common: dict[str, Any] = {
            "hide_parameters": True,  # an error message is no place for a transcript
            "json_serializer": _to_json,
            "connect_args": self.connect_options,
        }
        self.engine: Engine = create_engine(
            self.url,
            pool_size=pool.size,
            max_overflow=pool.overflow,
            pool_timeout=pool.timeout,
            pool_pre_ping=True,
            **common,
        )
        self._outside_the_pool = create_engine(self.url, poolclass=NullPool, **common)
        for engine in (self.engine, self._outside_the_pool):
            event.listen(engine, "connect", _habits(patience))

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed as one when the block ends, and rolled back when it raises."""
        with self.explained(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def lasting_connection(self) -> Connection:
        """A connection of its own, in autocommit, for whoever keeps one for long: the pool is for short work."""
        return self._outside_the_pool.connect().execution_options(isolation_level="AUTOCOMMIT")

    def check_server(self) -> int:
        """The server's version number (150004, say).

        Raises: DatabaseUnavailable: no answer. DatabaseTooOld: older than PostgreSQL 15. DatabaseUnsuitable: the
        database's encoding is not UTF-8.
        """
        with self.explained(), self.engine.connect() as connection:
            version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
            encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
        if version < OLDEST_SERVER:
            raise DatabaseTooOld(
                f"The database is PostgreSQL {version // 10_000}, and Trax needs 15 or newer.",
                "Upgrade the server, or leave TRAX_DATABASE_URL unset to use the embedded one.",
            )
        if encoding != "UTF8":
            raise DatabaseUnsuitable(
                f"The database's encoding is {encoding}, which can't hold the texts of every language.",
                "Make one with: CREATE DATABASE trax ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0.",
            )
        return version

    def address(self, *, hide_password: bool = False) -> str:
        """The database's address in the form that psql and other programs take."""
        shown = self.url.set(drivername="postgresql")
        if hide_password:
            shown = shown.difference_update_query(SECRETS)
        return shown.render_as_string(hide_password=hide_password)

    def close(self) -> None:
        self.engine.dispose()
        self._outside_the_pool.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn a driver's errors within the block into ours."""
        try:
            yield
        except SQLAlchemyError as error:
            explained = self._explain(error)
            if explained is None:
                raise
            raise explained from error

    def _explain(self, error: SQLAlchemyError) -> TraxError | None:
        if isinstance(error, PoolTimeoutError):
            return DatabaseUnavailable(
                "All connections to the database are busy.", "Raise TRAX_POOL_SIZE or TRAX_POOL_TIMEOUT."
            )
        if not isinstance(error, DBAPIError):
            return None
        state = getattr(error.orig, "sqlstate", None)
        reason = (str(error.orig).strip().splitlines() or ["no answer"])[0]
        if state is not None and not state.startswith(("08", "28", "3D", "57P")):
            return _refused(state, reason)
        if state is None and isinstance(error, ProgrammingError):
            return UsageError(f"The address of the database is not right: {reason}.", ADDRESS_HINT)
        return DatabaseUnavailable(
            f"The database at {self.address(hide_password=True)} can't be reached: {reason.rstrip('.')}.",
            "Check that the server runs and that TRAX_DATABASE_URL is right (`trax doctor` tests it).",
        )


def _habits(patience: float) -> Callable[[Any, object], None]:
    """What the server is to do about a session of ours that says nothing more: nobody waits for its locks for ever."""
    statement = (
        f"SET idle_in_transaction_session_timeout = {int(patience * 1000)}; "
        "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10"
    )

    def agree(connection: Any, _: object) -> None:
        before, connection.autocommit = connection.autocommit, True
        connection.execute(statement)
        connection.autocommit = before

    return agree


def parse_url(url: str) -> URL:
    """The address with the driver that Trax uses.

    Raises: UsageError: not the address of a PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError("TRAX_DATABASE_URL is not an address.", ADDRESS_HINT) from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise UsageError(f"Trax stores its data in PostgreSQL, not in {parsed.get_backend_name()}.", ADDRESS_HINT)
    return parsed.set(drivername="postgresql+psycopg")


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind an error of ours or of SQLAlchemy, if there is one."""
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    return getattr(getattr(cause, "orig", None), "sqlstate", None)


def _refused(state: str, reason: str) -> TraxError | None:
    """What a server that answers means by saying no; None where Trax itself is to blame."""
    if state == DISK_FULL:
        return DatabaseFull("The disk of the database is full.", "Free some space and try again.")
    if state == OUT_OF_CONNECTIONS:
        return DatabaseUnavailable(
            "The database has no free connection.", "Raise its max_connections, or lower TRAX_POOL_SIZE."
        )
    if state == READ_ONLY:
        return DatabaseReadOnly(f"The database doesn't let Trax write: {reason}.", "Use a server that can be written.")
    if state == NOT_ALLOWED:
        return DatabaseReadOnly(f"The database doesn't let this role do it: {reason}.", "Use a role that may.")
    if state == NO_TABLE:
        return DatabaseNotMigrated(f"The database is not whole: {reason}.", "Restore it from a backup.")
    if state in GAVE_UP:
        return DatabaseUnavailable(f"The database gave up: {reason}.", "Try again.")
    return None


def _to_json(value: Any) -> str:
    return json.dumps(storable_json(value), ensure_ascii=False, allow_nan=False)
