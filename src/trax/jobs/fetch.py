"""How the bytes of an item are fetched: from the web, or from YouTube."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from trax.database import videos
from trax.database.engine import Database
from trax.errors import TranscriptUnreadable, TraxError, VideoBlocked, VideoRateLimited
from trax.ingest.captions import captions
from trax.ingest.download import download
from trax.ingest.sources import Episode, Item, TranscriptLink, Video, WebAddress
from trax.ingest.transcript_files import read_transcript
from trax.ingest.youtube_audio import download_audio
from trax.ingest.youtube_page import VideoPage
from trax.jobs.acquire import folder_of
from trax.jobs.imports import import_transcript
from trax.jobs.origins import name_of, titled
from trax.jobs.suppliers import Suppliers
from trax.media.files import identify

MOST_TRANSCRIPT_BYTES = 20 << 20

Told = Callable[[int, int | None], None]
Check = Callable[[], None]
Notice = Callable[[str], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an item before its bytes are fetched."""

    name: Path
    video_id: UUID | None = None  # row of `youtube_videos`


@dataclass(frozen=True, slots=True)
class Brought:
    """Bytes that were fetched."""

    path: Path  # beside the draft, or the draft itself
    sha256: str
    size_bytes: int
    name: Path
    details: dict[str, Any] = field(default_factory=dict)  # for `file_metadata`


class Fetcher(Protocol):
    """One item on its way."""

    def inquire(self, database: Database) -> About:
        """What the source says of it, recorded. Raises: SourceError."""
        ...

    def bring(self, draft: Path, told: Told, check: Check) -> Brought:
        """The bytes, in `draft` or in its folder. Raises: SourceError, StoreError, and what `check` raises."""
        ...

    def add_references(self, database: Database, media_id: UUID, notice: Notice) -> None:
        """Store the transcripts that people made of it; that there are none, or bad ones, is no error."""
        ...


def fetcher_of(item: Item, suppliers: Suppliers) -> Fetcher:
    """Who fetches the item."""
    if isinstance(item, Video):
        return VideoFetcher(item, suppliers)
    assert isinstance(item, Episode | WebAddress)
    return WebFetcher(item, suppliers)


@dataclass(slots=True)
class WebFetcher:
    """A file on the web, perhaps an episode of a podcast."""

    item: Episode | WebAddress
    suppliers: Suppliers

    def inquire(self, database: Database) -> About:
        return About(name_of(self.item))

    def bring(self, draft: Path, told: Told, check: Check) -> Brought:
        done = download(self.suppliers.web, self.item.url, draft, told=told, check=check)
        name = name_of(self.item) if isinstance(self.item, Episode) else Path(done.filename)
        details = {"url": done.final_url, "content_type": done.content_type}
        return Brought(draft, done.sha256, done.size_bytes, name, {"source": details})

    def add_references(self, database: Database, media_id: UUID, notice: Notice) -> None:
        if not isinstance(self.item, Episode):
            return
        for link in self.item.transcripts:
            try:
                self._import(database, media_id, link)
            except TraxError as error:
                log.info("the transcript at %s is left out: %s", link.url, error)
            else:
                return  # the same words in another format are no second reference

    def _import(self, database: Database, media_id: UUID, link: TranscriptLink) -> None:
        page = self.suppliers.web.fetch(link.url, limit=MOST_TRANSCRIPT_BYTES)
        if page.status != 200:
            raise TranscriptUnreadable(f"The server answers {page.status}.")
        _import(database, media_id, page.body, Path(page.url).name, "feed", link.language)


@dataclass(slots=True)
class VideoFetcher:
    """The sound of a YouTube video."""

    item: Video
    suppliers: Suppliers
    page: VideoPage | None = None
    info: Mapping[str, Any] | None = None  # what the download told of the video

    def inquire(self, database: Database) -> About:
        page = self.page = self.suppliers.youtube.video(self.item.youtube_id)
        with database.transaction() as session:
            row = videos.put(session, new_video(page, self.item.url))
            return About(titled(page.title, ""), row.id)

    def bring(self, draft: Path, told: Told, check: Check) -> Brought:
        assert self.page is not None
        folder = folder_of(draft)
        folder.mkdir(parents=True, exist_ok=True)
        with self.suppliers.youtubes_turn(check):
            self.suppliers.youtube.check()  # another download may have met a wall, or the page of this one
            try:
                sound = download_audio(self.item.youtube_id, folder, self.suppliers.audio, told=told, check=check)
            except (VideoBlocked, VideoRateLimited) as wall:
                raise self.suppliers.youtube.leave_alone(wall) from wall
        self.info = sound.info
        identity = identify(sound.path)
        name = titled(self.page.title, sound.path.suffix)
        details = {"url": self.item.url, "format": sound.info.get("format_id"), "language": sound.info.get("language")}
        return Brought(sound.path, identity.sha256, identity.size_bytes, name, {"source": details})

    def add_references(self, database: Database, media_id: UUID, notice: Notice) -> None:
        assert self.page is not None
        if not any(track.get("kind") == "human" for track in self.page.details.get("captions", [])):
            return
        for caption in captions(self.item.youtube_id, self.suppliers.audio, self.info):
            try:
                _import(
                    database, media_id, caption.body, f"{self.item.youtube_id}.{caption.format}",
                    "youtube captions", caption.language,
                )  # fmt: skip
            except TraxError as error:
                log.info("captions of %s are left out: %s", self.item.youtube_id, error)


def new_video(page: VideoPage, url: str) -> videos.NewVideo:
    """What a page says, as it is stored."""
    return videos.NewVideo(
        youtube_id=page.youtube_id,
        title=page.title,
        channel=page.channel,
        description=page.description,
        duration_seconds=page.duration_seconds or 0,
        url=url,
        details=page.details,
        is_whole=page.complete,
    )


def _import(database: Database, media_id: UUID, body: bytes, name: str, origin: str, language: str | None) -> None:
    imported = read_transcript(body, name)
    sha256 = hashlib.sha256(body).hexdigest()
    import_transcript(database, media_id, imported, name=name, sha256=sha256, origin=origin, language=language)
