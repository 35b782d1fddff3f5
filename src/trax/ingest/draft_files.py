"""The file that a download writes to, with notes beside it on what it is the beginning of."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trax.errors import ClaimHeld, StoreError, StoreFull


@dataclass(frozen=True, slots=True)
class Notes:
    """What a draft is the beginning of."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    total: int | None = None  # bytes

    @property
    def validator(self) -> str | None:
        """What the server knows this very file by; a weak tag promises no equal bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


def _notes_path(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}.json")


def read_notes(draft: Path) -> Notes | None:
    """What is known of the part that is there; None where nothing is, or nothing that can be understood."""
    try:
        said: dict[str, Any] = json.loads(_notes_path(draft).read_text("utf-8"))
        texts, total = [said["url"], said["etag"] or "", said["last_modified"] or ""], said["total"] or 0
        is_sound = all(isinstance(text, str) and text.isprintable() for text in texts) and isinstance(total, int)
        return Notes(**said) if is_sound else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_notes(draft: Path, notes: Notes) -> None:
    """Whole or not at all: a kill in the middle must not make a wrong part look right."""
    fresh = draft.with_name(f"{draft.name}.json.new")
    try:
        fresh.write_text(json.dumps(asdict(notes)), "utf-8")
        fresh.replace(_notes_path(draft))
    except OSError as error:
        raise _unwritable(error) from error


def write_all(descriptor: int, block: bytes) -> None:
    """Write a block to its end. Raises: StoreError: it can't be written. StoreFull."""
    left = memoryview(block)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull("There is no space left for the download.", "Free some, or name another folder in TRAX_STORE.")
    return StoreError(f"The download can't be written: {error.strerror}.", "Check the folder of the store.")


def clear(draft: Path) -> None:
    """Remove a draft with its notes."""
    with suppress(OSError):
        draft.unlink(missing_ok=True)
    clear_notes(draft)


def clear_notes(draft: Path) -> None:
    """Remove the notes: what they are on is whole."""
    for path in (_notes_path(draft), draft.with_name(f"{draft.name}.json.new")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def held(draft: Path) -> Iterator[int]:
    """A descriptor of the draft, which no other process writes to meanwhile. Raises: ClaimHeld: one does."""
    while True:
        try:
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise _unwritable(error) from error
        try:
            _lock(descriptor)
            if _is_at(draft, descriptor):  # who held it before may have removed it, or moved it into the store
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ClaimHeld("Another process downloads this very file.", "Wait for it, or end it.") from error


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
