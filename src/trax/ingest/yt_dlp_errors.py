"""What yt-dlp's exceptions mean: YouTube's words, HTTP's numbers and the network's silence as errors of ours."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from trax.errors import (
    NotMedia,
    SourceError,
    SourceUnavailable,
    SourceUnreachable,
    StoreError,
    StoreFull,
    TraxError,
    VideoBlocked,
    VideoGeoBlocked,
    VideoLive,
    VideoRateLimited,
    VideoUnavailable,
    VideoUpcoming,
)
from trax.ingest.youtube_states import kind_of_words, state_error

MOST_WORDS: Final = 200  # characters of somebody else's sentence
MOST_CAUSES: Final = 20

_CHECK: Final = "Check the address in a browser."
_UPDATE: Final = "Try again; if it stays so, update yt-dlp: pip install -U yt-dlp"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is being fetched: a video, a playlist or a channel."""

    kind: str
    key: str

    @property
    def is_list(self) -> bool:
        return self.kind != "video"

    @property
    def inside(self) -> str:
        """Its name within a sentence."""
        return f"the {self.kind} {self.key}"

    def __str__(self) -> str:
        return f"The {self.kind} {self.key}"


# What yt-dlp says in words of its own, or YouTube beside what its pages say
_SAID: Final[tuple[tuple[type[SourceError], str], ...]] = (
    (NotMedia, r"unsupported url|no suitable extractor|is unusual and will be skipped"),
    (VideoBlocked, r"responses are invalid|ip is likely being blocked"),
    (VideoRateLimited, r"rate.limited"),
    (VideoGeoBlocked, r"geo.?restrict"),
    (VideoUpcoming, r"will begin|premieres? (in|on|at|will)\b|check back later|processing this video"),
    (VideoLive, r"live (event|stream) has ended"),
)
# What tells little, and counts only where nothing else is said
_SAID_BESIDE: Final[tuple[tuple[type[SourceError], str], ...]] = (
    (
        VideoUnavailable,
        r"removed|terminated|closed|unavailable|not available|n't available|no longer available|does not (exist|have)"
        r"|doesn't exist|violat|copyright|\bdrm\b|not found",
    ),
    (VideoBlocked, r"\bsign in\b|\blog ?in\b"),
)
# What yt-dlp says when nothing that it tried has worked; the reason is in the requests before.
_VAGUE: Final = (
    r"failed to extract any player response|no video formats found|requested format is not available"
    r"|unable to recognize tab page|unable to find selected tab|incomplete (yt initial )?data|failed to resolve url"
)


def translated(error: BaseException, subject: Subject, failure: BaseException | None = None) -> BaseException:
    """The error of ours that an exception means; `failure` is the network's last one, where the exception is vague.

    What is no error of yt-dlp's, the network's or the disk's stays what it is.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, TraxError):
            return cause
    said = _plain_words(error)
    if re.search(_VAGUE, said, re.IGNORECASE):
        return _nothing_worked(said, subject, failure)
    for cause in causes:
        if (known := _of_http(cause, subject, said) or _of_disk(cause, causes)) is not None:
            return known
    if any(_is_named(cause, "TransportError") for cause in causes):
        return SourceUnreachable(f"{subject} can't be reached: {said}.", "Check the network, and try again.")
    if _is_named(error, "YoutubeDLError"):
        return _of_words(said, subject, causes)
    return error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what led to it, also by yt-dlp's own fields."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_CAUSES:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        behind = (getattr(cause, "exc_info", None) or (None, None))[1]
        waiting += [behind, getattr(cause, "cause", None), cause.__cause__, cause.__context__]


def _is_named(error: BaseException, name: str) -> bool:
    """Whether it is of that class of yt-dlp's, which isn't imported just to ask."""
    return any(kind.__name__ == name and kind.__module__.startswith("yt_dlp.") for kind in type(error).__mro__)


def _of_http(error: BaseException, subject: Subject, said: str) -> TraxError | None:
    if not _is_named(error, "HTTPError"):
        return None
    status = int(getattr(error, "status", 0))
    answer = f"HTTP {status}"
    if status == 429:
        limited = state_error(VideoRateLimited, subject.key, answer)
        return VideoRateLimited(limited.message, _wait(error) or limited.next_step)
    moody = "api page: http error 404" in said.lower() and not subject.is_list  # that of the API comes and goes
    if status in (408, 425) or status >= 500 or status < 400 or moody:
        message = f"{subject} can't be had now: the server answers {answer}."
        return SourceUnreachable(message, _wait(error) or "Try again later.")
    if "unable to download video data" in said and status == 403:  # the address has gone stale
        return SourceUnreachable(f"YouTube has stopped giving the sound of {subject.inside}: {answer}.", _UPDATE)
    if status in (402, 403):
        return state_error(VideoBlocked, subject.key, answer)
    kind = SourceUnavailable if subject.is_list or status not in (404, 410) else VideoUnavailable
    return kind(f"{subject} is not available: the server answers {answer}.", _CHECK)


def _wait(error: BaseException) -> str:
    """When to come back, as the server says."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    seconds = str(headers.get("Retry-After") or "")
    return f"Try again in {max(1, -(-int(seconds) // 60))} minutes." if seconds.isdecimal() else ""


def _of_disk(error: BaseException, causes: list[BaseException]) -> TraxError | None:
    if not isinstance(error, OSError) or any(_is_named(cause, "TransportError") for cause in causes):
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreFull("There is no space left for the download.", "Free some space, or move TRAX_HOME.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO):
        return StoreError(f"The download can't be written: {error.strerror}.", "Check the folder of TRAX_HOME.")
    return None


def _nothing_worked(said: str, subject: Subject, failure: BaseException | None) -> TraxError:
    """yt-dlp has tried everything; what the network said last counts, if it said anything that explains it."""
    known = translated(failure, subject) if failure is not None else None
    if isinstance(known, TraxError) and known.retryable:  # that one request found nothing is no verdict
        return known
    if subject.is_list:
        return SourceUnavailable(f"{subject} can't be read: {said}.", f"Check it in a browser. {_UPDATE}")
    return SourceUnreachable(f"YouTube offers no sound of {subject.inside} that yt-dlp can fetch: {said}.", _UPDATE)


def _of_words(said: str, subject: Subject, causes: list[BaseException]) -> TraxError:
    kind = _kind(said)
    if any(_is_named(cause, "GeoRestrictedError") for cause in causes):
        kind = VideoGeoBlocked
    if kind is NotMedia:
        return NotMedia(f"{subject} has no media on its page.", "Check TRAX_YOUTUBE_BASE_URL.")
    if kind is SourceUnreachable:
        return SourceUnreachable(f"yt-dlp can't get {subject.inside}: {said}.", _UPDATE)
    if subject.is_list and kind not in (VideoBlocked, VideoRateLimited):
        return SourceUnavailable(f"{subject} is not available: {said}.", _CHECK)
    if kind is VideoLive:
        return just_ended(subject)
    return state_error(kind, subject.key, said)


def just_ended(subject: Subject) -> VideoLive:
    """What is no longer on the air, and not yet a video."""
    return VideoLive(
        f"{subject} has only just ended, and YouTube still makes its recording.", "Add it again in a few hours."
    )


def _kind(said: str) -> type[SourceError]:
    words = said.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()
    return _first(_SAID, words) or kind_of_words(words) or _first(_SAID_BESIDE, words) or SourceUnreachable


def _first(table: tuple[tuple[type[SourceError], str], ...], words: str) -> type[SourceError] | None:
    return next((kind for kind, pattern in table if re.search(pattern, words)), None)


def _plain_words(error: BaseException) -> str:
    """What an exception says, without yt-dlp's prefixes and its advice on options that Trax doesn't have."""
    text = re.sub(r"^(ERROR:\s*)?(\[[\w:+.-]+\]\s*(\S+:\s)?|[\w-]{11}:\s)?(YouTube said:\s)?", "", str(error).strip())
    text = re.split(
        r"[;.]?\s+(?:Use --|It is recommended|Also see|For more information|See  https?:|please report|\(caused by)",
        text,
    )[0]
    return one_line(re.sub(r"https?://\S+", "", text)).rstrip(" .;:!") or type(error).__name__


def one_line(text: str) -> str:
    """Foreign text on one line, without what a terminal would obey, and no longer than is read."""
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return clean if len(clean) <= MOST_WORDS else clean[: MOST_WORDS - 1] + "\N{HORIZONTAL ELLIPSIS}"
