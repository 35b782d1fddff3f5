"""What is shown of media files: which ones, in which order, and what is known of the newest transcript of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, column, exists, func, literal, select, table
from sqlalchemy.orm import Session

from trax.database.models import MediaFile
from trax.database.reference_models import ResultMeasurement
from trax.database.search_filters import like
from trax.storable import storable_text
from trax.timeline import Seconds

MediaOrder = Literal["added", "title", "duration", "size", "words", "accuracy"]

_SHOWN = ("title", "channel", "published", "language", "versions", "version", "result_id", "words", "accuracy")
_MEDIA: Final = table("trax_media", column("media_id"), *(column(name) for name in _SHOWN))
_VIEW: Final = _MEDIA.c

_ORDERS: Final[dict[MediaOrder, ColumnElement[Any]]] = {
    "added": MediaFile.__table__.c.created_at,
    "title": func.lower(_VIEW.title),
    "duration": MediaFile.__table__.c.duration,
    "size": MediaFile.__table__.c.file_size,
    "words": _VIEW.words,
    "accuracy": _VIEW.accuracy,
}


@dataclass(frozen=True, slots=True)
class MediaFilter:
    """Which media files are asked for, and in which order; None: any."""

    status: str | None = None
    format: str | None = None  # of the container, such as mp3 or mp4
    codec: str | None = None
    channel: str | None = None  # a part of the name of a channel or podcast
    language: str | None = None
    title: str | None = None  # a part of the title or of the file's name
    since: date | None = None  # published that day or later; added, where no day is known
    min_duration: Seconds | None = None
    max_duration: Seconds | None = None
    without_transcript: bool = False
    order: MediaOrder = "added"  # titles from A on; all else from the newest, longest or highest on, the unknown last
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class MediaSummary:
    """A media file with its title and the state of its transcripts."""

    media: MediaFile
    title: str  # the file's name, where there is no other
    channel: str | None
    published: str | None  # a day, as the page or the feed tells it
    language: str | None
    versions: int
    newest_version: int | None
    result_id: UUID | None  # of the transcript that stands for the file
    words: int | None
    accuracy: float | None
    is_measured: bool  # by a reference; else the accuracy is an estimate


def listing(session: Session, wanted: MediaFilter, limit: int | None = None) -> Sequence[MediaSummary]:
    """The media files that are asked for, in the order that is."""
    columns = (_VIEW[name] for name in _SHOWN)
    is_measured = exists().where(ResultMeasurement.result_id == _VIEW.result_id)
    statement = select(MediaFile, *columns, is_measured).join_from(MediaFile, _MEDIA, _VIEW.media_id == MediaFile.id)
    rows = session.execute(_ordered(statement.where(*_conditions(wanted)), wanted).limit(limit))
    return [MediaSummary(*row) for row in rows]


def _ordered(statement: Select[Any], wanted: MediaFilter) -> Select[Any]:
    key = _ORDERS[wanted.order]
    rises = (wanted.order == "title") is not wanted.reverse
    return statement.order_by((key.asc() if rises else key.desc()).nulls_last(), MediaFile.id)


def _conditions(wanted: MediaFilter) -> Iterator[ColumnElement[bool]]:
    yield from _of_file(wanted)
    if wanted.channel is not None:
        yield _VIEW.channel.ilike(like(wanted.channel))
    if wanted.language is not None:
        yield _VIEW.language == storable_text(wanted.language).strip().lower()
    if wanted.title is not None:
        part = like(wanted.title)
        yield _VIEW.title.ilike(part) | MediaFile.filename.ilike(part)
    if wanted.since is not None:  # as text: what a page says may be no day at all
        added = func.to_char(func.timezone("UTC", MediaFile.created_at), "YYYY-MM-DD")
        yield func.coalesce(_VIEW.published, added) >= wanted.since.isoformat()
    if wanted.without_transcript:
        yield _VIEW.result_id.is_(None)


def _of_file(wanted: MediaFilter) -> Iterator[ColumnElement[bool]]:
    """Conditions on what the file itself is."""
    if wanted.status is not None:
        yield MediaFile.status == wanted.status
    if wanted.codec is not None:
        yield MediaFile.file_metadata.contains({"codec": storable_text(wanted.codec).strip().lower()})
    if wanted.format is not None:  # a container has several names: mov,mp4,m4a
        names = func.string_to_array(func.lower(MediaFile.file_metadata["format"].astext), ",")
        yield literal(storable_text(wanted.format).strip().lower()) == any_(names)
    if wanted.min_duration is not None:
        yield MediaFile.duration >= wanted.min_duration
    if wanted.max_duration is not None:
        yield MediaFile.duration <= wanted.max_duration
