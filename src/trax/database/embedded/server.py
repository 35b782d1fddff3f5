"""One running PostgreSQL: its settings, its port, its start and its end."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from trax.database.embedded.cluster import Cluster
from trax.database.embedded.connection import DATABASE, HOST, connect
from trax.database.embedded.failures import explain, log_since
from trax.database.embedded.folders import open_private, write_private
from trax.database.embedded.locks import FileLock
from trax.database.embedded.ownership import Announce
from trax.database.embedded.processes import spawn
from trax.database.embedded.wakeup import Wakeup

if TYPE_CHECKING:
    import psycopg

# In force through the command line, so that a newer Trax brings its own along.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "jit": "off",
    "fsync": "on",
    "max_wal_size": "512MB",
    "client_connection_check_interval": "10s",  # a client killed in the middle of a query is noticed
    "log_checkpoints": "off",
    "logging_collector": "off",  # the keeper bounds the log
}
# Of the machine's memory, in MB, taken as it fills: where the system drops its file cache, searches stay fast
_CACHE_SHARE, _LEAST_CACHE, _MOST_CACHE = 1 / 16, 128, 1024
_LIMIT_OF_CONTAINER = Path("/sys/fs/cgroup/memory.max")  # "max" where there is none
_STOP_STAGES = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0), (signal.SIGKILL, 15.0))
_POLL_SECONDS = 0.02
_RECOVERY_SECONDS = 3.0  # a start that takes longer is explained to the user
_LOG_BYTES = 4_000_000
# Below the range that systems hand out to outgoing connections, so that nobody gets the port by accident.
_PORTS = range(15_433, 32_000)
_PORT_TRIES = 50
_PORT_SECONDS = 1.0
KEEPER_APPLICATION = "trax keeper"


class Server:
    """A postmaster that was started here. Ends when `stop` is called or by itself."""

    def __init__(self, cluster: Cluster, lock: FileLock) -> None:
        """Start the server on `cluster` and hand `lock` to it; `lock` is closed here."""
        cluster.remove_stale_pid_file()
        self.port = choose_port(cluster.folders.port)
        self._cluster = cluster
        self._log_path = cluster.folders.log
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        log = open_private(self._log_path, os.O_APPEND)
        self._log_start = os.fstat(log).st_size
        try:
            self._process = spawn(self._command(), cluster.user, lock, log)
        finally:
            os.close(log)
            lock.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_ready(self, wakeup: Wakeup, announce: Announce) -> bool:
        """True when the server answers, False when a stop was asked for meanwhile or the server has to be
        started again. A recovery may take minutes.

        Raises: DatabaseUnavailable: the server can't start, with the cause that its log shows.
        """
        begin = time.monotonic()
        while not wakeup.stop_requested:
            if self.has_ended:
                self._require_new_chance()
                return False
            if self._says_ready() and self._answers():
                return True
            waited = time.monotonic() - begin
            if waited > _RECOVERY_SECONDS:
                announce(f"The database recovers from an unclean stop ({waited // 5 * 5:.0f} s).")
            wakeup.wait(_POLL_SECONDS)
        return False

    def client_count(self) -> int:
        """Open connections besides the keeper's. Raises: psycopg.Error."""
        connection = self._monitor()
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
        return int(str(row[0])) if row else 0

    def bound_log(self) -> None:
        """Keep the log below a few megabytes; one older part is kept beside it."""
        if self._log_path.stat().st_size > _LOG_BYTES:
            bound_log(self._log_path)

    def stop(self) -> None:
        """End the server: fast, then immediate, then by force. No committed row is lost in any case."""
        self._disconnect()
        for number, seconds in _STOP_STAGES:
            if self.has_ended:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.send_signal(number)
                self._process.wait(seconds)

    def _command(self) -> list[str | Path]:
        settings = [f"--{name}={value}" for name, value in (*_SETTINGS.items(), ("shared_buffers", _cache()))]
        program = self._cluster.binaries.folder / "postgres"
        return [program, "-D", self._cluster.data, f"--port={self.port}", *settings]

    def _require_new_chance(self) -> None:
        """Raise unless another start may help: after a kill, and when somebody was quicker to take the port."""
        log = log_since(self._log_path, self._log_start)
        if self._process.returncode >= 0 and "could not bind" not in log:
            raise explain("The database server does not start.", log, self._log_path)

    def _says_ready(self) -> bool:
        try:
            lines = (self._cluster.data / "postmaster.pid").read_text("utf-8").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _answers(self) -> bool:
        import psycopg

        try:
            self._create_database()
            return self.client_count() >= 0
        except psycopg.OperationalError:
            self._disconnect()
            return False

    def _create_database(self) -> None:
        with connect(self.port, self._cluster.password(), "postgres", KEEPER_APPLICATION) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _monitor(self) -> psycopg.Connection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            password = self._cluster.password()
            self._connection = connect(self.port, password, "postgres", KEEPER_APPLICATION)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None


def choose_port(remembered: Path) -> int:
    """The port of last time where it is still free, so that the address stays; else a new one, remembered."""
    with contextlib.suppress(OSError, ValueError):
        port = int(remembered.read_text("utf-8"))
        if _gets_free(port):
            return port
    candidates = (secrets.choice(_PORTS) for _ in range(_PORT_TRIES))
    port = next((candidate for candidate in candidates if _is_free(candidate)), 0) or _any_free_port()
    write_private(remembered, str(port))
    return port


def bound_log(path: Path) -> None:
    """Move the content of `path` to a second file and begin it anew; who writes to it keeps doing so."""
    write_private(path.with_suffix(".old.log"), path.read_text("utf-8", "replace"))
    os.truncate(path, 0)


def _gets_free(port: int) -> bool:
    """True at once or soon: a process that dies lets go of the server's lock a moment before its sockets."""
    deadline = time.monotonic() + _PORT_SECONDS
    while not _is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _cache() -> str:
    """How much of its data the server keeps in memory."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(_LIMIT_OF_CONTAINER.read_text()))
    return f"{round(min(max(_CACHE_SHARE * memory / 2**20, _LEAST_CACHE), _MOST_CACHE))}MB"
