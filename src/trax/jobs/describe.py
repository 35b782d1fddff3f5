"""What YouTube says of videos, without their sound."""

from __future__ import annotations

from dataclasses import dataclass

from trax.database import videos
from trax.database.engine import Database
from trax.errors import SourceError, TraxError, UnknownSource
from trax.ingest.sources import Video
from trax.ingest.youtube_page import VideoPage
from trax.jobs.fetch import new_video
from trax.jobs.gather import Found
from trax.jobs.suppliers import Suppliers


@dataclass(frozen=True, slots=True)
class Described:
    """What became of a source whose description was wanted."""

    source: str
    page: VideoPage | None
    error: TraxError | None = None


def describe(database: Database, suppliers: Suppliers, found: Found) -> Described:
    """Read a video's page and store what it says."""
    if found.item is None:
        return Described(found.source, None, found.error)
    if not isinstance(found.item, Video):
        error = UnknownSource(
            f"{found.source} is no YouTube video.", "Only videos have a page to read; leave out --metadata-only."
        )
        return Described(found.source, None, error)
    try:
        page = suppliers.youtube.video(found.item.youtube_id)
    except SourceError as error:
        return Described(found.item.url, None, error)
    with database.transaction() as session:
        videos.put(session, new_video(page, found.item.url))
    return Described(found.item.url, page)
