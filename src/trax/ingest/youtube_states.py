"""What YouTube says of a video that can't be had, or not now, as an error that says what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from trax.errors import (
    SourceError,
    SourceUnreachable,
    VideoAgeRestricted,
    VideoBlocked,
    VideoGeoBlocked,
    VideoLive,
    VideoMembersOnly,
    VideoPrivate,
    VideoRateLimited,
    VideoUnavailable,
    VideoUpcoming,
)
from trax.ingest.page_json import dig, integer, listed, shown, text

_AGE_STATES: Final = ("AGE_VERIFICATION_REQUIRED", "AGE_CHECK_REQUIRED", "CONTENT_CHECK_REQUIRED")

# What YouTube's words mean, in the order in which they count: "sign in" and "unavailable" stand beside many of them.
_WORDS: Final[tuple[tuple[type[SourceError], re.Pattern[str]], ...]] = (
    (VideoBlocked, re.compile(r"not a bot|captcha|unusual traffic")),
    (VideoGeoBlocked, re.compile(r"\b(your|this) (country|region|location)\b")),
    (VideoAgeRestricted, re.compile(r"your age\b|age.restricted|inappropriate for some|may not be appropriate")),
    (VideoPrivate, re.compile(r"\bprivate video\b|\bis private\b")),
    (VideoMembersOnly, re.compile(r"\bmembers?\b|\bpremium\b|requires payment|\bpurchase|\brent(al)?\b|paid content")),
    (VideoRateLimited, re.compile(r"available,? try again later|too many requests")),
    (SourceUnreachable, re.compile(r"try again later|an error (has )?occurred|something went wrong")),
)
_SAYS_NOTHING: Final = re.compile(
    r"(this |the )?(video|content) (is )?(unavailable|n.t available|not available)\W*", re.I
)

_COOKIES: Final = "set TRAX_YOUTUBE_COOKIES to the cookies file of a browser that has signed in and may see it"
_TELLS: Final[dict[type[SourceError], tuple[str, str]]] = {
    VideoBlocked: (
        "YouTube takes this machine for a robot and shows it no videos",
        "A cookies file of a browser that has signed in helps: TRAX_YOUTUBE_COOKIES.",
    ),
    VideoRateLimited: (
        "YouTube wants fewer requests from this machine",
        "TRAX_YOUTUBE_PAUSE makes the pauses between downloads longer.",
    ),
    VideoAgeRestricted: ("{video} is only for viewers who have signed in and are of age", f"If you are, {_COOKIES}."),
    VideoPrivate: ("{video} is private", f"Ask its owner to share it, or, if you may see it, {_COOKIES}."),
    VideoMembersOnly: ("{video} is only for members or for money", f"If you are a member, {_COOKIES}."),
    VideoGeoBlocked: ("{video} is not shown in this country", "Run Trax where it is shown, or use another video."),
    VideoLive: ("{video} is on the air right now", "Add it again when it has ended and its recording is there."),
    VideoUpcoming: ("{video} hasn't begun yet", "Add it again when it has ended."),
    VideoUnavailable: ("{video} is not available", "Check in a browser whether it plays there."),
    SourceUnreachable: ("YouTube doesn't show {video} now", "Try again later."),
}
_SAYS_IT_ALL: Final = (VideoPrivate, VideoAgeRestricted, VideoLive)  # YouTube's own words add nothing


def check_state(player: dict[str, Any], youtube_id: str) -> None:
    """Raises: VideoError, SourceUnreachable: the player says that the video can't be had, or not now."""
    if dig(player, "videoDetails", "isPostLiveDvr") is True:
        raise VideoLive(
            f"The video {youtube_id} has only just ended, and YouTube still makes its recording.",
            "Add it again in a few hours.",
        )
    kind = _kind(player)
    if kind is None:
        return
    error = state_error(kind, youtube_id, _reason(player))
    if kind is VideoUpcoming and (begins := _beginning(player)):
        error = VideoUpcoming(error.message, f"It begins on {begins}; add it again when it has ended.")
    raise error


def state_error(kind: type[SourceError], youtube_id: str, reason: str = "") -> SourceError:
    """The error of that kind; `reason` is what YouTube itself says."""
    sentence, next_step = _TELLS[kind]
    said = shown(reason).rstrip(".")
    quoted = f': YouTube says "{said}"' if said and kind not in _SAYS_IT_ALL else ""
    told = sentence.format(video=f"the video {youtube_id}")
    return kind(f"{told[:1].upper()}{told[1:]}{quoted}.", next_step)


def kind_of_words(words: str) -> type[SourceError] | None:
    """What a sentence of YouTube's means; None where it means none of the states that are known."""
    return next((kind for kind, pattern in _WORDS if pattern.search(words.lower())), None)


def _kind(player: dict[str, Any]) -> type[SourceError] | None:
    status = dig(player, "playabilityStatus")
    state = dig(status, "status")
    if dig(player, "videoDetails", "isUpcoming") is True:
        return VideoUpcoming
    if state in (None, "OK"):
        return VideoLive if _is_live(player) else None
    if state == "LIVE_STREAM_OFFLINE":
        return _of_silence(player)
    known = kind_of_words(" ".join(_sentences(player)))
    if known is VideoBlocked or dig(status, "errorScreen", "playerCaptchaViewModel") is not None:
        return VideoBlocked
    if dig(status, "desktopLegacyAgeGateReason") is not None or state in _AGE_STATES:
        return VideoAgeRestricted
    return known or VideoUnavailable


def _is_live(player: dict[str, Any]) -> bool:
    details = dig(player, "videoDetails")
    on_air = dig(player, "microformat", "playerMicroformatRenderer", "liveBroadcastDetails", "isLiveNow")
    return dig(details, "isLive") is True or (on_air is True and not integer(dig(details, "lengthSeconds")))


def _of_silence(player: dict[str, Any]) -> type[SourceError]:
    """A live stream that sends nothing: not yet, or no more."""
    words = " ".join(_sentences(player)).lower()
    if "recording is not available" in words:
        return VideoUnavailable
    return VideoLive if "ended" in words else VideoUpcoming


def _beginning(player: dict[str, Any]) -> str | None:
    """When a live stream or a premiere begins, in the time of this machine."""
    live = dig(player, "microformat", "playerMicroformatRenderer", "liveBroadcastDetails", "startTimestamp")
    slate = dig(
        player, "playabilityStatus", "liveStreamability", "liveStreamabilityRenderer", "offlineSlate",
        "liveStreamOfflineSlateRenderer", "scheduledStartTime",
    )  # fmt: skip
    seconds = integer(slate)
    try:
        start = datetime.fromisoformat(str(live)) if seconds is None else datetime.fromtimestamp(seconds, UTC)
        return start.astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return None


def _reason(player: dict[str, Any]) -> str:
    """What YouTube says first that is more than "unavailable"."""
    return next((said for said in _sentences(player) if not _SAYS_NOTHING.fullmatch(said)), "")


def _sentences(player: dict[str, Any]) -> Iterator[str]:
    """Everything that YouTube says of the state, the most telling first."""
    status = dig(player, "playabilityStatus")
    screen = dig(status, "errorScreen", "playerErrorMessageRenderer")
    reason = dig(status, "reason") or dig(screen, "reason")
    for said in (reason, dig(screen, "subreason"), *listed(status, "messages"), dig(status, "reasonTitle")):
        if words := text(said):
            yield words
