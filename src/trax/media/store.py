"""The store of media that was downloaded or copied in: every file once, under the SHA-256 of its bytes.

A file is in the store as a whole or not at all, whatever happens to the process, the disk or the power: it is written
as a draft, forced to the disk, and only then gets its name.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from trax.errors import MediaAway, MediaChanged, StoreError, StoreFull, UnreadableMedia, UsageError
from trax.media.drafts import Drafts
from trax.media.files import display_name, open_media, path_from_text, path_text
from trax.settings import Settings
from trax.timeline import Seconds

INCOMING: Final = ".incoming"  # folder of the drafts
_REMOTE: Final = re.compile(r"(s3|gs|az)://", re.IGNORECASE)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BLOCK: Final = 1 << 20
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_AWAY: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NO_SYNC: Final = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF})  # folders, on some network shares


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store."""

    sha256: str
    size_bytes: int
    location: str  # path or URL, as a database column holds it
    mtime_ns: int


class Store(Protocol):
    """Where media is kept. Every method may raise StoreError: the store can't be reached or written to."""

    def draft(self, key: str) -> Path:
        """Where the bytes called `key` are to be downloaded to: a local path, the same every time."""
        ...

    def keep(self, draft: Path, sha256: str, size_bytes: int) -> Stored:
        """Move a draft into the store; it is left where that fails. Raises: MediaChanged: it isn't that long."""
        ...

    def take(self, path: Path) -> Stored:
        """Copy a file into the store. Raises: MediaNotFound, UnreadableMedia, MediaChanged."""
        ...

    def locate(self, location: str, sha256: str) -> Path:
        """A local path of the bytes. Raises: MediaAway: they aren't there. MediaChanged: they are others."""
        ...

    def holds(self, location: str) -> bool:
        """Whether the bytes are there; nothing is fetched for that."""
        ...

    def forget(self, location: str) -> None:
        """Remove a file from the store; what isn't in a store is left alone."""
        ...

    def discard(self, draft: Path) -> None:
        """Remove a draft and what lies beside it."""
        ...

    def sweep(self, older_than: Seconds) -> int:
        """Remove drafts that were given up so long ago, and what a cache has too much; returns how many drafts."""
        ...


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy on its way into the store."""

    draft: Path
    sha256: str
    size_bytes: int


def is_remote(location: str) -> bool:
    """Whether that is in an object store, and not a path."""
    return _REMOTE.match(location) is not None


def open_store(settings: Settings) -> Store:
    """The store that the settings name; touches neither disk nor network.

    Raises: UsageError: no place for a store. ToolMissing: object stores need an extra.
    """
    text = (settings.store or "").strip()
    if is_remote(text):
        return _object_store(text, settings)
    elsewhere = partial(_object_store_of, settings=settings)
    if not text:
        return FolderStore(settings.home / "store", parents=True, elsewhere=elsewhere)
    if "://" in text and not text.startswith("file:///"):
        raise UsageError(
            "TRAX_STORE is neither a folder nor an object store.", "Give a path, or an s3://, gs:// or az:// address."
        )
    try:
        root = path_from_text(text).expanduser().absolute()
    except RuntimeError as error:  # ~name where there is no such user
        raise UsageError(f"TRAX_STORE can't be used: {error}.", "Give the whole path of the folder.") from error
    return FolderStore(root, elsewhere=elsewhere)


def key_of(sha256: str) -> str:
    """Where a file is, below the store's root."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class FolderStore:
    """A store in a folder of this machine or of a network share."""

    def __init__(
        self,
        root: Path,
        *,
        parents: bool = False,
        setting: str = "TRAX_STORE",
        elsewhere: Callable[[str], Store] | None = None,
    ) -> None:
        self.root = root
        self._parents = parents  # a folder that a person names may be on a share that isn't mounted
        self._setting = setting
        self._elsewhere = elsewhere  # the store of a location that is in none of ours
        self._drafts = Drafts(root / INCOMING)

    def draft(self, key: str) -> Path:
        with self.explained():
            self._make_folders()
            return self._drafts.named(key)

    def keep(self, draft: Path, sha256: str, size_bytes: int) -> Stored:
        place = self.place(sha256)
        with self.explained():
            _check_size(draft, size_bytes)
            self._force_to_disk(draft)
            for folder in (place.parent.parent, place.parent):
                folder.mkdir(0o755, exist_ok=True)
            _move_in(draft, place, size_bytes)
            for folder in (place.parent, place.parent.parent, self.root):
                _sync_folder(folder)
            self._drafts.discard(draft)
            return Stored(sha256, size_bytes, path_text(place), place.stat().st_mtime_ns)

    def take(self, path: Path) -> Stored:
        with self.copied(path) as copy:
            return self.keep(copy.draft, copy.sha256, copy.size_bytes)

    @contextmanager
    def copied(self, path: Path) -> Iterator[Copied]:
        """A draft with the bytes of a file, gone afterwards. Raises: MediaNotFound, UnreadableMedia, MediaChanged."""
        with open_media(path) as source, self.explained():
            self._make_folders()
            self._check_space(os.fstat(source).st_size)
            with self._drafts.fresh() as (draft, descriptor):
                digest, size_bytes = _copy(source, descriptor, path)
                yield Copied(draft, digest, size_bytes)

    def locate(self, location: str, sha256: str) -> Path:
        if is_remote(location) and self._elsewhere is not None:
            return self._elsewhere(location).locate(location, sha256)
        path = path_from_text(location)
        if path.is_file():
            return path
        if (moved := self.place(sha256)).is_file():  # with the whole store
            return moved
        raise MediaAway(f"There is no file {location}.", "Mount the share that holds it, or add the media again.")

    def holds(self, location: str) -> bool:
        if is_remote(location) and self._elsewhere is not None:
            return self._elsewhere(location).holds(location)
        path = path_from_text(location)
        return path.is_file() or (_SHA256.fullmatch(path.name) is not None and self.place(path.name).is_file())

    def forget(self, location: str) -> None:
        if is_remote(location):
            if self._elsewhere is not None:
                self._elsewhere(location).forget(location)
            return
        path = path_from_text(location)
        with self.explained():
            if _SHA256.fullmatch(path.name) and _is_same_place(path, self.place(path.name)):
                path.unlink(missing_ok=True)
                if path.parent.is_dir():
                    _sync_folder(path.parent)

    def discard(self, draft: Path) -> None:
        with self.explained():
            self._drafts.discard(draft)

    def sweep(self, older_than: Seconds) -> int:
        with self.explained():
            return self._drafts.sweep(older_than)

    def place(self, sha256: str) -> Path:
        """Where a file is, if it is in the store."""
        return self.root / key_of(sha256)

    def _make_folders(self) -> None:
        self.root.mkdir(0o755, parents=self._parents, exist_ok=True)
        self._drafts.folder.mkdir(0o755, exist_ok=True)

    def _check_space(self, size_bytes: int) -> None:
        disk = os.statvfs(self.root)
        if disk.f_bavail * disk.f_frsize < size_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _force_to_disk(self, draft: Path) -> None:
        descriptor = os.open(draft, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o644 & ~_umask())
            os.fsync(descriptor)
        except OSError as error:
            if error.errno == errno.EIO:  # a second try would succeed, and yet the bytes be lost
                self._drafts.discard(draft)
            raise
        finally:
            os.close(descriptor)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Errors of the operating system as ours: what they mean for whoever keeps media here."""
        try:
            yield
        except OSError as error:
            raise self._explain(error) from error

    def _explain(self, error: OSError) -> StoreError:
        root, other = _shown(self.root), f"name another folder in {self._setting}."
        if error.errno in _FULL:
            return StoreFull(f"No space is left for media in {root}.", f"Free some, or {other}")
        if error.errno == errno.EFBIG:
            return StoreError(f"The file is larger than {root} takes.", f"Raise the limit (ulimit -f), or {other}")
        if error.errno in _CLOSED:
            return StoreError(f"Media can't be written to {root}.", f"Change the folder's permissions, or {other}")
        if error.errno in _AWAY:
            return StoreError(f"Media can't be kept in {root}: it isn't there.", f"Mount or create it, or {other}")
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        return StoreError(f"Media can't be kept in {root}: {reason}.", f"Check the disk or the share, or {other}")


def write_all(descriptor: int, block: bytes) -> None:
    """Raises: OSError."""
    left = memoryview(block)
    while left:
        left = left[os.write(descriptor, left) :]


def _object_store(base: str, settings: Settings) -> Store:
    from trax.media.bucket import open_bucket
    from trax.media.object_store import ObjectStore  # it knows this module
    from trax.media.store_cache import StoreCache

    cache = StoreCache(settings.home / "cache" / "store", settings.store_cache)
    scheme, _, rest = base.partition("://")
    return ObjectStore(f"{scheme.lower()}://{rest.rstrip('/')}", cache, open_bucket)


def _object_store_of(location: str, settings: Settings) -> Store:
    return _object_store(location.rsplit("/", 3)[0], settings)


def _check_size(draft: Path, size_bytes: int) -> None:
    if draft.stat().st_size != size_bytes:
        raise MediaChanged("The file changed after it was fetched.", "Run the command again.")


def _copy(source: int, descriptor: int, path: Path) -> tuple[str, int]:
    """SHA-256 and length of what was copied from the file at `path`."""
    before = os.fstat(source)
    digest = hashlib.sha256()
    size_bytes = 0
    for block in _blocks(source, path):
        write_all(descriptor, block)
        digest.update(block)
        size_bytes += len(block)
    after = os.fstat(source)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size_bytes != after.st_size:
        raise MediaChanged(
            f"{display_name(path)} changed while it was copied.",
            "Wait until it is complete, then run the command again.",
        )
    return digest.hexdigest(), size_bytes


def _blocks(descriptor: int, path: Path) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(descriptor, _BLOCK)
        except OSError as error:
            raise UnreadableMedia(
                f"{display_name(path)} can't be read: {error.strerror}.", "Check the disk or the network folder."
            ) from error
        if not block:
            return
        yield block


def _move_in(draft: Path, place: Path, size_bytes: int) -> None:
    """Give the draft its name, unless its very bytes are there."""
    if _is_sound(place, size_bytes):
        return
    try:
        os.link(draft, place)
    except FileExistsError:
        if not _is_sound(place, size_bytes):  # a disk lost part of it, or rotted: here it is whole
            draft.replace(place)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        draft.replace(place)


def _is_sound(place: Path, size_bytes: int) -> bool:
    """Whether a stored file is still what its name says."""
    if _size(place) != size_bytes:
        return False
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == place.name


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def _is_same_place(path: Path, place: Path) -> bool:
    with suppress(OSError):
        return path.parent.resolve() == place.parent.resolve()
    return False


def _umask() -> int:
    """The process's umask; asking the kernel for it would change it for a moment, for all threads."""
    with suppress(OSError), Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o022


def _shown(path: Path) -> str:
    return "/".join(display_name(Path(part)) if part != "/" else "" for part in path.parts) or "/"
