"""What is known of a recording beside its sound: who published it, under which title."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from trax.database import videos
from trax.database.models import MediaFile
from trax.database.source_models import MediaSource
from trax.enhancement.values import Hints


def of_media(session: Session, media_id: UUID) -> Hints:
    """Title, channel and description, as the video's page or the feed has them; else the file's name is the title."""
    if (video := videos.of_media(session, media_id)) is not None:
        return Hints(video.title, video.channel, video.description or "", ())
    statement = select(MediaSource.details).where(MediaSource.media_file_id == media_id)
    for details in session.scalars(statement.order_by(MediaSource.created_at, MediaSource.id)):
        if title := _text(details, "title"):
            return Hints(title, _text(details, "feed_title"), _text(details, "description"), ())
    return Hints(PurePath(session.get_one(MediaFile, media_id).filename).stem, "", "", ())


def _text(details: dict[str, Any], name: str) -> str:
    value = details.get(name)
    return value if isinstance(value, str) else ""
