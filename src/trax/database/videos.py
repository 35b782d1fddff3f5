"""Queries about YouTube videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database.models import MediaFile, YouTubeVideo
from trax.storable import storable_json, storable_text

MAX_TITLE, MAX_CHANNEL = 500, 200  # characters


@dataclass(frozen=True, slots=True)
class NewVideo:
    """What a page says of a video; a length of 0 is unknown, as of what is still on the air."""

    youtube_id: str
    title: str
    channel: str
    description: str
    duration_seconds: int
    url: str
    details: dict[str, Any]
    is_whole: bool = True  # False: all but title and channel is unknown this time


def put(session: Session, new: NewVideo) -> YouTubeVideo:
    """The row of the video, with what its page says now."""
    said = {
        "title": storable_text(new.title)[:MAX_TITLE],
        "channel": storable_text(new.channel)[:MAX_CHANNEL],
        "description": storable_text(new.description),
        "duration_seconds": new.duration_seconds,
        "url": new.url,
        "details": storable_json(new.details),
        "metadata_extracted_at": func.now(),
    }
    statement = insert(YouTubeVideo).values(youtube_id=new.youtube_id, **said)
    newer = said if new.is_whole else {name: said[name] for name in ("title", "channel")}
    statement = statement.on_conflict_do_update(index_elements=["youtube_id"], set_=newer)
    return session.scalars(statement.returning(YouTubeVideo), execution_options={"populate_existing": True}).one()


def by_youtube_id(session: Session, youtube_id: str) -> YouTubeVideo | None:
    """The video, if its page was read before."""
    return session.scalar(select(YouTubeVideo).where(YouTubeVideo.youtube_id == youtube_id))


def of_media(session: Session, media_id: UUID) -> YouTubeVideo | None:
    """The video that the media file is the sound of."""
    joined = select(YouTubeVideo).join(MediaFile, MediaFile.youtube_video_id == YouTubeVideo.id)
    return session.scalar(joined.where(MediaFile.id == media_id))
