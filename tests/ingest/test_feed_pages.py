"""Feeds of several pages: what is asked for, in what order episodes come, and what `--since` and `--limit` leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from tests.ingest.feeds import URL, dated, item, rss, titles
from trax.errors import BadFeed, SourceTooLarge, SourceUnavailable, SourceUnreachable
from trax.ingest import feed
from trax.ingest.feed import fetch_feed


@dataclass(frozen=True)
class Answered:
    status: int
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Shelf:
    """Answers with pages by their address, as `Web` does, and remembers what was asked."""

    def __init__(self, *pages: bytes, status: int = 200) -> None:
        self.pages = {
            URL if number == 0 else f"https://pod.example/page{number}": body for number, body in enumerate(pages)
        }
        self.status = status
        self.asked: list[str] = []

    def fetch(self, url: str, *, limit: int) -> Answered:
        self.asked.append(url)
        if url not in self.pages:
            return Answered(404, url, b"")
        if len(self.pages[url]) > limit:
            raise SourceTooLarge("It is larger than the limit.")
        return Answered(self.status, url, self.pages[url])


def paged(number: int, *items: str) -> bytes:
    return rss(*items, head=f'<atom:link rel="next" href="/page{number}"/>')


LONG = (paged(1, dated(9), dated(8)), paged(2, dated(7), dated(6)), rss(dated(5), dated(4)))


@pytest.mark.parametrize(
    ("options", "expected", "asked"),
    [
        ({}, "e9 e8 e7 e6 e5 e4", 3),
        ({"limit": 2}, "e9 e8", 1),
        ({"limit": 3}, "e9 e8 e7", 2),
        ({"limit": 100}, "e9 e8 e7 e6 e5 e4", 3),
        ({"since": date(2026, 1, 8)}, "e9 e8 e7", 3),
        ({"since": date(2026, 1, 9)}, "e9 e8", 2),
        ({"since": date(2026, 1, 9), "limit": 1}, "e9", 1),
        ({"since": date(2027, 1, 1)}, "", 1),
    ],
)
def test_only_pages_that_are_needed_are_asked_for(options: dict[str, int], expected: str, asked: int) -> None:
    shelf = Shelf(*LONG)
    page = fetch_feed(shelf, URL, **options)  # type: ignore[arg-type]
    assert titles(page) == expected.split()
    assert len(shelf.asked) == asked
    assert {episode.feed_url for episode in page.episodes} <= {URL}  # not the page's, which changes with every episode


def test_the_newest_come_first_whatever_the_order_of_the_feed() -> None:
    shelf = Shelf(rss(dated(1), dated(3), dated(2)))
    assert titles(fetch_feed(shelf, URL, limit=2)) == ["e3", "e2"]
    undated = Shelf(rss(item("a"), dated(3), item("b")))
    assert titles(fetch_feed(undated, URL, limit=2)) == ["a", "e3"]
    assert titles(fetch_feed(undated, URL, since=date(2026, 1, 1))) == ["e3"]


def test_since_needs_dates() -> None:
    with pytest.raises(BadFeed, match="has a date"):
        fetch_feed(Shelf(rss(item("a"))), URL, since=date(2026, 1, 1))


def test_pages_that_lead_in_a_circle_or_on_for_ever_end() -> None:
    circle = Shelf(paged(1, dated(2)), paged(1, dated(1)))
    assert titles(fetch_feed(circle, URL)) == ["e2", "e1"]
    assert len(circle.asked) == 2
    endless = Shelf(*(paged(number + 1, dated(300 - number)) for number in range(80)))
    page = fetch_feed(endless, URL)
    assert len(endless.asked) == len(page.episodes) == feed.MOST_PAGES
    assert page.next_url == f"https://pod.example/page{feed.MOST_PAGES}"


def test_a_further_page_that_fails_costs_only_itself() -> None:
    page = fetch_feed(Shelf(LONG[0], b"<html>"), URL)
    assert titles(page) == ["e9", "e8"]
    assert page.next_url == "https://pod.example/page1"
    with pytest.raises(BadFeed):
        fetch_feed(Shelf(b"<html>"), URL)
    with pytest.raises(BadFeed, match="no episode"):
        fetch_feed(Shelf(rss()), URL)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, SourceUnavailable),
        (410, SourceUnavailable),
        (401, SourceUnavailable),
        (403, SourceUnavailable),
        (429, SourceUnreachable),
        (503, SourceUnreachable),
        (204, SourceUnreachable),
    ],
)
def test_answers_that_are_no_feed(status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(status)) as raised:
        fetch_feed(Shelf(rss(dated(1)), status=status), URL)
    assert "SECRET" not in str(raised.value)


def test_what_is_larger_than_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_BYTES", 100)
    with pytest.raises(SourceTooLarge):
        fetch_feed(Shelf(rss(dated(1))), URL)
