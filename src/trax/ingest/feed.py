"""Podcast feeds: RSS and Atom, read from bytes that were fetched before, and never by the parser itself."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from trax.errors import BadFeed, SourceError, SourceUnavailable, SourceUnreachable, first_line
from trax.ingest.feed_transcripts import offered_transcripts
from trax.ingest.feed_values import duration_of, moment_of, plain_line, plain_text, size_of, web_address
from trax.ingest.sources import Episode, TranscriptLink
from trax.media.formats import MEDIA_SUFFIXES
from trax.media.magic import HEAD_BYTES, recognise

MOST_BYTES: Final = 16 << 20
MOST_BROKEN_BYTES: Final = 4 << 20  # of what is no well-formed XML, which takes long to make sense of
MOST_PAGES: Final = 50
MOST_EPISODES: Final = 20_000
LONGEST_TITLE, LONGEST_GUID, LONGEST_DESCRIPTION = 500, 1000, 10_000

# Those that a program can read come first, and among them those with the names of the speakers.
_TRANSCRIPT_TYPES = ("text/vtt", "application/json", "application/srt", "application/x-subrip", "text/srt")
_NO_MEDIA = ("image/", "text/", "application/pdf", "application/epub", "application/json", "application/zip")
_GONE: Final = {
    401: "asks for a password",
    403: "refuses to give it out",
    404: "knows no such feed",
    410: "says that the feed is gone",
    451: "may not give it out for legal reasons",
}

log = logging.getLogger(__name__)


class Answer(Protocol):
    """What a web server has answered."""

    @property
    def status(self) -> int: ...
    @property
    def url(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class Fetcher(Protocol):
    """Who fetches pages: `Web`."""

    def fetch(self, url: str, *, limit: int) -> Answer: ...


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A feed, or one page of a long one."""

    title: str
    url: str
    next_url: str | None  # of the page with older episodes
    episodes: tuple[Episode, ...]


def fetch_feed(web: Fetcher, url: str, *, since: date | None = None, limit: int | None = None) -> FeedPage:
    """The feed at `url` with its episodes, newest first: those since that day (UTC), and at most `limit`.

    Further pages are asked for as long as they may hold what is wanted. `next_url` names a page that was left out.

    Raises: BadFeed, SourceUnavailable, SourceUnreachable, and what `web` raises.
    """
    first = page = _fetched(web, url)
    found: dict[str, Episode] = {}
    _gather(found, first, url, first.title)
    seen, pages, left_out = {url, first.url}, 1, None
    while (following := page.next_url) is not None and following not in seen:
        if pages == MOST_PAGES or _enough(found, page, since, limit):
            left_out = following
            break
        seen.add(following)
        try:
            page = _fetched(web, following)
        except SourceError as error:
            log.warning("a further page of the feed %s is left out: %s", _shown(url), error)
            left_out = following
            break
        _gather(found, page, url, first.title)
        pages += 1
    if not found:
        raise _without_episodes(first)
    chosen = _wanted(list(found.values()), since)[:limit]
    return FeedPage(first.title, url, left_out, tuple(chosen))


def read_feed(body: bytes, url: str) -> FeedPage:
    """The feed that `body` holds; relative addresses in it are those of `url`.

    Raises: BadFeed: that is no feed, one without episodes, or larger than the limit.
    """
    page = _read(body, url)
    if not page.episodes:
        raise _without_episodes(page)
    return page


def _gather(found: dict[str, Episode], page: FeedPage, url: str, title: str) -> None:
    """Add the page's episodes; pages shift with every new one, so the feed's own address is what they are known by."""
    for episode in page.episodes:
        found.setdefault(episode.guid, replace(episode, feed_url=url, feed_title=title))


def _fetched(web: Fetcher, url: str) -> FeedPage:
    answer = web.fetch(url, limit=MOST_BYTES)
    if answer.status in _GONE:
        raise SourceUnavailable(
            f"The server of the feed {_shown(url)} {_GONE[answer.status]} ({answer.status}).",
            "Check the address; feeds for subscribers have one with a key of their own.",
        )
    if answer.status != 200:
        raise SourceUnreachable(f"The feed {_shown(url)} is answered with {answer.status}.", "Try again later.")
    return _read(answer.body, answer.url)


def _enough(found: Mapping[str, Episode], page: FeedPage, since: date | None, limit: int | None) -> bool:
    """Whether older episodes than those of this page are of no use."""
    if len(found) >= MOST_EPISODES:
        return True
    if limit is not None and sum(_is_since(episode, since) for episode in found.values()) >= limit:
        return True
    days = [episode.published.date() for episode in page.episodes if episode.published is not None]
    return not page.episodes or (since is not None and bool(days) and max(days) < since)


def _wanted(episodes: Sequence[Episode], since: date | None) -> Sequence[Episode]:
    """Those since that day, newest first; in the feed's own order where it doesn't say when."""
    dates = [episode.published for episode in episodes if episode.published is not None]
    if since is not None and not dates:
        raise BadFeed("None of the feed's episodes has a date.", "Leave out --since, and choose with --limit.")
    if len(dates) == len(episodes):
        episodes = sorted(episodes, key=lambda episode: episode.published or dates[0], reverse=True)
    return [episode for episode in episodes if _is_since(episode, since)]


def _is_since(episode: Episode, since: date | None) -> bool:
    return since is None or (episode.published is not None and episode.published.date() >= since)


def _read(body: bytes, url: str) -> FeedPage:
    if len(body) > MOST_BYTES:
        raise BadFeed(f"The feed {_shown(url)} is larger than {MOST_BYTES >> 20} MB.", "Name its episodes one by one.")
    offered = offered_transcripts(body)
    if offered is None and len(body) > MOST_BROKEN_BYTES:
        raise BadFeed(f"What is at {_shown(url)} is large and no well-formed XML.", "Check the address of the feed.")
    parsed = _parsed(body, url)
    entries: list[dict[str, Any]] = parsed["entries"]
    feed = parsed["feed"]
    if not parsed["version"] and not entries:
        raise _no_feed(body, url)
    about = FeedPage(plain_line(_text(feed, "title"), LONGEST_TITLE) or _shown(url), url, _next_page(feed, url), ())
    transcripts = offered if offered is not None and len(offered) == len(entries) else _lasts(entries)
    return replace(about, episodes=tuple(_episodes(entries[:MOST_EPISODES], transcripts, about)))


def _parsed(body: bytes, url: str) -> Mapping[str, Any]:
    import feedparser

    try:
        # A stream and nothing else: text or bytes that look like a path or an address would be opened.
        found: Mapping[str, Any] = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        return {"version": found.get("version", ""), "entries": found["entries"], "feed": found["feed"]}
    except Exception as error:
        raise BadFeed(
            f"What is at {_shown(url)} can't be read as a feed: {first_line(error)}.", "Check the address of the feed."
        ) from error


def _episodes(
    entries: Iterable[dict[str, Any]], transcripts: Iterable[Sequence[Mapping[str, str]]], feed: FeedPage
) -> Iterator[Episode]:
    """The episodes among the entries, each GUID once."""
    seen: set[str] = set()
    for entry, links in zip(entries, transcripts, strict=False):
        episode = _episode(entry, links, feed)
        if episode is not None and episode.guid not in seen:
            seen.add(episode.guid)
            yield episode


def _episode(entry: dict[str, Any], links: Sequence[Mapping[str, str]], feed: FeedPage) -> Episode | None:
    """The entry as an episode; None without sound."""
    enclosure = _enclosure(entry, feed.url)
    if enclosure is None:
        return None
    url, size_bytes, seconds = enclosure
    description = plain_text(_text(entry, "summary"), LONGEST_DESCRIPTION)
    return Episode(
        url=url,
        guid=plain_line(_text(entry, "id"), LONGEST_GUID) or url,
        feed_url=feed.url,
        feed_title=feed.title,
        title=plain_line(_text(entry, "title"), LONGEST_TITLE) or PurePosixPath(urlsplit(url).path).name or url,
        published=moment_of(_text(entry, "published")) or moment_of(_text(entry, "updated")),
        duration=duration_of(_text(entry, "itunes_duration")) or duration_of(seconds),
        size_bytes=size_bytes,
        transcripts=_transcripts(links, feed.url),
        link=_page_of(entry, feed.url),
        description=description or None,
    )


def _page_of(entry: dict[str, Any], base: str) -> str | None:
    """The episode's web page; feedparser takes any GUID for one that doesn't say that it is none."""
    link = _text(entry, "link")
    return None if link == _text(entry, "id") and "://" not in link else web_address(link, base)


def _enclosure(entry: dict[str, Any], base: str) -> tuple[str, int | None, str] | None:
    """Address, size and declared duration of the entry's sound, of several the first."""
    links = [link for link in _dicts(entry, "links") if link.get("rel") == "enclosure"]
    media = [{**content, "href": content.get("url", "")} for content in _dicts(entry, "media_content")]
    for link in (*links, *media):
        url = web_address(_text(link, "href"), base)
        if url is not None and _may_be_media(url, _text(link, "type")):
            size = size_of(_text(link, "length")) or size_of(_text(link, "filesize"))
            return url, size, _text(link, "duration")
    return None


def _may_be_media(url: str, type: str) -> bool:
    if PurePosixPath(urlsplit(url).path).suffix.lower() in MEDIA_SUFFIXES:
        return True
    return not type.strip().lower().startswith(_NO_MEDIA)


def _transcripts(links: Sequence[Mapping[str, str]], base: str) -> tuple[TranscriptLink, ...]:
    """Links to transcripts, those first that a program reads best."""
    made: dict[str, TranscriptLink] = {}
    for link in links:
        url = web_address(link.get("url", ""), base)
        if url is not None:
            type = plain_line(link.get("type", ""), 100).lower()
            language = plain_line(link.get("language", ""), 35) or None
            made.setdefault(url, TranscriptLink(url, type, language))
    ranks = {type: rank for rank, type in enumerate(_TRANSCRIPT_TYPES)}
    return tuple(sorted(made.values(), key=lambda link: ranks.get(link.type.partition(";")[0], len(ranks))))


def _lasts(entries: Sequence[dict[str, Any]]) -> list[list[Mapping[str, str]]]:
    """What feedparser keeps of the links to transcripts: each entry's last."""
    return [[link] if isinstance(link := dict.get(entry, "podcast_transcript"), dict) else [] for entry in entries]


def _next_page(feed: dict[str, Any], url: str) -> str | None:
    """The page with older episodes, as RFC 5005 links it."""
    for link in _dicts(feed, "links"):
        if link.get("rel") == "next" and (following := web_address(_text(link, "href"), url)) != url:
            return following
    return None


def _dicts(entry: dict[str, Any], key: str) -> list[dict[str, Any]]:
    values = dict.get(entry, key)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _text(entry: dict[str, Any], key: str) -> str:
    value = dict.get(entry, key)  # feedparser's own `get` warns of keys that it keeps for others' sake
    return value if isinstance(value, str) else ""


def _no_feed(body: bytes, url: str) -> BadFeed:
    content = recognise(body[:HEAD_BYTES])
    what = content.words if content is not None else "something else"
    return BadFeed(
        f"What is at {_shown(url)} is no podcast feed but {what}.",
        "Give the address of the feed itself; a podcast's page links to it, mostly as RSS.",
    )


def _without_episodes(page: FeedPage) -> BadFeed:
    return BadFeed(f"The feed {page.title} has no episode with sound.", "Check the address, or look at it later.")


def _shown(url: str) -> str:
    """The address for people, without what in it may be secret: passwords and keys."""
    parts = urlsplit(url)
    return plain_line(f"{parts.hostname or ''}{parts.path}", 200)
