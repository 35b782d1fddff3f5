"""What an item is called: in the database, so that it is known again, and for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from trax.database.media_sources import Origin
from trax.ingest.sources import Episode, Item, LocalFile, Video, WebAddress
from trax.media.files import display_name, path_text


def origins_of(item: Item) -> list[Origin]:
    """The places that lead to the item's media; none for a file of this machine, whose bytes tell who it is."""
    match item:
        case Video(youtube_id):
            return [Origin("youtube", youtube_id)]
        case Episode():
            said = _said_of(item)
            return [Origin("episode", f"{item.feed_url} {item.guid}", said), Origin("web", item.url, said)]
        case WebAddress(url):
            return [Origin("web", url)]
    return []


def address_of(item: Item) -> str:
    """The path or URL that is stored as the media's `source_path`, and that leads to the item again."""
    return path_text(item.path) if isinstance(item, LocalFile) else item.url


def name_of(item: Item) -> Path:
    """What the item is called before anything is known of it."""
    match item:
        case LocalFile(path):
            return path
        case Video(youtube_id):
            return Path(youtube_id)
        case Episode(title=title) if title.strip():
            return titled(title, suffix_of(item.url))
    url = address_of(item)
    return Path(display_name(Path(unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1] or urlsplit(url).netloc)))


def titled(title: str, suffix: str) -> Path:
    """A file name made of a title."""
    plain = " ".join(title.replace("/", "∕").replace("\0", "").split()).strip(". ")
    return Path(display_name(Path(f"{plain[: 255 - len(suffix)]}{suffix}" if plain else f"unnamed{suffix}")))


def suffix_of(url: str) -> str:
    """The suffix of the file that a URL names, or none."""
    suffix = Path(urlsplit(url).path).suffix
    return suffix if len(suffix) <= 6 and suffix[1:].isalnum() else ""


def _said_of(episode: Episode) -> dict[str, Any]:
    return {
        "title": episode.title,
        "feed": episode.feed_url,
        "feed_title": episode.feed_title,
        "guid": episode.guid,
        "published": None if episode.published is None else episode.published.isoformat(),
        "duration": episode.duration,
        "link": episode.link,
        "description": episode.description,
    }
