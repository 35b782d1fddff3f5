"""A pool of connections to one PostgreSQL, and transactions on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from trax.errors import DatabaseTooOld, DatabaseUnavailable, OutputError, TraxError, UsageError

OLDEST_SERVER = 150_000  # server_version_num of PostgreSQL 15.0
CONNECT_TIMEOUT = 10  # seconds
DISK_FULL, OUT_OF_CONNECTIONS = "53100", "53300"  # SQLSTATE


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
    ) -> None:
        self.url = parse_url(url)
        self.embedded = embedded
        self.wake = wake  # starts the server again, where that is ours to do
        self.engine: Engine = create_engine(
            self.url,
            pool_size=pool.size,
            max_overflow=pool.overflow,
            pool_timeout=pool.timeout,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": "trax",
                **(connect_options or {}),
            },
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed as one when the block ends, and rolled back when it raises."""
        with self.explained(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def check_server(self) -> int:
        """The server's version number (150004, say).

        Raises: DatabaseUnavailable: no answer. DatabaseTooOld: older than PostgreSQL 15.
        """
        with self.explained(), self.engine.connect() as connection:
            version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
        if version < OLDEST_SERVER:
            raise DatabaseTooOld(
                f"The database is PostgreSQL {version // 10_000}, and Trax needs 15 or newer.",
                "Upgrade the server, or leave TRAX_DATABASE_URL unset to use the embedded one.",
            )
        return version

    def address(self, *, hide_password: bool = False) -> str:
        """The database's address in the form that psql and other programs take."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=hide_password)

    def close(self) -> None:
        self.engine.dispose()

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
        where = self.url.render_as_string(hide_password=True)
        if isinstance(error, PoolTimeoutError):
            return DatabaseUnavailable(
                "All connections to the database are busy.", "Raise TRAX_POOL_SIZE or TRAX_POOL_TIMEOUT."
            )
        if not isinstance(error, OperationalError):
            return None
        state = getattr(error.orig, "sqlstate", None)
        if state == DISK_FULL:
            return OutputError("The disk of the database is full.", "Free some space and try again; nothing is lost.")
        if state == OUT_OF_CONNECTIONS:
            return DatabaseUnavailable(
                f"The database at {where} has no free connection.",
                "Raise its max_connections, or lower TRAX_POOL_SIZE.",
            )
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        return DatabaseUnavailable(
            f"The database at {where} can't be reached: {reason}",
            "Check that the server runs and that TRAX_DATABASE_URL is right (`trax doctor` tests it).",
        )


def parse_url(url: str) -> URL:
    """The address with the driver that Trax uses.

    Raises: UsageError: not the address of a PostgreSQL.
    """
    hint = "Set TRAX_DATABASE_URL to postgresql://user:password@host:5432/database, or unset it."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError("TRAX_DATABASE_URL is not an address.", hint) from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise UsageError(f"Trax stores its data in PostgreSQL, not in {parsed.get_backend_name()}.", hint)
    return parsed.set(drivername="postgresql+psycopg")
