"""Queries about where media came from: what is known is not fetched again.

A media file that is fetched has a row before it has bytes: without a hash, `pending` or `downloading`. Such a row is
the work of one process at a time, which holds the claim on its ID. Jobs are queued for media that has arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database import media as media_queries
from trax.database.models import MediaFile, TranscriptionJob
from trax.database.source_models import MediaSource
from trax.storable import storable_json, storable_text

NAMESPACE = UUID("0f9ad6e1-7f0b-5f0f-9a55-6a1f5e2c7b10")  # any constant one
IN_PASSAGE = "download"  # key of `file_metadata` that says how far a download is


@dataclass(frozen=True, slots=True)
class Origin:
    """One place that media comes from, by a text that is the same whenever the same is named."""

    kind: str  # of SOURCE_KINDS
    source: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE, storable_text(f"{self.kind} {self.source}"))


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes that have come, and where they are now."""

    file_hash: str
    file_size: int
    filename: str
    local_path: str
    mtime_ns: int
    details: dict[str, Any] = field(default_factory=dict)  # for `file_metadata`


def find(session: Session, origins: Sequence[Origin]) -> MediaFile | None:
    """The media file that came, or is to come, from one of these places."""
    sources = select(MediaSource.media_file_id).where(MediaSource.id.in_([origin.id for origin in origins]))
    newest = select(MediaFile).where(MediaFile.id.in_(sources)).order_by(MediaFile.created_at.desc()).limit(1)
    return session.scalar(newest)


def expect(
    session: Session, origins: Sequence[Origin], *, filename: str, source_path: str, video_id: UUID | None = None
) -> MediaFile:
    """The row of media that is to come from there: the one that is known, or a new one without bytes."""
    if (known := find(session, origins)) is not None:
        return known
    values = {
        "filename": storable_text(filename),
        "file_size": 0,
        "source_path": storable_text(source_path),
        "youtube_video_id": video_id,
    }
    media = session.scalars(insert(MediaFile).values(**values).returning(MediaFile)).one()
    if lead_to(session, origins, media.id):
        return media
    session.execute(delete(MediaFile).where(MediaFile.id == media.id))  # another process was faster
    found = find(session, origins)
    assert found is not None, "whoever was faster has a row"
    return found


def lead_to(session: Session, origins: Sequence[Origin], media_id: UUID, *, instead: bool = False) -> bool:
    """Record that this media comes from there; False: some of it is recorded for other media (and stays, or not)."""
    rows = [
        {
            "id": origin.id,
            "kind": origin.kind,
            "source": storable_text(origin.source),
            "media_file_id": media_id,
            "details": storable_json(origin.details),
        }
        for origin in sorted(origins, key=lambda origin: origin.id)  # in one order: nobody waits in a circle
    ]
    statement = insert(MediaSource)
    if instead:
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["id"], set_={"media_file_id": new.media_file_id, "details": new.details}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=["id"])
    added = session.scalars(statement.returning(MediaSource.id), rows).all()
    return len(added) == len(rows)


def tell(session: Session, media_id: UUID, done_bytes: int, total_bytes: int | None) -> None:
    """Record how far a download is; media that was here before is no less known while it is fetched again."""
    media = _locked(session, media_id)
    if media.file_hash is not None:
        return
    progress = {"done_bytes": done_bytes, "total_bytes": total_bytes}
    media.status = "downloading"
    media.file_metadata = {**(media.file_metadata or {}), IN_PASSAGE: progress}


def failed(session: Session, media_id: UUID, error: str) -> None:
    """Record why a download ended; what has come of it is kept for the next try."""
    media = _locked(session, media_id)
    media.status = "failed"
    media.file_metadata = {**(media.file_metadata or {}), "error": storable_text(error)}


def interrupted(session: Session, media_id: UUID) -> None:
    """downloading → pending: somebody goes on another time."""
    where = (MediaFile.id == media_id, MediaFile.status == "downloading")
    session.execute(update(MediaFile).where(*where).values(status="pending"))


def forget(session: Session, media_id: UUID) -> None:
    """Remove the row of media that never came; one with bytes, or with anything that refers to it, stays."""
    jobs = exists().where(TranscriptionJob.media_file_id == media_id)
    session.execute(delete(MediaFile).where(MediaFile.id == media_id, MediaFile.file_hash.is_(None), ~jobs))


def arrived(session: Session, media_id: UUID, arrival: Arrival) -> MediaFile:
    """The row of the bytes that were fetched for a row: that one, or the one that has had the same bytes before.

    Where a file was fetched anew and is another one by now, the old row keeps its transcripts, and the places lead to a
    new one.
    """
    media_queries.lock_identities(session)
    media = _locked(session, media_id)
    known = session.scalar(
        select(MediaFile).where(MediaFile.file_hash == arrival.file_hash).with_for_update(key_share=True)
    )
    if known is None and media.file_hash is None:
        known = media
        known.file_hash, known.file_size = arrival.file_hash, arrival.file_size
        known.filename = storable_text(arrival.filename)
        known.status = "pending"
        metadata = {
            key: value for key, value in (media.file_metadata or {}).items() if key not in (IN_PASSAGE, "error")
        }
        known.file_metadata = {**metadata, **storable_json(arrival.details)}
    elif known is None:
        known = _next_edition(session, media, arrival)
    known.local_path = arrival.local_path
    known.file_metadata = {**(known.file_metadata or {}), "mtime_ns": arrival.mtime_ns}
    if known.id != media.id:
        _hand_over(session, media, known)
    session.flush()
    return known


def _next_edition(session: Session, media: MediaFile, arrival: Arrival) -> MediaFile:
    edition = MediaFile(
        filename=storable_text(arrival.filename),
        file_size=arrival.file_size,
        file_hash=arrival.file_hash,
        source_path=media.source_path,
        youtube_video_id=media.youtube_video_id,
        file_metadata=storable_json(arrival.details),
    )
    session.add(edition)
    session.flush()
    return edition


def _hand_over(session: Session, media: MediaFile, known: MediaFile) -> None:
    """The places of the one lead to the other; a row that never had bytes is gone."""
    known.youtube_video_id = known.youtube_video_id or media.youtube_video_id
    session.flush()
    session.execute(update(MediaSource).where(MediaSource.media_file_id == media.id).values(media_file_id=known.id))
    forget(session, media.id)


def of_media(session: Session, media_id: UUID) -> Sequence[MediaSource]:
    """Where a media file came from, the first place first."""
    found = select(MediaSource).where(MediaSource.media_file_id == media_id)
    return session.scalars(found.order_by(MediaSource.created_at, MediaSource.id)).all()


def _locked(session: Session, media_id: UUID) -> MediaFile:
    return session.scalars(
        select(MediaFile).where(MediaFile.id == media_id).with_for_update().execution_options(populate_existing=True)
    ).one()
