"""What this machine keeps of an object store: the files that were used last, up to a limit."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trax.media.store import INCOMING, FolderStore
from trax.timeline import Seconds

JUST_USED: Final = 600.0  # a file that was asked for so recently may be about to be opened


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    size_bytes: int
    last_used: float


class StoreCache:
    """Files of an object store, under their SHA-256. Methods may raise StoreError."""

    def __init__(self, root: Path, limit: int, *, just_used: Seconds = JUST_USED) -> None:
        self.folder = FolderStore(root, parents=True, setting="TRAX_HOME")
        self._limit = limit
        self._just_used = just_used

    def find(self, sha256: str) -> Path | None:
        """The file, and from now on it is the one that was used last."""
        path = self.folder.place(sha256)
        with suppress(OSError):  # another user's
            os.utime(path)
        return path if path.is_file() else None

    def make_room(self, size_bytes: int) -> None:
        """Remove what was not used for longest until so much more stays within the limit.

        Files that are in use are spared, so that the limit may be exceeded by them.
        """
        with self.folder.explained():
            kept = list(self._kept())
            self._remove(kept, sum(file.size_bytes for file in kept) + size_bytes - self._limit)

    def free_disk(self, size_bytes: int) -> None:
        """Remove what was not used for longest until so much fits on the disk, if that is possible."""
        with self.folder.explained():
            self.folder.root.mkdir(0o755, parents=True, exist_ok=True)
            disk = os.statvfs(self.folder.root)
            self._remove(list(self._kept()), size_bytes - disk.f_bavail * disk.f_frsize)

    def _remove(self, kept: list[_Kept], excess: int) -> None:
        for file in sorted(kept, key=lambda file: file.last_used):
            if excess <= 0:
                return
            if not self._is_needed(file):
                file.path.unlink(missing_ok=True)
                excess -= file.size_bytes

    def _is_needed(self, file: _Kept) -> bool:
        if time.time() - file.last_used < self._just_used:
            return True
        if not is_in_use(file.path):
            return False
        with suppress(OSError):
            os.utime(file.path)  # whoever reads it may open it a second time
        return True

    def _kept(self) -> Iterator[_Kept]:
        for path in self.folder.root.glob("*/*/*"):
            with suppress(FileNotFoundError):
                if path.parts[-3] != INCOMING and path.is_file():
                    found = path.stat()
                    yield _Kept(path, found.st_size, found.st_mtime)


def is_in_use(path: Path) -> bool:
    """Whether a process of this machine has the file open or locked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Only a file that nobody else has open can be leased for writing. Who opens it meanwhile waits for that moment,
        # and the kernel tells us so by a signal: one that does nothing, in place of one that ends the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:  # no leases on this file system: who has it open goes on reading after it is removed
        return False
    finally:
        os.close(descriptor)
    return False
