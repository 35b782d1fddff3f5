"""How the embedded server is reached: TCP on this machine alone, with a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

HOST = "127.0.0.1"
SUPERUSER = "trax"
DATABASE = "trax"

# Beyond what the URL says. `hostaddr` and `options` keep PG* variables of the user's environment out.
# A program that takes over the port of a stopped server could ask for the password in plain text: with
# `require_auth`, a server has to prove that it knows the password already.
CONNECT_OPTIONS: dict[str, str] = {
    "hostaddr": HOST,
    "options": "",
    "sslmode": "disable",
    "gssencmode": "disable",
    "require_auth": "scram-sha-256",
}


def server_url(port: int, password: str) -> str:
    return f"postgresql://{SUPERUSER}:{password}@{HOST}:{port}/{DATABASE}"


def connect(
    port: int, password: str, database: str = DATABASE, application: str = "trax"
) -> psycopg.Connection[tuple[object, ...]]:
    """An autocommit connection. Raises: psycopg.OperationalError."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    address = make_conninfo(
        server_url(port, password),
        dbname=database,
        application_name=application,
        connect_timeout=10,
        **CONNECT_OPTIONS,
    )
    return psycopg.connect(address, autocommit=True)
