"""What a client of the embedded server does: attach to it, start its keeper, stop it, look at it.

Order of the locks: a client attaches under the shared attach lock; only who holds the start lock may start or
stop a keeper; the keeper holds the keeper's lock for life and inherits the start lock until its state is written.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trax.database.embedded.binaries import find_binaries
from trax.database.embedded.connection import connect, server_url
from trax.database.embedded.failures import explain, explain_os_error, log_since, telling_line
from trax.database.embedded.folders import Folders, make_private_folder, open_private
from trax.database.embedded.locks import FileLock, is_held
from trax.database.embedded.state import Phase, State, read_idle_seconds, read_state
from trax.errors import DatabaseUnavailable

Announce = Callable[[str], None]

_KEEPER_MODULE = "trax.database.embedded.keeper"
_POLL_SECONDS = 0.02
_START_SECONDS = 900.0  # a recovery after a crash may take minutes
_ANSWER_SECONDS = 60.0  # a server that is ready answers within this time
_STOP_SECONDS = 120.0
_SPAWNS = 5


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The embedded server as it is now. `started_at` is in seconds since 1970."""

    running: bool
    url: str | None
    pid: int | None
    data_folder: Path
    version: str
    started_at: float | None
    idle_seconds: float | None


def ensure_running(home: Path, idle_seconds: float, announce: Announce) -> str:
    """The URL of a server that has just answered; starts it where it does not run.

    `announce` gets a sentence at each step of a start, nothing when the server runs already.

    Raises: DatabaseUnavailable: it can't be started or does not answer.
    """
    folders = Folders(home.resolve())
    try:
        make_private_folder(folders.root)
        return _Arrival(folders, idle_seconds, announce).url()
    except OSError as error:
        raise explain_os_error(error, folders.root) from error


def stop(home: Path) -> bool:
    """End the server now; True if there was one to end. Returns when all its processes are gone.

    Raises: DatabaseUnavailable: it does not end, or belongs to another user.
    """
    folders = Folders(home.resolve())
    try:
        alive = is_held(folders.keeper_lock) or is_held(folders.server_lock)
        return alive and _stop(folders)
    except OSError as error:
        raise explain_os_error(error, folders.root) from error


def status(home: Path) -> ServerStatus:
    """What runs at this moment. Starts nothing and makes no file.

    Raises: DatabaseUnavailable: the data folder can't be read.
    """
    folders = Folders(home.resolve())
    try:
        return _status(folders)
    except OSError as error:
        raise explain_os_error(error, folders.root) from error


def _status(folders: Folders) -> ServerStatus:
    binaries = find_binaries()
    data = folders.data(binaries.major)
    state = _living_state(folders)
    if state is None or state.phase is not Phase.READY or state.port is None:
        return ServerStatus(False, None, None, data, binaries.version, None, None)
    url = server_url(state.port, _password(folders))
    newest = read_idle_seconds(folders.last_used)  # the keeper takes it up a little later
    idle_seconds = state.idle_seconds if newest is None else newest
    return ServerStatus(True, url, state.server_pid, data, state.version, state.started_at, idle_seconds)


class _Arrival:
    """One client on its way to a running server."""

    def __init__(self, folders: Folders, idle_seconds: float, announce: Announce) -> None:
        self._folders = folders
        self._idle_seconds = idle_seconds
        self._announce = announce
        self._announced = ""
        self._began = time.time()
        self._spawns = 0
        self._refusal: tuple[float, str] | None = None  # since when, and why, a ready server refuses us

    def url(self) -> str:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            url = self._attach()
            if url is not None:
                return url
            if not is_held(self._folders.keeper_lock):
                self._start_keeper()
            self._report()
            time.sleep(_POLL_SECONDS)
        raise self._failure("The database server does not get ready.")

    def _attach(self) -> str | None:
        """The URL if the server runs and answers. While the lock is shared, the keeper does not stop it."""
        import psycopg

        with FileLock(self._folders.attach_lock) as lock:
            lock.take_shared()
            self._note_use()
            state = _living_state(self._folders)
            if state is None or state.phase is not Phase.READY or state.port is None:
                self._refusal = None
                return None
            password = _password(self._folders)
            try:
                with connect(state.port, password) as connection:
                    connection.execute("SELECT 1")
            except psycopg.OperationalError as error:
                self._note_refusal(str(error).strip())
                return None
            return server_url(state.port, password)

    def _note_use(self) -> None:
        descriptor = open_private(self._folders.last_used)
        try:
            # One write of always the same length: a reader never sees half of it.
            os.pwrite(descriptor, f"{self._idle_seconds:024.6f}".encode(), 0)
        finally:
            os.close(descriptor)

    def _note_refusal(self, reason: str) -> None:
        since = self._refusal[0] if self._refusal else time.monotonic()
        self._refusal = (since, reason)
        if time.monotonic() - since > _ANSWER_SECONDS:
            raise DatabaseUnavailable(
                f"The database server runs, but lets nobody in: {reason}",
                "Close other programs that use it, or end it with `trax db stop` and try again.",
            )

    def _start_keeper(self) -> None:
        """Start a keeper, unless somebody else does so right now or has just failed to."""
        with FileLock(self._folders.start_lock) as lock:
            if not lock.try_exclusive() or is_held(self._folders.keeper_lock):
                return
            state = read_state(self._folders.state)
            if state and state.phase is Phase.FAILED and state.changed_at >= self._began:
                raise DatabaseUnavailable(state.message, state.next_step)
            if self._spawns == _SPAWNS:
                raise self._failure(f"The database server's keeper ended {_SPAWNS} times while it started.")
            self._spawns += 1
            _spawn_keeper(self._folders, self._idle_seconds, lock)

    def _report(self) -> None:
        state = _living_state(self._folders)
        if state and state.phase is Phase.STARTING and state.message not in ("", self._announced):
            self._announced = state.message
            self._announce(state.message)

    def _failure(self, what: str) -> DatabaseUnavailable:
        return explain(what, log_since(self._folders.log, 0), self._folders.log)


def _spawn_keeper(folders: Folders, idle_seconds: float, start_lock: FileLock) -> None:
    log = open_private(folders.log, os.O_APPEND)
    begin = os.fstat(log).st_size
    arguments = [str(folders.home), str(idle_seconds), str(start_lock.descriptor)]
    try:
        finished = subprocess.run(
            [sys.executable, "-P", "-m", _KEEPER_MODULE, *arguments],
            pass_fds=[start_lock.descriptor],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",  # no disk is kept busy by the keeper
            env=_keeper_environment(),
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(log)
    if finished.returncode != 0:
        reason = telling_line(log_since(folders.log, begin))
        raise DatabaseUnavailable(
            f"The database server's keeper can't start: {reason}", f"Look into {folders.log} for the cause."
        )


def _keeper_environment() -> dict[str, str]:
    """The environment as it is; relative folders to import from would mean others in the keeper's folder."""
    environment = dict(os.environ)
    search_path = environment.get("PYTHONPATH")
    if search_path:
        folders = [str(Path(folder).absolute()) for folder in search_path.split(os.pathsep) if folder]
        environment["PYTHONPATH"] = os.pathsep.join(folders)
    return environment


def _stop(folders: Folders) -> bool:
    from trax.database.embedded.orphans import take_server_lock

    with FileLock(folders.start_lock) as start_lock:
        if not start_lock.wait_exclusive(_STOP_SECONDS):
            raise DatabaseUnavailable("The database server is being started or stopped.", "Try again later.")
        state = _living_state(folders)
        if state is not None:
            _end_keeper(state, folders)
        take_server_lock(folders.server_lock).close()
    return True


def _end_keeper(state: State, folders: Folders) -> None:
    deadline = time.monotonic() + _STOP_SECONDS
    try:
        # Its pid is a fact: it holds its lock, and nobody starts another keeper while we hold the start lock.
        os.kill(state.keeper_pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # gone meanwhile
    except PermissionError as error:
        raise DatabaseUnavailable(
            "The database server was started by another user.", "Stop it as that user."
        ) from error
    while is_held(folders.keeper_lock):
        if time.monotonic() > deadline:
            raise DatabaseUnavailable("The database server does not stop.", f"Look into {folders.log} for the cause.")
        time.sleep(_POLL_SECONDS)


def _living_state(folders: Folders) -> State | None:
    """What the keeper says, None where no keeper lives."""
    return read_state(folders.state) if is_held(folders.keeper_lock) else None


def _password(folders: Folders) -> str:
    return folders.password.read_text("utf-8").strip()
