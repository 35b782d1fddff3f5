"""yt-dlp as a library: one quiet session for each piece of work, with nothing of the user's own configuration."""

from __future__ import annotations

import importlib
import importlib.util
import io
import logging
import os
import re
import shutil
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self
from urllib.parse import urlsplit, urlunsplit

from trax.errors import SourceRefused, SourceTooLarge, ToolMissing, UsageError
from trax.ingest.yt_dlp_errors import Subject, one_line, translated
from trax.media.files import display_name
from trax.timeline import Seconds

YOUTUBE: Final = "https://www.youtube.com"
INSTALL: Final = "pip install 'trax-transcripts[youtube]'"
COOKIE_FIELDS: Final = 7  # of a line in Netscape's format
REQUEST_PAUSE: Final = 0.75  # seconds between two requests for one video, unless pauses are switched off
SILENCE: Final = 20.0  # seconds without an answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AudioOptions:
    """How YouTube is asked."""

    base_url: str
    cookies: Path | None
    rate: int | None  # bytes per second
    max_bytes: int
    pause: Seconds
    allow_generic: bool | None = None  # take media out of any page; None: unless the base address is YouTube's own
    cache: Path | None = None  # what yt-dlp learns of YouTube's player is kept here

    @property
    def is_youtube(self) -> bool:
        """Whether the base address is YouTube's own, and no mirror or test server."""
        host = urlsplit(self.base_url).hostname or ""
        return host == "youtube.com" or host.endswith(".youtube.com")

    @property
    def is_generic(self) -> bool:
        """Whether media is taken out of the page itself: never out of one that is YouTube's own."""
        return self.allow_generic is not False and not self.is_youtube


class Session:
    """yt-dlp for one piece of work, within a `with` block.

    Raises: ToolMissing: yt-dlp isn't installed. UsageError: the cookies file can't be used.
    """

    def __init__(
        self,
        options: AudioOptions,
        subject: Subject,
        extractors: Sequence[str],
        check: Callable[[], None] = lambda: None,
        **parameters: Any,
    ) -> None:
        package = yt_dlp()
        package.globals.plugin_dirs.value = []  # plugins are code that nobody asked Trax to run
        self.subject = subject
        self._options = options
        self._check = check
        self._failure: BaseException | None = None
        self._responses: list[Any] = []
        self._network_errors = package.networking.exceptions.network_exceptions
        self._tool = package.YoutubeDL(self._parameters(extractors) | parameters)
        self._send = self._tool.urlopen
        self._tool.urlopen = self._open  # every request of yt-dlp's goes through it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for response in self._responses:  # yt-dlp leaves them open where it gives up
            response.close()
        self._tool.close()

    def extract(self, address: str, *, download: bool = False, process: bool = True) -> dict[str, Any]:
        """What yt-dlp finds at an address; unprocessed, the entries of a list come as they are fetched.

        Raises: SourceError, StoreError, and what `check` raises.
        """
        try:
            return self._tool.extract_info(address, download=download, process=process) or {}
        except Exception as error:
            self.give_up(error)

    def fetch(self, address: str, limit: int) -> bytes:
        """A small body. Raises: SourceError."""
        try:
            with self._tool.urlopen(address) as response:
                body: bytes = response.read(limit + 1)
        except Exception as error:
            self.give_up(error)
        if len(body) > limit:
            raise SourceTooLarge(f"An answer for {self.subject} has more than {limit} bytes.")
        return body

    def give_up(self, error: Exception) -> NoReturn:
        """Raise what somebody else's exception means; ours stay what they are."""
        known = translated(error, self.subject, self._failure)
        if known is error:
            raise error
        raise known from error

    def plain(self, info: dict[str, Any]) -> dict[str, Any]:
        """An answer of yt-dlp's as JSON can hold it."""
        plain: dict[str, Any] = self._tool.sanitize_info(info, remove_private_keys=True)
        return plain

    def _open(self, request: Any) -> Any:
        self._check()
        if isinstance(request, str):
            request = yt_dlp().networking.Request(request)
        request.url = self._address(request.url)
        try:
            response = self._send(request)
        except self._network_errors as error:
            self._failure = error  # yt-dlp often goes on, and says in the end only that nothing worked
            self._responses += [error.response] if hasattr(error, "response") else []
            raise
        self._responses.append(response)
        return response

    def _address(self, address: str) -> str:
        """Where an address of YouTube's is found; with a base address of its own nobody else is asked."""
        if self._options.is_youtube:
            return address
        asked, base = urlsplit(address), urlsplit(self._options.base_url)
        host = asked.hostname or ""
        if host == "youtube.com" or host.endswith(".youtube.com"):
            path = base.path.rstrip("/") + asked.path
            return urlunsplit((base.scheme, base.netloc, path, asked.query, asked.fragment))
        if host != base.hostname or asked.scheme not in ("http", "https"):
            raise SourceRefused(
                f"{self.subject} is said to be on another server than TRAX_YOUTUBE_BASE_URL.",
                "Set TRAX_YOUTUBE_BASE_URL to a server that has the media itself, or remove it.",
            )
        return address

    def _parameters(self, extractors: Sequence[str]) -> dict[str, Any]:
        options = self._options
        return {
            "allowed_extractors": list(extractors),
            "cachedir": str(options.cache) if options.cache is not None else False,
            "color": "never",
            "cookiefile": None if options.cookies is None else read_cookies(options.cookies),
            "external_downloader": {"default": "native"},  # no program of this machine is started for it
            "extractor_retries": 2,
            "fixup": "never",
            "geo_bypass": False,
            "js_runtimes": {"deno": {"path": javascript_runtime()}},
            "logger": _Logger(),
            "noplaylist": True,
            "noprogress": True,
            "proxy": None if options.is_youtube else "",
            "quiet": True,
            "retries": 5,
            "fragment_retries": 5,
            "retry_sleep_functions": dict.fromkeys(("http", "fragment", "extractor"), self._before_retry),
            "skip_unavailable_fragments": False,  # sound with a hole is worse than an error
            "sleep_interval_requests": min(REQUEST_PAUSE, options.pause),
            "socket_timeout": SILENCE,
            "updatetime": False,
        }

    def _before_retry(self, n: int) -> Seconds:
        self._check()
        return float(min(1.0, self._options.pause) * 2**n)


def yt_dlp() -> Any:
    """The library; imported here alone, for that takes a second.

    Raises: ToolMissing
    """
    try:
        package: Any = importlib.import_module("yt_dlp")
        importlib.import_module("yt_dlp.globals")
        importlib.import_module("requests")  # without it, yt-dlp takes what broke off for the whole
    except ImportError as error:
        raise ToolMissing("yt-dlp, which fetches from YouTube, isn't installed here.", f"Run {INSTALL}") from error
    return package


def javascript_runtime() -> str | None:
    """The path of deno, which runs YouTube's own JavaScript; None where it isn't installed."""
    try:
        return str(importlib.import_module("deno").find_deno_bin())
    except (ImportError, OSError):
        beside = sysconfig.get_path("scripts")
        return shutil.which("deno", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))


def missing_parts() -> list[str]:
    """What yt-dlp needs for YouTube's JavaScript, and isn't installed."""
    parts = [] if javascript_runtime() is not None else ["deno"]
    return parts if importlib.util.find_spec("yt_dlp_ejs") is not None else [*parts, "yt-dlp-ejs"]


def warn_of_missing_parts() -> None:
    """Say that YouTube may offer little without them."""
    if parts := missing_parts():
        names = " and ".join(parts)
        log.warning("Not installed: %s. YouTube may give no sound without; run %s", names, INSTALL)


def versions(today: date | None = None) -> str:
    """yt-dlp's version and age, its JavaScript runtime and what is missing, in words for a report.

    Raises: ToolMissing
    """
    package = yt_dlp()
    version = str(package.version.__version__)
    words = [f"yt-dlp {version}{_age(version, today or datetime.now(UTC).date())}"]
    path = javascript_runtime()
    runtime = package.utils._jsruntime.DenoJsRuntime(path=path).info if path is not None else None
    if runtime is not None:
        words.append(f"deno {runtime.version}" + ("" if runtime.supported else " (too old)"))
    return "; ".join([*words, *(f"{part} is missing" for part in missing_parts())])


def _age(version: str, today: date) -> str:
    found = re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", version)
    if found is None:
        return ""
    days = (today - date(*map(int, found.groups()))).days
    return f", {days} days old" if days >= 0 else ""


def read_cookies(path: Path) -> io.StringIO:
    """The cookies of a file, as a stream of their own: yt-dlp writes back what it was given.

    Raises: UsageError: it can't be read, or holds none in Netscape's format.
    """
    try:
        text = path.expanduser().read_text("utf-8-sig")
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"The cookies file {display_name(path)} can't be read: {reason}.", "Correct TRAX_YOUTUBE_COOKIES."
        ) from error
    cookies = [line for line in text.splitlines() if _is_cookie(line)]  # yt-dlp prints the others, secrets and all
    if not cookies:
        raise UsageError(
            f"The cookies file {display_name(path)} holds no cookies.",
            "It must be in Netscape's format (cookies.txt), which extensions of browsers write.",
        )
    return io.StringIO("\n".join(["# Netscape HTTP Cookie File", *cookies, ""]))


def _is_cookie(line: str) -> bool:
    if line.startswith("#") and not line.startswith("#HttpOnly_"):
        return False
    fields = line.split("\t")
    return len(fields) == COOKIE_FIELDS and re.fullmatch(r"(\d+(\.\d+)?)?", fields[4]) is not None


class _Logger:
    """What yt-dlp says goes to `logging`, a line each; its errors come as exceptions, too."""

    def debug(self, message: str) -> None:
        log.debug("%s", one_line(message))

    def warning(self, message: str) -> None:
        log.info("%s", one_line(message))

    def error(self, message: str) -> None:
        log.debug("%s", one_line(message))
