"""The server's lock, and what is done about a server whose keeper was killed."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import psutil

from trax.database.embedded.locks import FileLock
from trax.errors import DatabaseUnavailable

# How an orphan is asked to end: a fast shutdown, an immediate one, and none at all. PostgreSQL recovers from each.
_STAGES = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
_PROGRAMS = ("postgres", "initdb")
_GRACE_SECONDS = 1.0  # most orphans are on their way out already


def take_server_lock(path: Path) -> FileLock:
    """The lock that says no process of the server is alive; ends those that still are.

    Raises: DatabaseUnavailable: a process holds on to the lock that can't be ended.
    """
    lock = FileLock(path)
    if lock.wait_exclusive(_GRACE_SECONDS):
        return lock
    for signal_number, seconds in _STAGES:
        holders = _holders(path)
        _send(holders if signal_number == signal.SIGKILL else _leaders(holders), signal_number)
        if lock.wait_exclusive(seconds):
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


def _leaders(holders: list[psutil.Process]) -> list[psutil.Process]:
    """Those that no other of them started: the postmaster, or what is left without one."""
    ids = {holder.pid for holder in holders}
    leaders = []
    for holder in holders:
        with contextlib.suppress(psutil.Error):
            if holder.ppid() not in ids:
                leaders.append(holder)
    return leaders


def _send(processes: list[psutil.Process], signal_number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal_number)  # checks that the process id was not given away
