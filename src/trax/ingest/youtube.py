"""YouTube's watch pages, fetched one at a time; when YouTube has had enough of us, it is left alone for a while."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from trax.errors import (
    SourceError,
    SourceUnreachable,
    VideoBlocked,
    VideoRateLimited,
    VideoUnavailable,
)
from trax.ingest.page_json import dig, text
from trax.ingest.sources import Video
from trax.ingest.youtube_page import VideoPage, consent_version, parse_page
from trax.ingest.youtube_states import state_error
from trax.ingest.yt_dlp_session import read_cookies
from trax.timeline import Seconds

if TYPE_CHECKING:
    from trax.ingest.web import Page, Web

ROBOT_PAUSE: Final = 30 * 60.0
RATE_PAUSE: Final = 10 * 60.0
SESSION_PAUSE: Final = 60 * 60.0  # "try again later" on a page: at most an hour, by all reports
SHORTEST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 6 * 3600.0
MOST_OEMBED_BYTES: Final = 1 << 20

_HEADERS: Final = {"Accept-Language": "en-US,en;q=0.9"}
_CONSENT: Final = {"SOCS": "CAI", "PREF": "hl=en&tz=UTC"}  # "reject all", as the button of the consent page sets it

Wall = VideoBlocked | VideoRateLimited


def watch_url(youtube_id: str) -> str:
    """The one address that a video is known by, whatever it was asked for with."""
    return Video(youtube_id).url


class Breaker:
    """Until when hosts aren't asked, in a file that all processes of this machine share."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._mine: dict[str, dict[str, Any]] = {}  # where the file can't be written, this process knows at least

    def check(self, host: str) -> None:
        """Raises: VideoBlocked, VideoRateLimited: the host isn't to be asked now; the message says until when."""
        with self._lock:
            pause = self._pauses().get(host)
        if pause is not None:
            wall = state_error(VideoBlocked if pause["kind"] == "robot" else VideoRateLimited, "")
            raise type(wall)(wall.message, f"{_again(pause['until'])} {wall.next_step}")

    def trip(self, host: str, wall: Wall, seconds: Seconds) -> Wall:
        """Ask the host nothing for that long; returns the error with the time in it."""
        pause = {"until": self._clock() + seconds, "kind": "robot" if isinstance(wall, VideoBlocked) else "rate"}
        with self._lock:
            pauses = self._pauses()
            if host not in pauses or pauses[host]["until"] < pause["until"]:
                pauses[host] = pause
            until = pauses[host]["until"]
            self._mine = pauses
            with suppress(OSError):
                self._write(pauses)
        return type(wall)(wall.message, f"{_again(until)} {wall.next_step}")

    def _pauses(self) -> dict[str, dict[str, Any]]:
        """Those that aren't over; what is further ahead than any pause was written by a clock that was wrong."""
        try:
            known = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            known = None
        now = self._clock()
        merged = {**self._mine, **(known if isinstance(known, dict) else {})}
        return {host: pause for host, pause in merged.items() if _is_running(pause, now)}

    def _write(self, pauses: Mapping[str, Mapping[str, Any]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._path.parent, prefix=f".{self._path.name}.") as folder:
            draft = Path(folder) / "draft"
            draft.write_text(json.dumps(pauses), "utf-8")
            draft.replace(self._path)


class YouTube:
    """YouTube as a guest sees it, or, with a cookies file, as its account does."""

    def __init__(self, web: Web, base_url: str, breaker: Breaker, cookies: Path | None = None) -> None:
        self._web = web
        self._base_url = base_url.rstrip("/")
        self._breaker = breaker
        self._cookies = cookies

    def check(self) -> None:
        """Raises: VideoBlocked, VideoRateLimited: YouTube isn't to be asked now."""
        self._breaker.check(self._host(self._account()))

    def leave_alone(self, wall: Wall) -> Wall:
        """Ask nothing for a while, since a download met this wall; returns the error with the time in it."""
        return self._breaker.trip(self._host(self._account()), wall, _pause(wall, None))

    def video(self, youtube_id: str) -> VideoPage:
        """What YouTube says of the video; title and channel alone where its page is walled off.

        Raises: VideoError: it can't be had, or not now. SourceError: no answer, or none that Trax understands.
        UsageError: the cookies file can't be used.
        """
        account = self._account()
        host = self._host(account)
        self._breaker.check(host)
        page, html = self._watch(youtube_id, account)
        _check_there(page, youtube_id)
        try:
            _check_welcome(page, youtube_id)
            return parse_page(html, youtube_id)
        except (VideoBlocked, VideoRateLimited) as error:
            wall: SourceError = self._breaker.trip(host, error, _pause(error, page))
        except SourceUnreachable as error:
            wall = error
        return self._described(youtube_id, wall)

    def _account(self) -> Mapping[str, str]:
        return {} if self._cookies is None else cookies_for(self._base_url, self._cookies)

    def _host(self, account: Mapping[str, str]) -> str:
        """Whom the breaker is about: an account is another guest than none."""
        return urlsplit(self._base_url).netloc + (" signed in" if account else "")

    def _watch(self, youtube_id: str, account: Mapping[str, str]) -> tuple[Page, str]:
        """The watch page, past the page that asks for consent if that can be done."""
        # the two in the middle skip the warning before videos that may disturb
        query = {"v": youtube_id, "bpctr": "9999999999", "has_verified": "1", "hl": "en"}
        url = f"{self._base_url}/watch?{urlencode(query)}"
        cookies = {**_CONSENT, **account}
        page = self._web.fetch(url, headers=_HEADERS, cookies=cookies)
        html = page.body.decode("utf-8", "replace")
        if page.status == 200 and (version := consent_version(html)) is not None:
            given = {"SOCS": "CAISAiAD", **({"CONSENT": f"YES+{version}"} if version else {})}
            page = self._web.fetch(url, headers=_HEADERS, cookies={**cookies, **given})
            html = page.body.decode("utf-8", "replace")
        return page, html

    def _described(self, youtube_id: str, wall: SourceError) -> VideoPage:
        """What is left of the page when it is walled off."""
        url = f"{self._base_url}/oembed?{urlencode({'format': 'json', 'url': watch_url(youtube_id)})}"
        try:
            page = self._web.fetch(url, limit=MOST_OEMBED_BYTES, headers=_HEADERS)
        except SourceError:
            raise wall from None
        if page.status in (400, 404):
            raise VideoUnavailable(f"YouTube knows no video {youtube_id}.", "Check the address in a browser.")
        found = _json(page.body) if page.status == 200 else None  # 401: private, or not to be embedded
        title = text(dig(found, "title"))
        if not title:
            raise wall
        details = {
            "channel_url": text(dig(found, "author_url")),
            "thumbnail": text(dig(found, "thumbnail_url")),
        }
        known = {name: value for name, value in details.items() if value}
        return VideoPage(youtube_id, title, text(dig(found, "author_name")) or "", "", None, known, complete=False)


def cookies_for(url: str, path: Path) -> dict[str, str]:
    """The cookies of a file in Netscape's format that are meant for this address; none is sent elsewhere.

    Raises: UsageError: the file can't be used.
    """
    asked = urlsplit(url)
    host = asked.hostname or ""
    found = {}
    for line in read_cookies(path).getvalue().splitlines():
        fields = line.removeprefix("#HttpOnly_").split("\t")
        if len(fields) != 7 or line.startswith("# "):
            continue
        domain, _, folder, secure, expires, name, value = fields
        is_meant = host == domain.lstrip(".") or host.endswith(f".{domain.lstrip('.')}")
        is_fresh = float(expires or 0) == 0 or float(expires) > time.time()
        if is_meant and is_fresh and folder == "/" and (secure != "TRUE" or asked.scheme == "https"):
            found[name] = value
    return found


def _check_there(page: Page, youtube_id: str) -> None:
    if page.status in (404, 410):
        raise VideoUnavailable(f"YouTube knows no video {youtube_id}.", "Check the address in a browser.")
    if page.status not in (200, 403, 429):
        raise SourceUnreachable(f"YouTube answers {page.status} to the video {youtube_id}.", "Try again later.")


def _check_welcome(page: Page, youtube_id: str) -> None:
    asked_for_proof = "/sorry/" in page.url or b"g-recaptcha" in page.body
    if page.status == 403 or (page.status == 429 and asked_for_proof):
        raise state_error(VideoBlocked, youtube_id)
    if page.status == 429:
        raise state_error(VideoRateLimited, youtube_id)


def _pause(error: SourceError, page: Page | None) -> Seconds:
    if isinstance(error, VideoBlocked):
        return ROBOT_PAUSE
    if page is None or page.status != 429:
        return SESSION_PAUSE
    wanted = _retry_after(page.headers.get("retry-after", ""))
    return RATE_PAUSE if wanted is None else min(max(wanted, SHORTEST_PAUSE), LONGEST_PAUSE)


def _retry_after(value: str) -> Seconds | None:
    """Seconds from now; HTTP allows a number or a date."""
    if value.strip().isdecimal():
        return float(value[:9])
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
    return None


def _is_running(pause: Any, now: float) -> bool:
    until = dig(pause, "until")
    return isinstance(until, int | float) and now < until <= now + LONGEST_PAUSE and isinstance(dig(pause, "kind"), str)


def _again(until: float) -> str:
    return f"Trax asks it again from {datetime.fromtimestamp(until).astimezone():%H:%M} on."


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
