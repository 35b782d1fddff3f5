"""The web as Trax asks it: public addresses only, at every hop, and within limits of size and patience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from types import MappingProxyType
from typing import Final

from trax.errors import SourceRefused, SourceTooLarge
from trax.ingest.addresses import Resolver, Target, followed, resolve, shown, target_of
from trax.ingest.exchange import Answer, Ask, Headers, Terms, exchange
from trax.settings import Settings
from trax.timeline import Seconds

PAGE_BYTES: Final = 16 << 20
PAGE_SECONDS: Final = 90.0
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
REFUSING_HEAD: Final = frozenset({403, 404, 405, 501})
FOR_ONE_HOST: Final = frozenset({"authorization", "cookie"})  # headers that tell who asks
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How far Trax goes."""

    allow_private: bool = False
    max_bytes: int = 20 << 30  # of a download
    stall_seconds: Seconds = 30.0
    rate: int | None = None  # bytes per second
    most_hops: int = 8
    resolver: Resolver = field(default=resolve)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as a whole."""

    status: int
    url: str  # where it came from in the end
    headers: Headers = field(default_factory=dict)  # names in lower case
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who takes a body as it comes, redirects apart; `check` may raise to leave, also while nothing comes."""

    on_begin: Callable[[int, Headers], None]
    on_block: Callable[[bytes], None]
    check: Callable[[], None] = lambda: None


def options_from(settings: Settings) -> WebOptions:
    """The limits that the settings set."""
    return WebOptions(
        allow_private=settings.allow_private_addresses,
        max_bytes=settings.download_limit,
        stall_seconds=settings.download_stall,
        rate=settings.download_rate,
    )


class Web:
    """Asks the web; may be used by several threads."""

    def __init__(self, options: WebOptions = WebOptions()) -> None:
        self.options = options

    def fetch(
        self,
        url: str,
        *,
        limit: int = PAGE_BYTES,
        headers: Mapping[str, str] = NOTHING,
        cookies: Mapping[str, str] = NOTHING,
    ) -> Page:
        """The answer to a request for a page of at most `limit` bytes, whatever its status.

        Raises: SourceRefused: it leads inside. SourceTooLarge. SourceError: no answer, or a broken one.
        """
        return self._page(Ask(url, "GET", headers, cookies), limit)

    def head(self, url: str) -> Page:
        """What the server says of a file without sending it; a server that refuses is asked for its first byte."""
        page = self._page(Ask(url, "HEAD", as_browser=False), PAGE_BYTES)
        if page.status not in REFUSING_HEAD:
            return page
        first = Ask(url, "GET", {"Range": "bytes=0-0", "Accept-Encoding": "identity"}, as_browser=False)
        began: list[Page] = []

        def begin(status: int, headers: Headers) -> None:
            began.append(Page(status, url, dict(headers)))
            raise _Enough

        final_url = self.stream(first, Receiver(begin, lambda block: None), self._page_terms())
        return _of_the_whole(replace(began[-1], url=final_url))

    def stream(self, ask: Ask, receiver: Receiver, terms: Terms | None = None) -> str:
        """Ask, from one redirect to the next, and hand on the last answer as it comes; returns its URL.

        Cookies stay with the host that they were given for, and don't go from https to http.
        """
        terms, started = terms or Terms(self.options.stall_seconds, rate=self.options.rate), monotonic()
        first: Target | None = None  # whom the cookies are for
        for _ in range(self.options.most_hops + 1):
            target = target_of(ask.url, allow_private=self.options.allow_private, resolver=self.options.resolver)
            first = first or target
            if not _is_trusted_like(first, target):
                ask = _without_secrets(ask)
            hop = _Hop(receiver)
            with suppress(_Enough):
                left = _remaining(terms, monotonic() - started)
                exchange(ask, target, left, Answer(hop.begin, receiver.on_block), receiver.check)
            if hop.location is None:
                return target.url
            ask = replace(ask, url=followed(target.url, hop.location))
        raise SourceRefused(f"{shown(ask.url)} leads from one address to the next for ever.", "Check the address.")

    def _page(self, ask: Ask, limit: int) -> Page:
        found: dict[str, tuple[int, Headers]] = {}
        body = bytearray()

        def begin(status: int, headers: Headers) -> None:
            found["answer"] = status, dict(headers)

        def take(block: bytes) -> None:
            if len(body) + len(block) > limit:
                raise SourceTooLarge(
                    f"{shown(ask.url)} sends more than {max(1, limit >> 20)} MB.",
                    "Give the address of the file itself.",
                )
            body.extend(block)

        url = self.stream(ask, Receiver(begin, take), self._page_terms(None if ask.method == "HEAD" else limit))
        status, headers = found["answer"]
        return Page(status, url, headers, bytes(body))

    def _page_terms(self, most_bytes: int | None = None) -> Terms:
        return Terms(self.options.stall_seconds, PAGE_SECONDS, most_bytes=most_bytes)


class _Enough(Exception):
    """The rest of an answer, such as the body of a redirect, isn't wanted, however long it is."""


def _remaining(terms: Terms, passed: Seconds) -> Terms:
    """The terms of a further hop: a chain of slow redirects has no more time than one answer."""
    left = None if terms.total_seconds is None else max(0.001, terms.total_seconds - passed)
    return replace(terms, total_seconds=left)


def _is_trusted_like(first: Target, target: Target) -> bool:
    is_downgrade = first.url.startswith("https:") and target.url.startswith("http:")
    return first.host == target.host and not is_downgrade


def _without_secrets(ask: Ask) -> Ask:
    kept = {name: value for name, value in ask.headers.items() if name.lower() not in FOR_ONE_HOST}
    return replace(ask, headers=kept, cookies=NOTHING)


def _of_the_whole(first: Page) -> Page:
    """What the answer with the first byte says of the whole file."""
    if first.status != 206:
        return first
    total = first.headers.get("content-range", "").rpartition("/")[2]
    said = {name: value for name, value in first.headers.items() if name not in ("content-length", "content-range")}
    return replace(first, status=200, headers={**said, "content-length": total} if total.isdigit() else said)


@dataclass(slots=True)
class _Hop:
    """One answer: a redirect, or the last."""

    receiver: Receiver
    location: str | None = None

    def begin(self, status: int, headers: Headers) -> None:
        if status in REDIRECTS and "location" in headers:
            self.location = headers["location"]
            raise _Enough
        self.receiver.on_begin(status, headers)
