"""From a path to media that is ready: hash, probe, and find the bytes again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

from trax.database import claims, media
from trax.database.engine import Database
from trax.database.models import MediaFile
from trax.errors import ClaimHeld, MediaAway, MediaChanged, StoreError
from trax.media.files import display_name, identify, path_from_text, path_text
from trax.media.probe import probe
from trax.media.store import is_remote, open_store
from trax.settings import Settings


def new_media(path: Path) -> media.NewMedia:
    """What is to be known of a file before anything looked inside it; reads all of it.

    Raises: MediaNotFound, UnreadableMedia, MediaChanged.
    """
    identity = identify(path)
    return media.NewMedia(
        filename=display_name(path),
        file_size=identity.size_bytes,
        file_hash=identity.sha256,
        source_path=path_text(path),
        local_path=path_text(path),
        mtime_ns=identity.mtime_ns,
    )


def make_ready(database: Database, media_id: UUID, path: Path, *, is_ours: bool = False) -> None:
    """Walk a media row to `ready`; one that is ready already stays as it is. `is_ours`: the caller holds its claim.

    Raises: MediaError: the file can't be used.
    """
    with _passage(database, media_id, is_ours=is_ours):
        info = probe(path)
    with database.transaction() as session:
        media.lock(session, media_id)
        if media.get(session, media_id).status != "ready":  # another attempt may have been faster, and may know more
            media.describe(
                session, media_id, mime_type=info.mime_type, duration=info.duration, metadata=info.file_metadata
            )


@contextmanager
def _passage(database: Database, media_id: UUID, *, is_ours: bool) -> Iterator[None]:
    """`processing` for as long as the block lasts, and `pending` again where it fails.

    Where another process is at the same file already, the state is its own: it may be stopped or cut off, and must not
    be waited for.
    """
    with ExitStack() as held:
        try:
            if not is_ours:
                held.enter_context(claims.claim(database, media_id))
        except ClaimHeld:
            yield
            return
        with database.transaction() as session:
            before = media.get(session, media_id).status
            if before != "ready":
                media.move(session, media_id, before, "processing")
        try:
            yield
        except BaseException:
            with database.transaction() as session:
                media.move(session, media_id, "processing", "pending")
            raise


def local_file(row: MediaFile, settings: Settings) -> Path:
    """Where the bytes of a media row are, still the ones that were added; from an object store they are fetched.

    Raises: MediaAway: there is no file. MediaChanged: it is another one by now. StoreError.
    """
    hint = "Add the file again from where it is now."
    if row.local_path is None:
        raise MediaChanged(f"The bytes of {row.filename} are no longer at {row.source_path}.", hint)
    if is_remote(row.local_path):
        assert row.file_hash is not None
        return open_store(settings).locate(row.local_path, row.file_hash)
    path = path_from_text(row.local_path)
    if not path.is_file() and (moved := _in_store(row, settings)) is not None:
        return moved
    if not path.is_file():
        mount = f"Mount the share that holds it on {socket.gethostname()}, or add the file again from where it is now."
        raise MediaAway(f"{row.filename} is not at {row.local_path}.", mount)
    found = path.stat()
    known = (row.file_size, (row.file_metadata or {}).get("mtime_ns"))
    # The hash is only computed again where size or time give a reason to doubt.
    if (found.st_size, found.st_mtime_ns) != known and identify(path).sha256 != row.file_hash:
        raise MediaChanged(f"{row.local_path} has changed since it was added.", hint)
    return path


def _in_store(row: MediaFile, settings: Settings) -> Path | None:
    """Where the bytes are if they belong to a store that has moved as a whole."""
    if row.local_path is None or row.file_hash is None:
        return None
    try:
        return open_store(settings).locate(row.local_path, row.file_hash)
    except (MediaAway, StoreError):
        return None
