"""The server's lock, and what is done about a server whose keeper was killed."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path

import psutil

from trax.database.embedded.locks import FileLock
from trax.errors import DatabaseUnavailable

_SHUTDOWN_SECONDS = 60.0
# When a shutdown in good order takes too long, or nobody is left to do one. PostgreSQL recovers from both.
_HARDER = (signal.SIGQUIT, signal.SIGKILL)
_HARDER_SECONDS = 10.0
_CHILD_TITLE = "postgres:"  # how the postmaster's children show their command line
_PROGRAMS = ("postgres", "initdb")
_GRACE_SECONDS = 1.0  # most orphans are on their way out already


def take_server_lock(path: Path) -> FileLock:
    """The lock that says no process of the server is alive; ends those that still are.

    Raises: DatabaseUnavailable: a process holds on to the lock that can't be ended.
    """
    lock = FileLock(path)
    if lock.wait_exclusive(_GRACE_SECONDS):
        return lock
    if _shut_down_in_order(path, lock):
        return lock
    for number in _HARDER:
        _send(_holders(path), number)
        if lock.wait_exclusive(_HARDER_SECONDS):
            return lock
    lock.close()
    raise DatabaseUnavailable(
        f"Another database server still uses {path.parent} and can't be stopped.",
        "It may run as another user or in another container: stop it there, and try again.",
    )


def _holders(path: Path) -> list[psutil.Process]:
    """The processes of PostgreSQL that have the lock file open: a proof, where a process id is a guess."""
    lock_file = str(path.resolve())
    found = []
    for process in psutil.process_iter():
        # Gone meanwhile, or another user's: then it is not ours to end.
        with contextlib.suppress(psutil.Error, OSError):
            if process.name() in _PROGRAMS and any(f.path == lock_file for f in process.open_files()):
                found.append(process)
    return found


def _shut_down_in_order(path: Path, lock: FileLock) -> bool:
    """True when the lock is free. False soon where no postmaster lives any more, only children of one."""
    deadline = time.monotonic() + _SHUTDOWN_SECONDS
    while time.monotonic() < deadline:
        leaders = [holder for holder in _holders(path) if not _is_child(holder)]
        _send(leaders, signal.SIGINT)  # to a child it would mean other things
        if lock.wait_exclusive(1.0):
            return True
        if not leaders:
            return False
    return False


def _is_child(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()[:1] != [] and process.cmdline()[0].startswith(_CHILD_TITLE)
    return True


def _send(processes: list[psutil.Process], signal_number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal_number)  # checks that the process id was not given away
