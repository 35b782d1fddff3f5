"""One request to one server by curl, and its answer as it comes in. No redirect is followed, no proxy is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from trax.errors import SourceError, SourceTooLarge, SourceUnavailable, SourceUnreachable
from trax.ingest.addresses import Target, shown
from trax.ingest.errands import HandOver, run_errand
from trax.timeline import Seconds

CONNECT_SECONDS: Final = 20.0
FLOOR: Final = 100  # bytes per second: less than that, for as long as the patience lasts, is a stall
AGENT: Final = "Trax (podcast and media archive; curl)"

LATER: Final = "Try again later; what has come is gone on with."

Headers = Mapping[str, str]  # names in lower case


@dataclass(frozen=True, slots=True)
class Terms:
    """What an exchange may cost."""

    stall_seconds: Seconds
    total_seconds: Seconds | None = None  # None: as long as bytes come
    rate: int | None = None  # bytes per second
    most_bytes: int | None = None  # of the body, unpacked


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for."""

    url: str
    method: str = "GET"
    headers: Headers = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    as_browser: bool = True


@dataclass(slots=True)
class Answer:
    """What the server says; `on_begin` is called once its headers are known, `on_block` with each part of its body."""

    on_begin: Callable[[int, Headers], None]
    on_block: Callable[[bytes], None]
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    begun: bool = False

    def header_line(self, line: bytes) -> int:
        """Take a line of the header; a new status line begins the header anew."""
        text = _decoded(line).strip("\r\n")
        if text.startswith("HTTP/") and not self.begun:
            self.headers.clear()
            words = text.split(None, 2)
            self.status = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
        elif not text.strip():
            self._begin()
        elif not self.begun and ":" in text:  # what comes after the body is no header of it
            name, _, value = text.partition(":")
            clean = "".join(character for character in value.strip() if character.isprintable())
            self.headers[name.strip().lower()] = clean
        return len(line)

    def block(self, block: bytes) -> int:
        """Take a part of the body."""
        self._begin()
        self.on_block(block)
        return len(block)

    def _begin(self) -> None:
        if not self.begun and self.status >= 200:
            self.begun = True
            self.on_begin(self.status, self.headers)


def exchange(ask: Ask, target: Target, terms: Terms, answer: Answer, check: Callable[[], None] = lambda: None) -> None:
    """Ask the server at `target`, and hear its answer to the end; `check` may raise to leave, silent as it may be.

    Raises: SourceError: there is none, or not all of it; and what `check` and the answer's functions raise.
    """
    from curl_cffi import CurlError

    def work(hand_over: HandOver) -> None:
        _perform(ask, target, terms, answer, hand_over)

    try:
        run_errand(work, check)
    except CurlError as error:
        raise _explained(error, target) from error
    if not answer.begun:
        raise SourceUnreachable(f"{target.host} gave no proper answer.", LATER)


def _perform(ask: Ask, target: Target, terms: Terms, answer: Answer, hand_over: HandOver) -> None:
    from curl_cffi import Curl, CurlOpt

    curl = Curl()
    try:
        _set_up(curl, ask, target, terms)
        curl.setopt(CurlOpt.HEADERFUNCTION, partial(hand_over, answer.header_line))
        curl.setopt(CurlOpt.WRITEFUNCTION, partial(hand_over, answer.block))
        curl.perform()
    finally:
        curl.close()


def _set_up(curl: Any, ask: Ask, target: Target, terms: Terms) -> None:
    from curl_cffi import CurlOpt

    if not ask.as_browser or not _looks_like_browser(curl):
        curl.setopt(CurlOpt.USERAGENT, AGENT.encode())
    if ask.as_browser:
        curl.setopt(CurlOpt.ACCEPT_ENCODING, b"")  # whatever curl unpacks
    curl.setopt(CurlOpt.URL, target.url.encode())
    curl.setopt(CurlOpt.PROTOCOLS_STR, b"http,https")
    curl.setopt(CurlOpt.RESOLVE, [_pinned(target)])
    curl.setopt(CurlOpt.NOPROXY, b"*")
    curl.setopt(CurlOpt.FOLLOWLOCATION, 0)
    curl.setopt(CurlOpt.NOSIGNAL, 1)
    curl.setopt(CurlOpt.CONNECTTIMEOUT_MS, round(min(CONNECT_SECONDS, terms.stall_seconds) * 1000))
    curl.setopt(CurlOpt.LOW_SPEED_LIMIT, FLOOR)
    curl.setopt(CurlOpt.LOW_SPEED_TIME, max(1, round(terms.stall_seconds)))
    if terms.total_seconds is not None:
        curl.setopt(CurlOpt.TIMEOUT_MS, round(terms.total_seconds * 1000))
    if terms.rate is not None:
        curl.setopt(CurlOpt.MAX_RECV_SPEED_LARGE, terms.rate)
    if terms.most_bytes is not None:
        curl.setopt(CurlOpt.MAXFILESIZE_LARGE, terms.most_bytes)
    if ask.method == "HEAD":
        curl.setopt(CurlOpt.NOBODY, 1)
    if ask.cookies:
        pairs = "; ".join(f"{name}={value}" for name, value in ask.cookies.items())
        curl.setopt(CurlOpt.COOKIE, pairs.encode())
    if ask.headers:
        curl.setopt(CurlOpt.HTTPHEADER, [f"{name}: {value}".encode() for name, value in ask.headers.items()])


def _looks_like_browser(curl: Any) -> bool:
    """Whether curl now asks like the newest Chrome that it knows; some sites answer nothing else."""
    from curl_cffi.requests.impersonate import DEFAULT_CHROME

    return int(curl.impersonate(DEFAULT_CHROME)) == 0  # it raises nothing where the name is unknown


def _pinned(target: Target) -> str:
    """The addresses that were looked at, for whatever host curl reads in the URL: it asks no other."""
    bracketed = ",".join(f"[{address}]" if ":" in address else address for address in target.addresses)
    return f"*:{target.port}:{bracketed}"


def _decoded(line: bytes) -> str:
    """Servers send names and redirects in UTF-8, though the protocol knows only Latin-1."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _explained(error: Any, target: Target) -> SourceError:
    """What curl's error means for whoever wants the source."""
    from curl_cffi import CurlECode

    where, code = shown(target.url), error.code
    if code == CurlECode.FILESIZE_EXCEEDED:
        return SourceTooLarge(f"{where} is larger than allowed.", "Raise TRAX_DOWNLOAD_LIMIT if it is to be had.")
    if code == CurlECode.OPERATION_TIMEDOUT:
        return SourceUnreachable(f"{target.host} stopped sending, or never began.", LATER)
    if code == CurlECode.PARTIAL_FILE:
        return SourceUnreachable(f"{where} broke off before its end.", LATER)
    if code == CurlECode.PEER_FAILED_VERIFICATION:
        return SourceUnavailable(f"The certificate of {target.host} is not valid.", "Check the address.")
    if code in (CurlECode.COULDNT_CONNECT, CurlECode.COULDNT_RESOLVE_HOST):
        return SourceUnreachable(f"No connection to {target.host} can be made.", "Check the address and the network.")
    return SourceUnreachable(f"{target.host} gave no proper answer (curl error {int(code)}).", LATER)
