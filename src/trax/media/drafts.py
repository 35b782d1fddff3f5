"""Drafts: bytes on their way into a store. Whoever is at a draft holds its lock, which ends with the process."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from trax.timeline import Seconds

_DRAFT: Final = re.compile(r"([0-9a-f]{32}\.part)(\.|$)")  # beside a draft lie its notes and its folder


class Drafts:
    """The drafts of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def named(self, key: str) -> Path:
        """The path of the key's draft: always the same, so that a download can go on where it broke off."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        draft = self.folder / f"{digest[:32]}.part"
        with suppress(FileNotFoundError):
            if draft.stat().st_nlink > 1:  # killed on its last step: it is in the store, which nobody may write to
                draft.unlink()
        return draft

    @contextmanager
    def fresh(self) -> Iterator[tuple[Path, int]]:
        """A draft and its descriptor, ours alone; it is gone afterwards. Raises: OSError."""
        draft = self.folder / f"{secrets.token_hex(16)}.part"
        try:
            with held(draft) as descriptor:
                yield draft, descriptor
        finally:
            with suppress(OSError):
                draft.unlink()

    def discard(self, draft: Path) -> None:
        """Remove a draft with all that lies beside it. Raises: OSError."""
        draft.unlink(missing_ok=True)
        if draft.parent == self.folder:
            draft.with_name(f"{draft.name}.json").unlink(missing_ok=True)
            shutil.rmtree(draft.with_name(f"{draft.name}.d"), ignore_errors=True)

    def sweep(self, older_than: Seconds) -> int:
        """Remove drafts that nobody has written to for so long, and nobody holds; returns how many. Raises: OSError."""
        parts: dict[str, list[Path]] = defaultdict(list)
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if found := _DRAFT.match(path.name):
                parts[found[1]].append(path)
        written_before = time.time() - older_than
        return sum(_swept([*_files_below(paths)], paths, written_before) for paths in parts.values())


@contextmanager
def held(draft: Path, *, make: bool = True) -> Iterator[int]:
    """A descriptor of the draft, which nobody else is at meanwhile; waits for whoever is. Raises: OSError."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if make else 0)
    while True:
        descriptor = os.open(draft, flags, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(draft, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_still(draft: Path, descriptor: int) -> bool:
    """Whoever held it before us may have moved it into the store."""
    try:
        return os.path.samestat(draft.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _files_below(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (below for below in path.rglob("*") if below.is_file())
        else:
            yield path


def _swept(files: list[Path], parts: list[Path], written_before: float) -> bool:
    """Remove one draft if it is old and nobody's."""
    descriptors = []
    try:
        for path in [*files, *parts]:
            if path.stat().st_mtime >= written_before:
                return False
        for path in files:
            descriptors.append(os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW))
            fcntl.flock(descriptors[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        for part in parts:
            if part.is_dir():
                shutil.rmtree(part)
            else:
                part.unlink()
    except (FileNotFoundError, BlockingIOError):  # somebody is at it
        return False
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return True
