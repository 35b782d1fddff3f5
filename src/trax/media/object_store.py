"""A store in a bucket of S3, Google Cloud Storage or Azure; this machine keeps what it used last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from trax.errors import MediaChanged, MediaError, StoreError
from trax.media.bucket import Bucket
from trax.media.drafts import held
from trax.media.store import Stored, is_remote, key_of, write_all
from trax.media.store_cache import StoreCache
from trax.timeline import Seconds

_BLOCK: Final = 1 << 20


class ObjectStore:
    """A store below an address; files that are elsewhere are found by their own addresses."""

    def __init__(self, base: str, cache: StoreCache, opened: Callable[[str], Bucket]) -> None:
        self.base = base
        self._cache = cache
        self._opened = opened
        self._bucket = opened(base)

    def draft(self, key: str) -> Path:
        return self._cache.folder.draft(key)

    def keep(self, draft: Path, sha256: str, size_bytes: int) -> Stored:
        # It is held, for what takes hours to go up must not be swept away meanwhile.
        with self._cache.folder.explained(), held(draft, make=False) as descriptor:
            if os.fstat(descriptor).st_size != size_bytes:
                raise MediaChanged("The file changed after it was fetched.", "Run the command again.")
            return self._keep(draft, sha256, size_bytes)

    def take(self, path: Path) -> Stored:
        with suppress(OSError):  # whatever is wrong with the file shows when it is opened
            self._cache.free_disk(path.stat().st_size)
        with self._cache.folder.copied(path) as copy:
            return self._keep(copy.draft, copy.sha256, copy.size_bytes)

    def locate(self, location: str, sha256: str) -> Path:
        if not self._is_ours(location):
            return self._cache.folder.locate(location, sha256)
        return self._cache.find(sha256) or self._fetched(location, sha256)

    def holds(self, location: str) -> bool:
        if not self._is_ours(location):
            return self._cache.folder.holds(location)
        base, key = _split(location)
        return self._bucket_of(base).size(key) is not None

    def forget(self, location: str) -> None:
        if not self._is_ours(location):
            return
        base, key = _split(location)
        self._bucket_of(base).delete(key)
        self._cache.folder.forget(str(self._cache.folder.root / key))

    def discard(self, draft: Path) -> None:
        self._cache.folder.discard(draft)

    def sweep(self, older_than: Seconds) -> int:
        self._cache.make_room(0)
        return self._cache.folder.sweep(older_than)

    def _is_ours(self, location: str) -> bool:
        return is_remote(location) or location.startswith(f"{self.base}/")

    def _bucket_of(self, base: str) -> Bucket:
        return self._bucket if base == self.base else self._opened(base)

    def _keep(self, draft: Path, sha256: str, size_bytes: int) -> Stored:
        key = key_of(sha256)
        self._bucket.put(key, draft)
        mtime_ns = draft.stat().st_mtime_ns
        try:  # it is in the store: that this machine has no room for it is no failure
            self._cache.make_room(size_bytes)
            self._cache.folder.keep(draft, sha256, size_bytes)
        except StoreError:
            self._cache.folder.discard(draft)
        return Stored(sha256, size_bytes, f"{self.base}/{key}", mtime_ns)

    def _fetched(self, location: str, sha256: str) -> Path:
        """Bring the file here, or go on where that broke off."""
        folder = self._cache.folder
        draft = folder.draft(location)
        with folder.explained(), held(draft) as descriptor:
            if (found := self._cache.find(sha256)) is not None:  # another process was at it
                folder.discard(draft)
                return found
            try:
                self._bring(location, descriptor, sha256)
                folder.keep(draft, sha256, os.fstat(descriptor).st_size)
            except (OSError, MediaError):  # of this machine's disk; what the network broke off is gone on with
                folder.discard(draft)
                raise
        return folder.place(sha256)

    def _bring(self, location: str, descriptor: int, sha256: str) -> None:
        base, key = _split(location)
        download = _Download(self._bucket_of(base), key, descriptor, self._cache)
        if download.brings(sha256) or (download.resumed and download.brings(sha256, afresh=True)):
            return
        raise MediaChanged(
            f"{location} is not the file that was stored there.", "Add the media again from where it came."
        )


class _Download:
    """An object on its way into a draft."""

    def __init__(self, bucket: Bucket, key: str, descriptor: int, cache: StoreCache) -> None:
        self._bucket = bucket
        self._key = key
        self._descriptor = descriptor
        self._cache = cache
        self.resumed = os.fstat(descriptor).st_size > 0

    def brings(self, sha256: str, *, afresh: bool = False) -> bool:
        """Fetch what is missing; whether the whole is what it should be. Raises: StoreError, MediaAway, OSError."""
        size_bytes = self._bucket.size(self._key)
        if size_bytes is None:
            raise self._bucket.why_absent(self._key)
        here = os.fstat(self._descriptor).st_size
        if afresh or here > size_bytes:
            os.ftruncate(self._descriptor, 0)
            here = 0
        self._cache.make_room(size_bytes)
        self._cache.free_disk(size_bytes - here)
        return self._digest(here, size_bytes) == sha256

    def _digest(self, here: int, size_bytes: int) -> str:
        digest = hashlib.sha256()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while block := os.read(self._descriptor, _BLOCK):
            digest.update(block)
        for block in self._bucket.blocks(self._key, here) if here < size_bytes else ():
            digest.update(block)
            write_all(self._descriptor, block)
            here += len(block)
        if here != size_bytes:
            raise StoreError(f"{self._bucket.base} broke off in the middle of a file.", "Run the command again.")
        return digest.hexdigest()


def _split(location: str) -> tuple[str, str]:
    """The store's address, and what is below it."""
    base, *key = location.rsplit("/", 3)
    return base, "/".join(key)
