"""Feeds for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trax.ingest.feed import FeedPage

URL = "https://pod.example/show/feed.xml?key=SECRET"
NAMESPACES = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'
)
SOUND = '<enclosure url="https://cdn.example/{0}.mp3" length="1234" type="audio/mpeg"/>'


def item(name: str, more: str = "", *, sound: str = SOUND) -> str:
    return f"<item><title>{name}</title>{sound.format(name)}{more}</item>"


def rss(*items: str, head: str = "", prologue: str = "") -> bytes:
    channel = f"<channel><title>The Show</title>{head}{''.join(items)}</channel>"
    return f'<?xml version="1.0"?>{prologue}<rss version="2.0" {NAMESPACES}>{channel}</rss>'.encode()


def day(number: int) -> str:
    """A date that is so many days after the first of January."""
    return f"{datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=number):%a, %d %b %Y %H:%M:%S +0000}"


def dated(number: int) -> str:
    return item(f"e{number}", f"<guid>g{number}</guid><pubDate>{day(number)}</pubDate>")


def titles(page: FeedPage) -> list[str]:
    return [episode.title for episode in page.episodes]
