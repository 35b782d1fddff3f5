"""Hostile addresses and servers, one by one: each ends soon, in an error that says what it is, and leaves no file.

The last test counts them, so that none gets lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ingest.hostile_server import Line, Script, ServedFile, gzip_bomb, hostile, in_turn, leads, raw, says
from trax.errors import (
    NotMedia,
    SourceError,
    SourceRefused,
    SourceTooLarge,
    SourceUnavailable,
    SourceUnreachable,
)
from trax.ingest import addresses
from trax.ingest.addresses import resolve
from trax.ingest.download import download
from trax.ingest.web import Web, WebOptions

SECONDS = 5.0  # that any of them may take
MOST = 1 << 20
MEDIA = b"ID3\x04" + bytes(range(256)) * 64


@dataclass(frozen=True)
class Case:
    """What is played to a download, and how it ends."""

    name: str
    error: type[SourceError]
    script: Script | None = None  # of a server; else `url` is asked
    url: str = ""
    keeps: bool = False  # a good beginning, for later


def _endless(head: bytes, headers: Mapping[str, object] | None = None) -> Script:
    def play(line: Line) -> None:
        line.head("200 OK", headers)
        line.send(head)
        line.endless()

    return play


def _stuck(play: Callable[[Line], None]) -> Script:
    """Begins well and is stuck; whoever asks again is told to come later, which spares the test further waits."""

    def begin(line: Line) -> None:
        line.head("200 OK", {"ETag": '"one"'})
        line.send(MEDIA[:64])  # a hasty beginning would hide the stall for some seconds: curl looks at five
        play(line)

    return in_turn(begin, says("503 Busy"))


def _long_redirect(line: Line) -> None:
    line.head("302 Found", {"Location": "http://10.0.0.1/"})
    line.endless()


def _endless_header(line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        line.send(b"X-More: " + b"x" * 5000 + b"\r\n")


ADDRESSES = [
    Case(f"address {url}", SourceRefused, url=url)
    for url in (
        "http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/", "http://[fe80::1]/", "http://[fec0::1]/", "http://[fd00:ec2::254]/",
        "http://169.254.169.254/latest/", "http://2852039166/", "http://100.64.0.1/", "http://100.100.100.200/",
        "http://192.0.0.192/opc/", "http://168.63.129.16/", "http://10.0.0.1/", "http://localhost/", "http://224.0.0.1/",
        "http://\uff11\uff12\uff17.0.0.1/", "http://\u2460\u2461\u2466.0.0.1/", "http://127\u30020\u30020\u30021/",
        "http://127%2e0%2e0%2e1/", "http://several.test/", "http://user:pw@public.test/", "http://public.test:22/",
        "http://public.test\\@127.0.0.1/", "http://public.test/\r\nX: y", "http://public.test/\udcff", "http://[v1.x:1]/",
        "file:///etc/passwd", "ftp://public.test/", "gopher://public.test/", "//public.test/", "", "http://", "\0",
        "concat:/etc/passwd", "http://public.test/" + "x" * 9000,
    )
]  # fmt: skip

REDIRECTS = [
    Case(f"redirect to {to}", SourceRefused, leads(to))
    for to in (
        "http://127.0.0.2/", "http://0x7f000002/", "//10.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "http://inner.test/",
        "file:///etc/passwd", "ftp://public.test/x", "dict://public.test/", "http://u:p@public.test/", "http://public.test:25/",
        "http://127%2e0.0.2/", "/", "",
    )
] + [Case("redirect with an endless body", SourceRefused, _long_redirect)]  # fmt: skip

CONTENTS = [
    Case(f"{name} in the place of media", NotMedia, says("200 OK", body, {"Content-Type": "audio/mpeg"}))
    for name, body in (
        ("a web page", b"<!DOCTYPE html><title>Sign in</title>"), ("JSON", b'{"error": "no"}'), ("nothing", b""),
        ("M3U", b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n"), ("DASH", b"<?xml version='1.0'?>\n<MPD></MPD>"),
        ("ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n"), ("SDP", b"v=0\no=- 0 0 IN IP4 127.0.0.1\n"),
        ("RSS", b"<?xml version='1.0'?><rss></rss>"), ("a ZIP archive", b"PK\x03\x04" + bytes(50)),
        ("a long page", b"<html>" + b"x" * 500_000), ("a gzip archive", gzip_bomb(1)), ("blanks", b" " * 9000),
        ("PLS", b"[playlist]\n"),
    )
] + [
    Case("an endless page", NotMedia, _endless(b"<html>" + b"x" * 5000)),
    Case("a packed bomb", NotMedia, says("200 OK", gzip_bomb(8), {"Content-Encoding": "gzip"})),
    Case("packed twice", NotMedia, says("200 OK", gzip_bomb(8), {"Content-Encoding": "identity, br"})),
]  # fmt: skip

SIZES = [
    Case("an endless body", SourceTooLarge, _endless(MEDIA)),
    Case("a length above the limit", SourceTooLarge, says("200 OK", b"", {"Content-Length": MOST + 1})),
    Case("a length beyond all limits", SourceTooLarge, _endless(MEDIA, {"Content-Length": 10**18})),
    Case("an endless header", SourceUnreachable, _endless_header),
    Case("a length that is no number", SourceUnreachable, raw(b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nxx")),
    Case("a length below zero", SourceUnreachable, raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nxx")),
    Case("fewer bytes than were told", SourceUnreachable, ServedFile(MEDIA, etag=None, cut=9000), keeps=True),
    Case(
        "chunks that are none", SourceUnreachable, raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n")
    ),
    Case(
        "a part that nobody asked for", SourceUnavailable, says("206 Partial", MEDIA, {"Content-Range": "bytes 0-9/10"})
    ),
]

STATES = [
    Case(f"HTTP {status}", error, says(f"{status} Whatever", b"<html>", {"Retry-After": "9" * 30}))
    for status, error in (
        (204, SourceUnavailable), (304, SourceUnreachable), (400, SourceUnavailable), (401, SourceUnavailable),
        (403, SourceUnavailable), (404, SourceUnavailable), (407, SourceUnavailable), (408, SourceUnreachable),
        (410, SourceUnavailable), (416, SourceUnavailable), (429, SourceUnreachable), (451, SourceUnavailable),
        (500, SourceUnreachable), (503, SourceUnreachable), (599, SourceUnreachable), (999, SourceUnreachable),
    )
]  # fmt: skip

LINES = [
    Case("a reset", SourceUnreachable, Line.reset),
    Case("no answer", SourceUnreachable, raw(b"")),
    Case("another protocol", SourceUnreachable, raw(b"SSH-2.0-OpenSSH_9\r\n")),
    Case("only a promise", SourceUnreachable, raw(b"HTTP/1.1 100 Continue\r\n\r\n")),
    Case("a switch of protocols", SourceUnreachable, raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n")),
    Case("silence", SourceUnreachable, _stuck(Line.until_gone), keeps=True),
    Case("a slow drip", SourceUnreachable, _stuck(Line.drip), keeps=True),
    Case("a name that leads nowhere", SourceUnreachable, url="http://nowhere.test/"),
]

CASES = [*ADDRESSES, *REDIRECTS, *CONTENTS, *SIZES, *STATES, *LINES]
passed: set[str] = set()


def _look_up(host: str, port: int) -> list[str]:
    """127.0.0.1 stands for a public server here."""
    names = {"several.test": ["93.184.216.34", "127.0.0.3"], "inner.test": ["192.168.0.1"], "nowhere.test": []}
    return names.get(host) or (["127.0.0.1"] if host == "public.test" else [] if host in names else resolve(host, port))


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Web:
    really, served = addresses.is_public, request.node.callspec.params["case"].script is not None
    monkeypatch.setattr(addresses, "is_public", lambda address: (served and address == "127.0.0.1") or really(address))
    return Web(WebOptions(max_bytes=MOST, stall_seconds=1.0, resolver=_look_up))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60].encode("ascii", "replace").decode())
def test_hostile(case: Case, guarded: Web, tmp_path: Path) -> None:
    folder, started = tmp_path / "in", time.monotonic()
    folder.mkdir()
    with hostile({"/": case.script} if case.script else {}) as site:
        url = case.url if case.script is None else site.url(host="public.test")
        with pytest.raises(case.error) as caught:
            download(guarded, url, folder / "part", wait=lambda seconds: None)
    assert type(caught.value) is case.error
    assert time.monotonic() - started < SECONDS
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400
    assert caught.value.next_step
    left = {path.name for path in folder.iterdir()}
    assert left == ({"part", "part.json"} if case.keeps else set())
    passed.add(case.name)


def test_every_case_was_played(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    with capsys.disabled():
        print(f"\n{len(passed)} of {len(CASES)} hostile cases end as they should")
    if len(request.session.items) > len(CASES):  # all were chosen
        assert passed == set(names)
