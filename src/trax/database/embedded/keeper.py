"""The process that owns the embedded server: `python -m trax.database.embedded.keeper HOME IDLE_SECONDS LOCK_FD`.

It lives apart from the client that started it and holds `keeper.lock` for as long as it lives. It ends with the
server: after SIGTERM, SIGINT or SIGHUP, when nobody used the server for the idle time, when the data folder was
removed, or when the server died more often than it may. A server that dies is started again up to three times,
so that long-running clients find it again at the same address.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

from trax.database.embedded.binaries import find_binaries
from trax.database.embedded.cluster import Cluster
from trax.database.embedded.failures import explain_os_error
from trax.database.embedded.folders import Folders
from trax.database.embedded.idle import IdleClock
from trax.database.embedded.locks import FileLock
from trax.database.embedded.orphans import take_server_lock
from trax.database.embedded.ownership import server_user
from trax.database.embedded.server import Server
from trax.database.embedded.state import Phase, State, write_state
from trax.database.embedded.wakeup import Wakeup
from trax.errors import DatabaseUnavailable

_RESTARTS = 3
_LOCK_SECONDS = 5.0  # somebody who looks whether the lock is held, holds it for a moment


class Ending(Enum):
    ASKED = auto()
    IDLE = auto()
    FOLDER_GONE = auto()
    DIED = auto()


class Keeper:
    """Owns the server of one home. `lock` is the keeper's lock, already held."""

    def __init__(self, folders: Folders, idle_seconds: float, lock: FileLock) -> None:
        self._folders = folders
        self._lock = lock
        self._wakeup = Wakeup()
        self._idle = IdleClock(folders, idle_seconds)
        self._state = State(Phase.STARTING, os.getpid(), time.time(), idle_seconds)
        self._enter(Phase.STARTING, message="Starting the database.")

    def run(self) -> None:
        """Keep the server until there is a reason to end; the last state tells which."""
        try:
            self._keep()
        except DatabaseUnavailable as error:
            self._fail(error)
        except OSError as error:
            traceback.print_exc()
            self._fail(explain_os_error(error, self._folders.root))
        except Exception as error:
            traceback.print_exc()
            self._fail(
                DatabaseUnavailable(
                    f"The database server's keeper failed: {error!r}.",
                    f"Look into {self._folders.log}, and please report it.",
                )
            )

    def _keep(self) -> None:
        binaries = find_binaries()
        self._state = replace(self._state, version=binaries.version)
        user = server_user(self._folders.root, self._announce)
        cluster = Cluster(self._folders, binaries, user)
        for _ in range(1 + _RESTARTS):
            lock = take_server_lock(self._folders.server_lock)
            cluster.prepare(lock, self._announce)
            ending = self._serve(Server(cluster, lock))
            if ending is not Ending.DIED:
                if ending is not Ending.FOLDER_GONE:
                    self._enter(Phase.STOPPED)
                return
            print("trax keeper: the server died", file=sys.stderr, flush=True)
        raise DatabaseUnavailable(
            f"The database server died {1 + _RESTARTS} times.", f"Look into {self._folders.log} for the cause."
        )

    def _serve(self, server: Server) -> Ending:
        self._enter(Phase.STARTING, message="Starting the database.", server_pid=server.pid, port=server.port)
        try:
            if not server.wait_ready(self._wakeup, self._announce):
                return Ending.ASKED if self._wakeup.stop_requested else Ending.DIED
            self._idle.note_use()
            self._enter(Phase.READY, started_at=time.time())
            return self._watch(server)
        finally:
            server.stop()

    def _watch(self, server: Server) -> Ending:
        while True:
            self._wakeup.wait(self._idle.poll_seconds)
            if self._wakeup.stop_requested:
                self._enter(Phase.STOPPING)
                return Ending.ASKED
            if server.has_ended:
                return Ending.DIED
            if self._folder_is_gone():
                return Ending.FOLDER_GONE
            server.bound_log()
            if self._idle.ends(server, lambda: self._enter(Phase.STOPPING)):
                return Ending.IDLE

    def _folder_is_gone(self) -> bool:
        """True once somebody removed the folder, or put another one in its place."""
        try:
            return self._folders.keeper_lock.stat().st_ino != os.fstat(self._lock.descriptor).st_ino
        except FileNotFoundError:
            return True

    def _announce(self, message: str) -> None:
        if message != self._state.message:
            self._enter(self._state.phase, message=message)

    def _fail(self, error: DatabaseUnavailable) -> None:
        self._enter(Phase.FAILED, message=error.message, next_step=error.next_step)

    def _enter(
        self,
        phase: Phase,
        *,
        message: str = "",
        next_step: str = "",
        server_pid: int | None = None,
        port: int | None = None,
        started_at: float | None = None,
    ) -> None:
        self._state = replace(
            self._state,
            phase=phase,
            changed_at=time.time(),
            idle_seconds=self._idle.seconds,
            message=message,
            next_step=next_step,
            server_pid=server_pid or self._state.server_pid,
            port=port or self._state.port,
            started_at=started_at or self._state.started_at,
        )
        write_state(self._folders.state, self._state)


def main(arguments: list[str]) -> None:
    """Leave the client that started us, and keep the server if nobody else does."""
    home, idle_seconds, start_lock = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    if os.fork() > 0:
        os._exit(0)  # the client waits for this one, so it never has a child to bury
    os.umask(0o077)
    os.set_inheritable(start_lock, False)
    folders = Folders(home)
    with FileLock(folders.keeper_lock) as lock:
        if lock.wait_exclusive(_LOCK_SECONDS):
            keeper = Keeper(folders, idle_seconds, lock)
            os.close(start_lock)  # the state is ours now: others may look
            keeper.run()


if __name__ == "__main__":
    main(sys.argv[1:])
