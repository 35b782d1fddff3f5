"""What Trax asks of the web, and whom: public addresses only, whoever names them, and never more than the limits."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.ingest.hostile_server import (
    Line,
    ServedFile,
    Site,
    gzip_bomb,
    hostile,
    in_turn,
    leads,
    raw,
    says,
    stalls_after,
)
from trax.errors import SourceError, SourceRefused, SourceTooLarge, SourceUnreachable
from trax.ingest import addresses
from trax.ingest.addresses import LONGEST_URL, followed, is_public, resolve, shown, target_of
from trax.ingest.exchange import Ask
from trax.ingest.web import Receiver, Web, WebOptions

PUBLIC = "93.184.216.34"
HERE = WebOptions(allow_private=True, stall_seconds=5.0)


def to_here(host: str, port: int) -> list[str]:
    """Every name leads to this machine."""
    return ["127.0.0.1"]


def nowhere(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.fixture
def web() -> Web:
    return Web(replace(HERE, resolver=to_here))


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Web:
    """The web with every guard on; 127.0.0.1 stands for a public server, 127.0.0.2 for one inside."""
    really = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1" or really(address))

    def look_up(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host.endswith(".test") else resolve(host, port)

    return Web(WebOptions(stall_seconds=5.0, resolver=look_up))


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC,
        "8.8.8.8",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "::ffff:8.8.8.8",
        "1.1.1.1",
        "172.15.0.1",
        "172.32.0.1",
        "100.128.0.1",
    ],
)
def test_the_public_internet_may_be_asked(address: str) -> None:
    assert is_public(address)


INSIDE = (
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "168.63.129.16", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:100.64.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::",
    "2002:0a00:0001::1", "2001:0:7f00:1::", "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "4000::1", "", "localhost", "127.1", "1.2.3.4.5",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_and_nothing_that_may_lead_inside_is_asked(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[::]",
        "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "100.64.0.1", "10.1", "192.168.257",
        "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1", "127.0.0.1.", "127.0.0.1..",
    ],
)  # fmt: skip
def test_every_way_to_write_an_inner_address_is_refused(host: str) -> None:
    with pytest.raises(SourceRefused):
        target_of(f"http://{host}/", allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://h.test/a", "gopher://h.test/", "javascript:alert(1)", "data:,x", "//h.test/",
        "h.test", "http:///path", "http://", "https:h.test", "http://[::1", "http://[evil.test]/", "http://[v1.x:1]/",
        "http://[fe80::1%25eth0]/", "http://h.test:99999/", "http://h.test:x/", "http://user@h.test/",
        "http://user:secret@h.test/", "http://@h.test/", "http://:@h.test/", "http://h.test\\@127.0.0.1/",
        "http://h .test/", "http://h.test/a\r\nHost: x", "http://h.test/\x00", "http://h\t.test/",
        "http://127%2e0%2e0%2e1/", "http://h%00.test/", "http://h.test%2f/", "http://h,g.test/", "http://*/",
        "http://./", "http://\udcff.test/",
        "http://h.test/\udcff", "http://h.test/" + "x" * LONGEST_URL, "http://xn--\u00e9.test\u2100/",
        "http://h.test:22/", "http://h.test:25/", "http://h.test:0/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_not_even_looked_up(url: str) -> None:
    with pytest.raises(SourceRefused):
        target_of(url, allow_private=False, resolver=nowhere)


@pytest.mark.parametrize("host", ["a..test", "x" * 64 + ".test"])
def test_a_name_that_no_resolver_takes_is_no_crash(host: str) -> None:
    with pytest.raises(SourceUnreachable):
        target_of(f"http://{host}/", allow_private=False)


def test_one_inner_address_among_several_is_enough() -> None:
    with pytest.raises(SourceRefused, match=r"10\.0\.0\.7"):
        target_of("http://h.test/", allow_private=False, resolver=lambda host, port: [PUBLIC, "10.0.0.7"])


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), OSError("no network")])
def test_a_host_without_address_is_unreachable(error: OSError) -> None:
    def fail(host: str, port: int) -> list[str]:
        raise error

    with pytest.raises(SourceUnreachable, match=r"h\.test"):
        target_of("http://h.test/", allow_private=False, resolver=fail)
    with pytest.raises(SourceUnreachable):
        target_of("http://h.test/", allow_private=False, resolver=lambda host, port: [])


@pytest.mark.parametrize("port", ["", ":80", ":443", ":8080", ":1024", ":65535"])
def test_ports_of_the_web(port: str) -> None:
    assert (
        target_of(f"http://h.test{port}/", allow_private=False, resolver=lambda host, port: [PUBLIC]).host == "h.test"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://H.Test", "http://h.test/"),
        (" https://h.test/a b", None),
        ("https://h.test/\u00e9?q=\u00e9#top", "https://h.test/%C3%A9?q=%C3%A9"),
        ("https://b\u00fccher.test/", "https://xn--bcher-kva.test/"),
        ("http://\uff48.test/", "http://h.test/"),
        ("http://[2606:4700::1]:8080/", "http://[2606:4700::1]:8080/"),
        ("http://h.test./a%20b\\c", "http://h.test/a%20b%5Cc"),
        ("\thttp://h.test/x\n", "http://h.test/x"),
    ],
)
def test_the_url_that_is_asked_names_the_host_that_was_looked_up(url: str, expected: str | None) -> None:
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC]

    if expected is None:
        with pytest.raises(SourceRefused):
            target_of(url, allow_private=False, resolver=look_up)
        return
    target = target_of(url, allow_private=False, resolver=look_up)
    assert target.url == expected
    assert asked == [target.host]


def test_a_message_shows_no_password_and_no_token() -> None:
    text = shown("https://u:hunter2@h.test/a\x1b[31m\u202eb?token=abc#frag" + "x" * 500)
    assert text == "https://h.test/a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"
    assert len(shown("http://h.test/" + "x" * 900)) == 200


def test_where_redirects_lead() -> None:
    assert followed("http://h.test/a/b", "../c") == "http://h.test/c"
    assert followed("http://h.test/a", "//g.test/x") == "http://g.test/x"
    for nothing in ("", "  ", "a\x00b", "http://h.test/\r\nx"):
        with pytest.raises(SourceRefused):
            followed("http://h.test/", nothing)


# Connections


@pytest.mark.parametrize("host", ["name.test", "134744072", "0x08.8.8.8", "8.8.8.8", "[2606:4700::1]", "localhost"])
def test_a_connection_goes_where_the_look_up_said_however_curl_reads_the_host(web: Web, host: str) -> None:
    with hostile({"/": says("200 OK", b"pinned")}) as site:
        assert web.fetch(site.url(host=host)).body == b"pinned"


def test_a_second_look_up_that_answers_otherwise_is_never_asked_for() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with hostile({"/": says("200 OK", b"first")}) as site, hostile({}, "127.0.0.2") as inner:
        web = Web(replace(HERE, resolver=lambda host, port: next(answers)))
        assert web.fetch(site.url(host="rebinds.test")).body == b"first"
        assert inner.requests == []


def test_a_redirect_to_a_name_that_now_leads_inside_is_refused(outside: Web) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    web = Web(replace(outside.options, resolver=lambda host, port: next(answers)))
    with hostile({"/": leads("/again")}) as site, pytest.raises(SourceRefused, match=r"10\.0\.0\.1"):
        web.fetch(site.url(host="rebinds.test"))
    assert [request.path for request in site.requests] == ["/"]


@pytest.mark.parametrize(
    "make",
    [
        lambda inner: inner.url("/secret", "127.0.0.2"),
        lambda inner: inner.url("/secret", "0x7f000002"),
        lambda inner: inner.url("/secret", "[::ffff:127.0.0.2]"),
        lambda inner: f"//127.0.0.2:{inner.port}/secret",
        lambda inner: inner.url("/secret", "\uff11\uff12\uff17.0.0.2"),
        lambda inner: "http://169.254.169.254/latest/meta-data/",
        lambda inner: "file:///etc/passwd",
        lambda inner: "ftp://public.test/x",
        lambda inner: "dict://public.test:11211/stat",
        lambda inner: f"http://user:pw@public.test:{inner.port}/",
        lambda inner: "http://public.test:22/",
    ],
)
def test_no_redirect_leads_inside_or_off_the_web(outside: Web, make: Callable[[Site], str]) -> None:
    with hostile({"/secret": says("200 OK", b"secret")}, "127.0.0.2") as inner:
        with hostile({"/": leads(make(inner))}) as site, pytest.raises(SourceRefused):
            outside.fetch(site.url(host="public.test"))
        assert inner.requests == []


def test_proxies_in_the_environment_are_not_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        hostile({"/": says("200 OK", b"proxy")}, "127.0.0.2") as proxy,
        hostile({"/": says("200 OK", b"direct")}) as site,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(host="127.0.0.2"))
        monkeypatch.delenv("no_proxy", raising=False)
        assert web.fetch(site.url()).body == b"direct"
        assert proxy.requests == []


# Answers


def test_a_page_as_a_whole(web: Web) -> None:
    routes = {
        "/": leads("/caf\u00e9?q=1"),
        "/caf%C3%A9?q=1": says("404 Not There", b"body", {"X-Name": "na\u00efve", "Retry-After": "7"}),
    }
    with hostile(routes) as site:
        page = web.fetch(site.url(), headers={"Accept-Language": "de"}, cookies={"CONSENT": "yes"})
    assert (page.status, page.body, page.url) == (404, b"body", site.url("/caf%C3%A9?q=1"))
    assert (page.headers["x-name"], page.headers["retry-after"]) == ("na\u00efve", "7")
    for request in site.requests:
        assert (request.headers["accept-language"], request.headers["cookie"]) == ("de", "CONSENT=yes")


def test_pages_are_asked_for_as_a_browser_does_and_files_are_not(web: Web) -> None:
    with hostile({"/": says("200 OK")}) as site:
        web.fetch(site.url())
        web.fetch(site.url(), headers={"Accept-Language": "de"}, cookies={"a": "b"})
        web.head(site.url())
    plain, full, head = (request.headers for request in site.requests)
    for headers in (plain, full):
        assert " Chrome/" in headers["user-agent"]
        assert "text/html" in headers["accept"]
        assert headers["accept-encoding"].startswith("gzip, deflate, br")
    assert full["accept-language"] == "de"
    assert head["user-agent"].startswith("Trax")


def test_cookies_and_passes_stay_with_their_host(web: Web) -> None:
    with hostile({"/": says("200 OK")}) as other, hostile({"/there": leads(other.url(host="other.test"))}) as site:
        web.fetch(
            site.url("/there", "site.test"),
            cookies={"SID": "1"},
            headers={"Authorization": "Bearer x", "Accept": "a/b"},
        )
    assert site.requests[0].headers["cookie"] == "SID=1"
    assert site.requests[0].headers["authorization"] == "Bearer x"
    assert other.requests[0].headers["accept"] == "a/b"
    assert not {"cookie", "authorization", "referer"} & set(other.requests[0].headers)


def test_cookies_lost_on_the_way_are_not_given_back(web: Web) -> None:
    with hostile({}) as home:
        pass
    routes = {"/a": leads(f"http://other.test:{home.port}/b")}
    with hostile(routes) as site:
        routes["/a"] = leads(site.url("/b", "other.test"))
        routes["/b"] = leads(site.url("/c", "home.test"))
        routes["/c"] = says("200 OK")
        web.fetch(site.url("/a", "home.test"), cookies={"SID": "1"})
    assert ["cookie" in request.headers for request in site.requests] == [True, False, False]


def test_a_packed_page_is_unpacked_and_a_bomb_is_not(web: Web) -> None:
    routes = {
        "/small": says("200 OK", gzip.compress(b"hello"), {"Content-Encoding": "gzip"}),
        "/bomb": says("200 OK", gzip_bomb(32), {"Content-Encoding": "gzip"}),
        "/twice": says("200 OK", gzip.compress(gzip_bomb(32)), {"Content-Encoding": "gzip, gzip"}),
    }
    with hostile(routes) as site:
        assert web.fetch(site.url("/small")).body == b"hello"
        for bomb in ("/bomb", "/twice"):
            with pytest.raises(SourceTooLarge):
                web.fetch(site.url(bomb), limit=1 << 20)


def test_a_page_may_be_as_large_as_the_limit(web: Web) -> None:
    with hostile({"/": says("200 OK", b"x" * 1000)}) as site:
        assert len(web.fetch(site.url(), limit=1000).body) == 1000
        with pytest.raises(SourceTooLarge):
            web.fetch(site.url(), limit=999)


def test_the_body_of_a_redirect_is_not_waited_for(web: Web) -> None:
    def endless(line: Line) -> None:
        line.head("302 Found", {"Location": "/end"})
        line.endless()

    silent = stalls_after(lambda line: line.head("302 Found", {"Location": "/end", "Content-Length": 1 << 40}))
    with hostile({"/endless": endless, "/silent": silent, "/end": says("200 OK", b"end")}) as site:
        assert web.fetch(site.url("/endless")).body == b"end"
        assert web.fetch(site.url("/silent")).body == b"end"


def test_redirects_come_to_an_end(web: Web) -> None:
    routes = {f"/{number}": leads(f"/{number + 1}") for number in range(20)} | {"/8": says("200 OK", b"eighth")}
    with hostile(routes) as site:
        assert web.fetch(site.url("/0")).body == b"eighth"
        routes["/8"] = leads("/0")
        with pytest.raises(SourceRefused, match="for ever"):
            web.fetch(site.url("/0"))
    assert len(site.requests) == 9 + 9


def test_an_answer_of_many_redirects_has_the_time_of_one(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.ingest.web.PAGE_SECONDS", 0.4)

    def slow(line: Line) -> None:
        line.connection.settimeout(0.3)
        try:
            line.connection.recv(1)
        except TimeoutError:
            leads("/")(line)

    with hostile({"/": slow}) as site, pytest.raises(SourceUnreachable):
        web.fetch(site.url())
    assert len(site.requests) <= 2


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n\r\n", b"garbage\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nxx", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400_000 + b"\r\n\r\n", b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_told_as_such(web: Web, answer: bytes) -> None:
    with hostile({"/": raw(answer)}) as site, pytest.raises(SourceError) as caught:
        web.fetch(site.url())
    assert isinstance(caught.value, SourceUnreachable)


def test_a_server_that_says_nothing_is_left(web: Web) -> None:
    hasty = Web(replace(web.options, stall_seconds=1.0))
    with hostile({"/": Line.until_gone}) as site, pytest.raises(SourceUnreachable, match="stopped sending"):
        hasty.fetch(site.url())


def test_a_reset_line_and_a_closed_port_are_unreachable(web: Web) -> None:
    with hostile({"/": Line.reset}) as site, pytest.raises(SourceUnreachable):
        web.fetch(site.url())
    with pytest.raises(SourceUnreachable, match="No connection"):
        web.fetch(site.url())


def test_the_head_of_a_file(web: Web) -> None:
    with hostile({"/": ServedFile(b"x" * 500)}) as site:
        page = web.head(site.url())
    assert (page.status, page.headers["content-length"], page.body) == (200, "500", b"")
    assert [request.method for request in site.requests] == ["HEAD"]


@pytest.mark.parametrize("refusal", ["403 Forbidden", "404 Not Found", "405 Not Allowed", "501 Not Implemented"])
def test_a_server_that_refuses_to_tell_of_a_file_is_asked_for_its_first_byte(web: Web, refusal: str) -> None:
    with hostile({"/": leads("/file"), "/file": in_turn(says(refusal), ServedFile(b"x" * 500))}) as site:
        page = web.head(site.url())
    assert (page.status, page.headers["content-length"]) == (200, "500")
    assert page.url == site.url("/file")
    assert "content-range" not in page.headers
    assert site.ranges()[-1] == "bytes=0-0"


def test_a_server_that_answers_the_first_byte_with_everything_is_left_at_once(web: Web) -> None:
    def endless(line: Line) -> None:
        line.head("200 OK", {"Content-Type": "audio/mpeg"})
        line.endless()

    with hostile({"/": in_turn(says("405 Not Allowed"), endless)}) as site:
        assert web.head(site.url()).headers["content-type"] == "audio/mpeg"


def test_the_body_comes_block_by_block(web: Web) -> None:
    seen: list[bytes] = []
    with hostile({"/": leads("/file"), "/file": says("200 OK", b"x" * 300_000)}) as site:
        begun: list[int] = []
        url = web.stream(
            Ask(site.url(), as_browser=False), Receiver(lambda status, headers: begun.append(status), seen.append)
        )
    assert (url, begun) == (site.url("/file"), [200])
    assert len(seen) > 1
    assert b"".join(seen) == b"x" * 300_000
