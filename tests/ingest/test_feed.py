"""Podcast feeds as publishers write them, and as somebody would who means harm."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.feeds import URL, item, rss, titles
from trax.errors import BadFeed
from trax.ingest import feed
from trax.ingest.feed import FeedPage, read_feed
from trax.ingest.feed_values import duration_of, moment_of, plain_line, web_address

# --- what a feed says


def test_everything_that_is_said_of_an_episode() -> None:
    body = rss(
        item(
            "One &amp; <![CDATA[<b>two</b>]]>",
            "<guid isPermaLink='false'>abc</guid><pubDate>Fri, 02 Jan 2026 10:00:00 +0200</pubDate>"
            "<itunes:duration>1:02:03</itunes:duration><link>/episodes/1</link>"
            "<description>&lt;p&gt;Hello &lt;i&gt;all&lt;/i&gt;&lt;/p&gt;&lt;p&gt;Q&amp;amp;A&lt;/p&gt;</description>",
            sound='<enclosure url="/sound/1.mp3?from=rss" length="1234" type="audio/mpeg"/>',
        )
    )
    page = read_feed(body, URL)
    assert (page.title, page.url, page.next_url) == ("The Show", URL, None)
    (episode,) = page.episodes
    assert episode.url == "https://pod.example/sound/1.mp3?from=rss"
    assert (episode.guid, episode.feed_url, episode.feed_title) == ("abc", URL, "The Show")
    assert episode.title == "One & two"
    assert episode.published == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert (episode.duration, episode.size_bytes) == (3723.0, 1234)
    assert episode.link == "https://pod.example/episodes/1"
    assert episode.description == "Hello all\nQ&A"


def test_atom_and_media_rss_are_feeds_too() -> None:
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><title>x</title><id>urn:1</id>'
        b'<updated>2026-01-02T03:04:05Z</updated><link rel="alternate" href="https://a.example/x"/>'
        b'<link rel="enclosure" type="audio/ogg" length="5" href="x.ogg"/></entry></feed>'
    )
    (episode,) = read_feed(atom, URL).episodes
    assert (episode.url, episode.guid, episode.size_bytes) == ("https://pod.example/show/x.ogg", "urn:1", 5)
    assert episode.published == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    sound = '<media:content url="https://cdn.example/x" medium="audio" fileSize="77" duration="33"/>'
    (episode,) = read_feed(rss(item("x", sound=sound)), URL).episodes
    assert (episode.url, episode.size_bytes, episode.duration) == ("https://cdn.example/x", 77, 33.0)


def test_all_transcripts_of_an_episode_are_kept_the_most_useful_first() -> None:
    links = "".join(
        f'<podcast:transcript url="{url}" type="{type}" language="{language}"/>'
        for url, type, language in (
            ("https://t.example/1.html", "text/html", "en"),
            ("/1.srt", "application/srt", ""),
            ("file:///etc/passwd", "text/vtt", ""),
            ("/1.json", "application/json", "en-US"),
            ("/1.vtt", "TEXT/VTT; charset=utf-8", "de"),
        )
    )
    first, second = read_feed(rss(item("a", links), item("b")), URL).episodes
    assert [(link.url, link.type, link.language) for link in first.transcripts] == [
        ("https://pod.example/1.vtt", "text/vtt; charset=utf-8", "de"),
        ("https://pod.example/1.json", "application/json", "en-US"),
        ("https://pod.example/1.srt", "application/srt", None),
        ("https://t.example/1.html", "text/html", "en"),
    ]
    assert second.transcripts == ()


def test_a_feed_that_is_not_well_formed_is_read_as_far_as_it_goes() -> None:
    link = '<podcast:transcript url="/1.srt" type="application/srt"/><podcast:transcript url="/1.vtt" type="text/vtt"/>'
    body = rss(item("a & b", link + "<guid>1</guid>"), item("c", "<guid>2</guid>")).replace(b"</channel></rss>", b"")
    first, second = read_feed(body, URL).episodes
    assert (first.guid, second.guid) == ("1", "2")
    assert [link.url for link in first.transcripts] == ["https://pod.example/1.vtt"]


@pytest.mark.parametrize(
    ("sound", "url"),
    [
        ('<enclosure url="https://c.example/a b/ü.mp3" type=""/>', "https://c.example/a%20b/%C3%BC.mp3"),
        ('<enclosure url=" https://c.example/a.mp3&#10;" type="audio/mpeg"/>', "https://c.example/a.mp3"),
        ('<enclosure url="//c.example/a.mp3#t=5" type="audio/mpeg"/>', "https://c.example/a.mp3"),
        ('<enclosure url="a.mp3" type="audio/mpeg"/>', "https://pod.example/show/a.mp3"),
        ('<enclosure url="../../../../etc/passwd" type="audio/mpeg"/>', "https://pod.example/etc/passwd"),
        ('<enclosure url="/x.jpg" type="image/jpeg"/><enclosure url="/x.mp3" type="audio/mpeg"/>', "https://pod.example/x.mp3"),
        ('<enclosure url="file:///etc/passwd" type="audio/mpeg"/><enclosure url="/x" type="audio/mpeg"/>', "https://pod.example/x"),
        ('<enclosure url="http://127.0.0.1:8080/x.mp3" type="audio/mpeg"/>', "http://127.0.0.1:8080/x.mp3"),
        ('<enclosure url="file:///etc/passwd" type="audio/mpeg"/>', None),
        ('<enclosure url="FILE:/etc/passwd" type="audio/mpeg"/>', None),
        ('<enclosure url="ftp://c.example/a.mp3" type="audio/mpeg"/>', None),
        ('<enclosure url="javascript:alert(1)" type="audio/mpeg"/>', None),
        ('<enclosure url="data:audio/mpeg;base64,SUQz" type="audio/mpeg"/>', None),
        ('<enclosure url="https://" type="audio/mpeg"/>', None),
        ('<enclosure url="https://[::1" type="audio/mpeg"/>', None),
        ('<enclosure url="https://c.example:99999/a.mp3" type="audio/mpeg"/>', None),
        ('<enclosure url="http:x.mp3" type="audio/mpeg"/>', None),
        ('<enclosure url="" type="audio/mpeg"/>', None),
        ('<enclosure url="/cover" type="image/png"/>', None),
        ('<enclosure url="/book" type="application/pdf"/>', None),
        ("", None),
    ],
)  # fmt: skip
def test_addresses_of_sound(sound: str, url: str | None) -> None:
    """Only whether it is one of the web is decided here; addresses inside are refused by whoever would ask them."""
    page = read_feed(rss(item("first", sound=sound), item("last")), URL)
    assert [episode.url for episode in page.episodes] == [*([url] if url else []), "https://cdn.example/last.mp3"]


def test_an_episode_is_known_by_its_guid_and_comes_once() -> None:
    page = read_feed(
        rss(
            item("first", "<guid>same</guid>"),
            item("second", "<guid>same</guid>"),
            item("third"),
            item("third"),
            item("fourth", "<guid> </guid>"),
            item("fifth", f"<guid>{'g' * 5000}</guid>"),
        ),
        URL,
    )
    assert titles(page) == ["first", "third", "fourth", "fifth"]
    third, fourth = page.episodes[1:3]
    assert (third.guid, fourth.guid) == (third.url, fourth.url)
    assert page.episodes[0].link is None  # a GUID is no page
    assert len(page.episodes[3].guid) == 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3723", 3723.0),
        ("1:02:03", 3723.0),
        ("01:02:03.250", 3723.0),
        ("62:03", 3723.0),
        (" 00:05:00 ", 300.0),
        ("3723.5", 3723.5),
        ("PT1H2M3S", 3723.0),
        ("PT62M", 3720.0),
        ("1h 2m 3s", 3723.0),
        ("62 min", 3720.0),
        ("1 hour, 2 minutes", 3720.0),
        *((text, None) for text in ("", "0", "00:00:00", "-5", "1:2:3:4", "nan", "inf", "1e9", "about an hour", "P1D")),
        ("9" * 400, None),
        ("9999:00:00", None),
        ("٣٤", None),
    ],
)
def test_durations_in_all_their_forms(text: str, seconds: float | None) -> None:
    assert duration_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 02 Jan 2026 10:00:00 GMT", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 10:00:00 -0500", datetime(2026, 1, 2, 15, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 10:00:00", datetime(2026, 1, 2, 10, tzinfo=UTC)),  # without a zone
        ("2 Jan 2026 10:00 EST", datetime(2026, 1, 2, 15, tzinfo=UTC)),
        ("2026-01-02T10:00:00+02:00", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("Fri, 32 Jan 2026 10:00:00 GMT", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert moment_of(text) == expected


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_none(text: str) -> None:
    assert (seconds := duration_of(text)) is None or 0 < seconds <= 3_600_000
    assert (moment := moment_of(text)) is None or moment.tzinfo is UTC
    address = web_address(text, URL)
    assert address is None or re.fullmatch(r"https?://\S+", address)
    assert plain_line(text, 20).isprintable()
    assert len(plain_line(text, 20)) <= 20


def test_text_of_a_feed_obeys_no_terminal() -> None:
    body = rss(item("x", f"<guid>1</guid><description>{'long ' * 5000}</description>"))
    body = body.replace(b"<title>x</title>", "<title>a\u202eb &#x1b; \n c&#xe000;</title>".encode())
    (episode,) = read_feed(body, URL).episodes
    assert episode.title.isprintable()
    assert episode.title.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert episode.description is not None
    assert len(episode.description) <= 10_000


@pytest.mark.parametrize(
    ("declared", "written"), [("iso-8859-1", "latin-1"), ("utf-16", "utf-16"), ("utf-8", "cp1252")]
)
def test_encodings_declared_rightly_and_wrongly(declared: str, written: str) -> None:
    text = rss(item("déjà vu")).decode().replace('version="1.0"?', f'version="1.0" encoding="{declared}"?', 1)
    assert titles(read_feed(text.encode(written), URL)) == ["déjà vu"]
    unknown = rss(item("plain")).replace(b'version="1.0"?', b'version="1.0" encoding="no-such-code"?', 1)
    assert titles(read_feed(unknown, URL)) == ["plain"]


# --- what is no feed, or means harm


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!DOCTYPE html><html><body><p>Sign in</p></body></html>", "a web page"),
        (b"", "empty"),
        (b"just text", "text"),
        (b'{"feed": true}', "text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "a PNG image"),
        (b"<?xml version='1.0'?><opml/>", "an XML document"),
        (rss(), "no episode"),
        (rss(item("x", sound="")), "no episode"),
    ],
)
def test_what_is_no_feed_is_called_by_its_name(body: bytes, says: str) -> None:
    with pytest.raises(BadFeed, match=says) as raised:
        read_feed(body, URL)
    assert "SECRET" not in str(raised.value)


def test_a_body_that_is_a_path_or_an_address_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_bytes(rss(item("of this machine")))
    for body in (str(secret), f"file://{secret}", "http://127.0.0.1:1/feed.xml"):
        with pytest.raises(BadFeed):
            read_feed(body.encode(), URL)


def test_no_entity_reads_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOP-SECRET")
    for declaration in (f'x SYSTEM "file://{secret}"', f'x PUBLIC "y" "{secret}"', f'% x SYSTEM "file://{secret}"'):
        body = rss(item("a", "<guid>&x;</guid>"), prologue=f"<!DOCTYPE rss [<!ENTITY {declaration}> %x;]>")
        assert "TOP-SECRET" not in repr(_read_or_refused(body))


def test_entities_that_multiply_do_not() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    prologue = f'<!DOCTYPE rss [<!ENTITY l0 "{"ha" * 50}">{laughs}]>'
    quadratic = f'<!DOCTYPE rss [<!ENTITY q "{"q" * 50_000}">]>'
    began = time.process_time()
    for body in (
        rss(item("&l11;"), prologue=prologue),
        rss(item("a", "<description>&l11;</description>"), prologue=prologue),
        rss(item("&q;" * 5000), prologue=quadratic),
    ):
        assert len(repr(_read_or_refused(body))) < 100_000
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize("filler", [b"<", b"<a ", b"&", b"<!--", b"<![CDATA[", b'<a b="', b"<a>", b"<!ENTITY a 'b'>"])
def test_what_is_broken_takes_no_longer_than_its_length(filler: bytes) -> None:
    body = b"<rss><channel><item><title>" + filler * (30_000 // len(filler))
    began = time.process_time()
    _read_or_refused(body)
    assert time.process_time() - began < 1.0


def test_what_is_huge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_BROKEN_BYTES", 2000)
    body = rss(*(item(f"e{number}") for number in range(40)))
    assert len(read_feed(body, URL).episodes) == 40
    with pytest.raises(BadFeed, match="no well-formed XML"):
        read_feed(body + b"<", URL)
    monkeypatch.setattr(feed, "MOST_EPISODES", 5)
    assert len(read_feed(body, URL).episodes) == 5
    monkeypatch.setattr(feed, "MOST_BYTES", 2000)
    with pytest.raises(BadFeed, match="larger than"):
        read_feed(body, URL)


@given(st.binary(max_size=200), st.sampled_from([b"", b"<?xml version='1.0'?>", b"<rss><channel><item>", b"\xff\xfe"]))
def test_any_bytes_are_a_feed_or_refused(body: bytes, start: bytes) -> None:
    _read_or_refused(start + body)


def _read_or_refused(body: bytes) -> FeedPage | BadFeed:
    try:
        return read_feed(body, URL)
    except BadFeed as error:
        return error
