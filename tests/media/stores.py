"""What the tests of stores have in common."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from trax.media.store import INCOMING, FolderStore, Store

CONTENT = bytes(range(256)) * 9_000  # more than two blocks
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"
LONG_AGO = 1_700_000_000
BASE = "s3://bucket/my media"
NAME = f"bucket/my media/{KEY}"

Machine = Callable[[str], Store]  # by its name: a cache of its own, and the same bucket


def downloaded(store: Store, key: str = "row", content: bytes = CONTENT) -> Path:
    """A draft whose bytes have come."""
    draft = store.draft(key)
    draft.write_bytes(content)
    return draft


def kept(store: FolderStore) -> list[Path]:
    """What is in the store; drafts don't count."""
    return [path for path in store.root.rglob("*") if path.is_file() and INCOMING not in path.parts]


def drafts(store: FolderStore) -> list[str]:
    """What is on its way into the store."""
    return sorted(path.name for path in (store.root / INCOMING).iterdir())


def local(tmp_path: Path, name: str) -> list[Path]:
    """What a machine has on its disk."""
    return [path for path in (tmp_path / name).rglob("*") if path.is_file()]


def aged(*paths: Path) -> None:
    """Nobody has touched them for long."""
    for path in paths:
        os.utime(path, (LONG_AGO, LONG_AGO))
