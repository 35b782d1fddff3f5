"""What a person may name as a source, and the single things that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class LocalPath:
    """A file, a folder or a pattern on this machine, as it was named."""

    text: str


@dataclass(frozen=True, slots=True)
class Video:
    """One YouTube video."""

    youtube_id: str  # 11 characters

    @property
    def url(self) -> str:
        return f"https://www.youtube.com/watch?v={self.youtube_id}"


@dataclass(frozen=True, slots=True)
class VideoList:
    """A playlist or a channel of YouTube."""

    kind: str  # playlist or channel
    key: str  # PL..., UC..., @handle, c/name or user/name

    @property
    def path(self) -> str:
        """Below YouTube's base address."""
        if self.kind == "playlist":
            return f"/playlist?list={self.key}"
        return f"/channel/{self.key}/videos" if self.key.startswith("UC") else f"/{self.key}/videos"


@dataclass(frozen=True, slots=True)
class Feed:
    """A podcast feed."""

    url: str


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A file on the web, or a feed: what it is shows when it is fetched."""

    url: str


@dataclass(frozen=True, slots=True)
class ListFile:
    """A text file with one source on each line."""

    path: Path


@dataclass(frozen=True, slots=True)
class StandardInput:
    """A list of sources on standard input."""


Source = LocalPath | Video | VideoList | Feed | WebAddress | ListFile | StandardInput


@dataclass(frozen=True, slots=True)
class TranscriptLink:
    """A transcript that a feed offers for an episode."""

    url: str
    type: str  # MIME type, as the feed has it
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of a podcast, as its feed describes it."""

    url: str  # of the sound
    guid: str  # unique within its feed; the address of the sound where the feed has none
    feed_url: str
    feed_title: str
    title: str
    published: datetime | None = None
    duration: Seconds | None = None  # as declared
    size_bytes: int | None = None  # as declared
    transcripts: tuple[TranscriptLink, ...] = ()
    link: str | None = None  # the episode's web page
    description: str | None = None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file on this machine."""

    path: Path


Item = LocalFile | Video | Episode | WebAddress
