"""From a path to a media row that is ready: hash, register, probe."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from trax.database import claims, media
from trax.database.engine import Database
from trax.database.models import MediaFile
from trax.errors import MediaChanged, NoAudio, UnreadableMedia
from trax.media.files import display_name, identify, path_from_text, path_text
from trax.media.probe import probe


def register(database: Database, path: Path) -> UUID:
    """ID of the media row of the file's bytes: the same bytes give the same row, changed bytes a new one.

    Raises: MediaNotFound, UnreadableMedia, MediaChanged.
    """
    identity = identify(path)
    new = media.NewMedia(
        filename=display_name(path),
        file_size=identity.size_bytes,
        file_hash=identity.sha256,
        source_path=path_text(path),
        local_path=path_text(path),
        mtime_ns=identity.mtime_ns,
    )
    with database.transaction() as session:
        row, _ = media.add(session, new)
        return row.id


def make_ready(database: Database, media_id: UUID, path: Path) -> None:
    """Walk a media row to `ready`, or to `failed` with the reason; a row that is ready already stays so.

    Raises: MediaError: the file can't be used.
    """
    with claims.claim(database, media_id, wait=True):
        with database.transaction() as session:
            row = media.get(session, media_id)
            if row.status == "ready":
                return
            media.set_status(session, media_id, "processing")
        try:
            info = probe(path)
        except (UnreadableMedia, NoAudio) as error:
            with database.transaction() as session:
                media.set_status(session, media_id, "failed", str(error))
            raise
        except BaseException:  # Ctrl-C, or a decoder that can't be started: no fault of the file
            with database.transaction() as session:
                media.set_status(session, media_id, "pending")
            raise
        with database.transaction() as session:
            media.describe(
                session,
                media_id,
                mime_type=info.mime_type,
                duration=info.duration,
                metadata=info.file_metadata,
            )


def local_file(row: MediaFile) -> Path:
    """Where the bytes of a media row are, still the ones that were added.

    Raises: MediaChanged: they are gone, or differ.
    """
    hint = "Add the file again from where it is now."
    if row.local_path is None:
        raise MediaChanged(f"The bytes of {row.filename} are no longer at {row.source_path}.", hint)
    path = path_from_text(row.local_path)
    if not path.is_file():
        raise MediaChanged(f"{row.filename} is no longer at {row.local_path}.", hint)
    found = path.stat()
    known = (row.file_size, (row.file_metadata or {}).get("mtime_ns"))
    # The hash is only computed again where size or time give a reason to doubt.
    if (found.st_size, found.st_mtime_ns) != known and identify(path).sha256 != row.file_hash:
        raise MediaChanged(f"{row.local_path} has changed since it was added.", hint)
    return path
