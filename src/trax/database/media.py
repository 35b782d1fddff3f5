"""Queries about media files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database import claims
from trax.database.models import MediaFile, TranscriptionJob

IDENTITIES = 0x7472_6178_6D65_6469  # key of an advisory lock: "traxmedi"


@dataclass(frozen=True, slots=True)
class NewMedia:
    """What is known of a local file before anything looked inside it."""

    filename: str
    file_size: int
    file_hash: str
    source_path: str
    local_path: str
    mtime_ns: int


def lock_identities(session: Session) -> None:
    """Let nobody else say which bytes are which row until the transaction ends: to be done before any row is locked.

    Two that register the same bytes, or swap the names of two files, would else fail or wait for each other.
    """
    session.execute(select(func.pg_advisory_xact_lock(IDENTITIES)))


def add(session: Session, new: NewMedia) -> tuple[MediaFile, bool]:
    """The row of these bytes, and whether it is new; the same bytes never get a second row."""
    lock_identities(session)
    # A path has one content at a time: rows of its earlier bytes no longer have theirs anywhere.
    session.execute(
        update(MediaFile)
        .where(MediaFile.local_path == new.local_path, MediaFile.file_hash != new.file_hash)
        .values(local_path=None)
    )
    statement = insert(MediaFile).values(
        filename=new.filename,
        file_size=new.file_size,
        file_hash=new.file_hash,
        source_path=new.source_path,
        local_path=new.local_path,
        file_metadata={"mtime_ns": new.mtime_ns},
    )
    added = session.scalar(statement.on_conflict_do_nothing(index_elements=["file_hash"]).returning(MediaFile.id))
    media = session.scalars(
        select(MediaFile).where(MediaFile.file_hash == new.file_hash).with_for_update(key_share=True)
    ).one()
    # These bytes were read at this path a moment ago: that is where they are, unless a store has them for all machines.
    if added is None and not _is_shared(media.local_path):
        media.local_path = new.local_path
        media.file_metadata = {**(media.file_metadata or {}), "mtime_ns": new.mtime_ns}
    return media, added is not None


def _is_shared(local_path: str | None) -> bool:
    return local_path is not None and "://" in local_path and not local_path.startswith("file:")


def drop_unused(session: Session, media_id: UUID) -> bool:
    """Delete the row unless somebody has asked for a transcript of it; returns whether it is gone."""
    jobs = exists().where(TranscriptionJob.media_file_id == media_id)
    gone = delete(MediaFile).where(MediaFile.id == media_id, ~jobs)
    return session.scalar(gone.returning(MediaFile.id)) is not None


def get(session: Session, media_id: UUID) -> MediaFile:
    """The row; it must exist."""
    return session.get_one(MediaFile, media_id)


def find(session: Session, media_id: UUID) -> MediaFile | None:
    """The row, if it is still there."""
    return session.get(MediaFile, media_id)


def lock(session: Session, media_id: UUID) -> None:
    """Keep others from the row until the transaction ends: to be done before a job of it is locked."""
    _locked(session, media_id)


def set_status(session: Session, media_id: UUID, status: str, error: str | None = None) -> None:
    """Move a media file to `status`; `error` is kept in (or cleared from) `file_metadata`."""
    media = _locked(session, media_id)
    metadata = {key: value for key, value in (media.file_metadata or {}).items() if key != "error"}
    media.file_metadata = metadata if error is None else {**metadata, "error": error}
    media.status = status


def move(session: Session, media_id: UUID, before: str, after: str) -> bool:
    """Move a media file from one status to the next; False: it has another one by now."""
    moved = update(MediaFile).where(MediaFile.id == media_id, MediaFile.status == before).values(status=after)
    return session.scalar(moved.returning(MediaFile.id)) is not None


def describe(
    session: Session, media_id: UUID, *, mime_type: str, duration: float | None, metadata: dict[str, Any]
) -> None:
    """Record what a probe found, and mark the file as ready."""
    set_status(session, media_id, "ready")
    media = _locked(session, media_id)
    media.mime_type = mime_type
    media.duration = duration
    media.file_metadata = {**(media.file_metadata or {}), **metadata}


def record_decoding(session: Session, media_id: UUID, duration: float, report: dict[str, Any]) -> None:
    """Replace the declared duration by the decoded one, and keep what decoding noticed; such a file is ready."""
    set_status(session, media_id, "ready")
    media = _locked(session, media_id)
    media.duration = duration
    media.file_metadata = {**(media.file_metadata or {}), "decoding": report}


def release_abandoned(session: Session) -> int:
    """Put media files that a dead process left in a state of passage back to `pending`; returns how many."""
    passing = MediaFile.status.in_(("downloading", "processing"))
    stuck = session.scalars(select(MediaFile).where(passing).with_for_update(skip_locked=True, key_share=True)).all()
    abandoned = [media for media in stuck if claims.is_free(session, media.id)]
    for media in abandoned:
        media.status = "pending"
    return len(abandoned)


def _locked(session: Session, media_id: UUID) -> MediaFile:
    """The row, locked: what is read of its JSON and written back must not lose another's change."""
    return session.scalars(
        select(MediaFile)
        .where(MediaFile.id == media_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
