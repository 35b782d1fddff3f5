"""Starting PostgreSQL's programs so that they hold the server's lock and don't outlive their keeper."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from trax.database.embedded.locks import FileLock
from trax.database.embedded.ownership import ServerUser

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    user: ServerUser | None,
    lock: FileLock,
    output: int,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Run a program of PostgreSQL as `user`; it and its children hold `lock` until the last of them ends.

    The user's environment stays out: PG* variables and locales would change what the server does.
    """
    return subprocess.Popen(
        command,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        pass_fds=[lock.descriptor],
        stdin=stdin,
        stdout=output,
        stderr=output,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        start_new_session=True,
        preexec_fn=_end_with_parent(os.getpid()),  # the keeper has one thread
    )


def _end_with_parent(parent: int) -> Callable[[], None] | None:
    """Linux sends the child SIGINT, a fast shutdown, when the keeper dies without doing so itself."""
    if _LIBC is None:
        return None
    libc = _LIBC

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
