"""Files that processes keep for each other in a cache: whole or not there, and made by one process at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path

DIGEST = 32  # bytes of SHA-256


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """No two processes are inside at a time. Raises: OSError: the folder can't be written."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # ends with the process, however that ends
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Whoever reads the file finds its former content or the whole new one. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_sealed(path: Path, content: bytes) -> None:
    """As `write_whole`, and with a digest by which `read_sealed` knows the content again. Raises: OSError."""
    write_whole(path, sha256(content).digest() + content)


def read_sealed(path: Path) -> bytes | None:
    """What `write_sealed` wrote; None where it isn't there, or no longer what it was."""
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    content = sealed[DIGEST:]
    return content if sha256(content).digest() == sealed[:DIGEST] else None


def digest(path: Path) -> str:
    """SHA-256 of a file, however large. Raises: OSError."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
