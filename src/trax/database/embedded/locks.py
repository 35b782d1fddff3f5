"""File locks of the kernel (flock): held by open descriptors, so a dead process never holds one.

A child that inherits the descriptor holds the same lock; it is free when the last of them is closed.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from trax.database.embedded.folders import open_private

POLL_SECONDS = 0.01


class FileLock:
    """One open lock file. Closing it lets go, unless a child still has the descriptor."""

    def __init__(self, path: Path) -> None:
        self.descriptor = open_private(path)

    def try_exclusive(self) -> bool:
        return _try_lock(self.descriptor, fcntl.LOCK_EX)

    def wait_exclusive(self, seconds: float) -> bool:
        """True once the lock is ours, False where it still is not after `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.try_exclusive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def take_shared(self) -> None:
        """Wait for the lock, beside others that share it."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_held(path: Path) -> bool:
    """True while any living process holds the lock exclusively. Never makes the file.

    Looking takes the lock in shared mode for a moment, so whoever wants it exclusively has to try for a while.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
