"""From what a person names to single things that can be fetched: lists, folders, playlists and feeds are opened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from trax.database import media_sources
from trax.database.engine import Database
from trax.errors import MediaError, MediaNotFound, SourceError, TraxError
from trax.ingest.local import expand_each
from trax.ingest.locator import locate, locate_all
from trax.ingest.sources import Episode, Feed, Item, LocalFile, LocalPath, Source, Video, VideoList, WebAddress
from trax.jobs.origins import origins_of
from trax.jobs.selection import Selection
from trax.jobs.suppliers import Suppliers
from trax.media.formats import MEDIA_SUFFIXES

FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/xml", "text/xml")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a source stands for, or the reason why it stands for nothing."""

    source: str  # as it was named
    item: Item | None
    error: TraxError | None = None


class Gathering:
    """Opens sources, one after the other; what was named twice comes once."""

    def __init__(
        self,
        database: Database | None,  # None: nothing is known of what came before
        suppliers: Suppliers,
        selection: Selection = Selection(),
        notice: Callable[[str], None] = lambda _: None,
        standard_input: TextIO | None = None,
    ) -> None:
        self._database = database
        self._suppliers = suppliers
        self._selection = selection
        self._notice = notice
        self._standard_input = standard_input

    def each(self, texts: Sequence[str]) -> Iterator[Found]:
        """Every item of the sources in order; a source that is wrong doesn't hold up the others."""
        seen: set[Item] = set()
        for text, source in locate_all(texts, self._standard_input or sys.stdin):
            for found in self._opened(text, source):
                if found.item is None:
                    yield found
                elif found.item not in seen:
                    seen.add(found.item)
                    yield found

    def _opened(self, text: str, source: Source | TraxError) -> Iterator[Found]:
        if isinstance(source, TraxError):
            yield Found(text, None, source)
            return
        try:
            for item in self._items(source):
                yield Found(text, item)
        except (SourceError, MediaError) as error:
            yield Found(text, None, error)

    def _items(self, source: Source) -> Iterable[Item]:
        match source:
            case LocalPath(path):
                return _local_files(path)
            case Video():
                return [source]
            case VideoList():
                return self._videos(source)
            case Feed(url):
                return self._episodes(url)
            case WebAddress():
                return self._web(source)
        raise AssertionError("lists are opened by locate_all")

    def _videos(self, source: VideoList) -> Iterator[Item]:
        from trax.ingest.youtube_lists import expand

        listed = expand(source, self._suppliers.audio, notice=self._notice)
        for video in islice(listed, self._selection.limit):
            yield Video(video.youtube_id)

    def _episodes(self, url: str) -> Sequence[Episode]:
        from trax.ingest.feed import fetch_feed

        page = fetch_feed(self._suppliers.web, url, since=self._selection.since, limit=self._selection.limit)
        return page.episodes

    def _web(self, source: WebAddress) -> Sequence[Item]:
        """The file behind an address, or the episodes of the feed or the video that it turns out to lead to."""
        if self._is_known(source) or Path(source.url.partition("?")[0]).suffix.lower() in MEDIA_SUFFIXES:
            return [source]
        head = self._suppliers.web.head(source.url)
        kind = head.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in FEED_TYPES:
            return self._episodes(source.url)
        led_to = locate(head.url) if head.url != source.url else source
        return [led_to] if isinstance(led_to, Video) else [source]

    def _is_known(self, source: WebAddress) -> bool:
        if self._database is None:
            return False
        with self._database.transaction() as session:
            return media_sources.find(session, origins_of(source)) is not None


def _local_files(text: str) -> Iterator[Item]:
    for _, found in expand_each([text]):
        if isinstance(found, TraxError):
            raise found
        yield from (LocalFile(path) for path in found)


def only_item(gathering: Gathering, text: str) -> Item:
    """The one item that a source stands for.

    Raises: TraxError: why it stands for none, or that it stands for several.
    """
    found = list(islice(gathering.each([text]), 2))
    if found and found[0].error is not None:
        raise found[0].error
    if len(found) != 1 or found[0].item is None:
        raise MediaNotFound(f"{text} is not one media file.", "Name several with `trax add` or `trax batch run`.")
    return found[0].item
