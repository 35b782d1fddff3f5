"""What a watch page of YouTube says of its video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from trax.errors import SourceError, SourceUnreachable, VideoBlocked, VideoUnavailable
from trax.ingest.chapters import chapters
from trax.ingest.page_json import dig, flag, integer, json_at, listed, text
from trax.ingest.youtube_states import check_state, state_error

MOST_SECONDS: Final = 10**9  # a length beyond it is none
MOST_LISTED: Final = 500  # keywords, captions

# Either an assignment, or, since the autumn of 2026, a script element that holds nothing but the JSON
_PLAYER: Final = re.compile(
    r"ytInitialPlayerResponse[\"']?\]?\s{0,9}=\s{0,9}|\bid=[\"']yt-initial-player-response[\"'][^<>]{0,400}>\s{0,99}"
)
_DATA: Final = re.compile(r"ytInitialData[\"']?\]?\s{0,9}=\s{0,9}|\bid=[\"']yt-initial-data[\"'][^<>]{0,400}>\s{0,99}")
_PLAYER_KEYS: Final = ("playabilityStatus", "videoDetails")
_DATA_KEYS: Final = ("contents", "playerOverlays", "engagementPanels")
_CONSENT: Final = re.compile(r"action=[\"']https://consent\.(?:youtube|google)\.com/")
_CAPTCHA: Final = re.compile(r"class=[\"']g-recaptcha[\"']|action=[\"']/?das_captcha|google\.com/sorry/")


@dataclass(frozen=True, slots=True)
class VideoPage:
    """What YouTube says of a video."""

    youtube_id: str
    title: str
    channel: str
    description: str
    duration_seconds: int | None  # None where YouTube doesn't say
    details: dict[str, Any] = field(default_factory=dict)  # for `youtube_videos.details`: only what is known
    complete: bool = True  # False: the page was walled off, and only title and channel are known


def parse_page(html: str, youtube_id: str) -> VideoPage:
    """What a watch page says of the video.

    Raises: VideoError: it can't be had, or not now. SourceUnreachable: the page says nothing that Trax understands.
    """
    player = json_at(html, _PLAYER, _PLAYER_KEYS)
    if player is None:
        raise _no_player(html, youtube_id)
    return parse_player(player, json_at(html, _DATA, _DATA_KEYS), youtube_id)


def parse_player(player: dict[str, Any], data: dict[str, Any] | None, youtube_id: str) -> VideoPage:
    """What the two JSON objects of a watch page say: the player's, and the one of everything around it.

    Raises: VideoError: the video can't be had, or not now. SourceUnreachable: they don't say what it is called.
    """
    if not player:
        raise VideoUnavailable(f"YouTube knows no video {youtube_id}.", "Check the address in a browser.")
    answered = dig(player, "videoDetails", "videoId")
    if answered is not None and answered != youtube_id:
        raise VideoBlocked(
            f"YouTube answers with another video than {youtube_id}, as it does to machines that it takes for robots.",
            "A cookies file of a browser that has signed in helps: TRAX_YOUTUBE_COOKIES.",
        )
    check_state(player, youtube_id)
    return _page(player, data, youtube_id)


def consent_version(html: str) -> str | None:
    """The version of the consent that a page asks for; an empty text where it has none, None for other pages."""
    if not _CONSENT.search(html):
        return None
    found = re.search(r"name=[\"']v[\"'] value=[\"']([\w.+-]{1,99})[\"']", html)
    return found[1] if found else ""


def _no_player(html: str, youtube_id: str) -> SourceError:
    if _CAPTCHA.search(html):
        return state_error(VideoBlocked, youtube_id)
    if consent_version(html) is not None:
        return VideoBlocked(
            f"YouTube asks for consent to its cookies instead of showing the video {youtube_id}.",
            "Set TRAX_YOUTUBE_COOKIES to the cookies file of a browser that has given it.",
        )
    return SourceUnreachable(
        f"YouTube's answer says nothing of the video {youtube_id} that Trax understands.",
        "Try again later; if it stays so, YouTube has changed its pages: update Trax.",
    )


def _page(player: dict[str, Any], data: dict[str, Any] | None, youtube_id: str) -> VideoPage:
    details = dig(player, "videoDetails")
    microformat = dig(player, "microformat", "playerMicroformatRenderer")
    title = _first(text(dig(details, "title")), text(dig(microformat, "title")), _title_of(data))
    channel = _first(text(dig(details, "author")), text(dig(microformat, "ownerChannelName")))
    if not title:
        raise SourceUnreachable(
            f"YouTube doesn't say what the video {youtube_id} is called.", "Try again later, or update Trax."
        )
    # an empty description is one, too
    said = (text(dig(details, "shortDescription")), text(dig(microformat, "description")), _description_of(data))
    description = next((words for words in said if words is not None), "")
    duration = _length(details) or _length(microformat)
    found = {
        **_about(details, microformat),
        "language": _language(player),
        "captions": list(_captions(player)),
        "chapters": [asdict(chapter) for chapter in chapters(data, description, duration)],
    }
    known = {name: value for name, value in found.items() if value not in (None, [])}
    return VideoPage(youtube_id, title, channel or "", description, duration, known)


def _first(*texts: str | None) -> str | None:
    return next((words for words in texts if words and words.strip()), None)


def _length(source: Any) -> int | None:
    """Seconds; a live stream has 0, which says nothing."""
    seconds = integer(dig(source, "lengthSeconds"))
    return seconds if seconds and seconds <= MOST_SECONDS else None


def _about(details: Any, microformat: Any) -> dict[str, Any]:
    live = dig(microformat, "liveBroadcastDetails")
    channel_id = _first(text(dig(details, "channelId")), text(dig(microformat, "externalChannelId")))
    owner = _address(dig(microformat, "ownerProfileUrl"))
    keywords = [word for one in listed(details, "keywords") if (word := text(one))]
    views = integer(dig(details, "viewCount"))
    return {
        "channel_id": channel_id,
        "channel_url": owner or (channel_id and f"https://www.youtube.com/channel/{channel_id}"),
        "publish_date": _date(dig(microformat, "publishDate")),
        "upload_date": _date(dig(microformat, "uploadDate")),
        "category": text(dig(microformat, "category")),
        "keywords": keywords[:MOST_LISTED],
        "thumbnail": _thumbnail(details) or _thumbnail(microformat),
        "view_count": views if views is not None else integer(dig(microformat, "viewCount")),
        "family_safe": flag(dig(microformat, "isFamilySafe")),
        "unlisted": flag(dig(microformat, "isUnlisted")),
        "was_live": flag(dig(details, "isLiveContent")),
        "live_start": _date(dig(live, "startTimestamp")),
        "live_end": _date(dig(live, "endTimestamp")),
    }


def _address(value: Any) -> str | None:
    address = text(value) or ""
    return re.sub(r"^http:", "https:", address) if re.match(r"https?://", address) else None


def _date(value: Any) -> str | None:
    """A day or a moment in ISO 8601, as YouTube writes it."""
    if not isinstance(value, str):
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return None
    return value


def _thumbnail(source: Any) -> str | None:
    """The address of the largest one."""
    sized = [
        (integer(dig(one, "width")) or 0, address)
        for one in listed(source, "thumbnail", "thumbnails")
        if (address := _address(dig(one, "url")))
    ]
    return max(sized)[1] if sized else None


def _captions(player: dict[str, Any]) -> Iterator[dict[str, str]]:
    for track in _tracks(player)[:MOST_LISTED]:
        if language := text(dig(track, "languageCode")):
            kind = "asr" if dig(track, "kind") == "asr" else "human"
            yield {"language": language, "name": text(dig(track, "name")) or language, "kind": kind}


def _language(player: dict[str, Any]) -> str | None:
    """The language of the original sound: of several tracks the one that is no translation, else what YouTube heard."""
    sounds = [dig(one, "audioTrack") for one in listed(player, "streamingData", "adaptiveFormats")]
    for sound in sounds:
        track_id = text(dig(sound, "id")) or ""
        if track_id.endswith(".4") or (text(dig(sound, "displayName")) or "").endswith(" original"):
            return track_id.partition(".")[0] or None
    heard = (text(dig(track, "languageCode")) for track in _tracks(player) if dig(track, "kind") == "asr")
    return next(heard, None)


def _tracks(player: dict[str, Any]) -> list[Any]:
    return listed(player, "captions", "playerCaptionsTracklistRenderer", "captionTracks")


def _title_of(data: dict[str, Any] | None) -> str | None:
    overlay = dig(data, "playerOverlays", "playerOverlayRenderer", "videoDetails", "playerOverlayVideoDetailsRenderer")
    return text(dig(overlay, "title"))


def _description_of(data: dict[str, Any] | None) -> str | None:
    for panel in listed(data, "engagementPanels"):
        content = dig(panel, "engagementPanelSectionListRenderer", "content", "structuredDescriptionContentRenderer")
        for item in listed(content, "items"):
            body = dig(item, "expandableVideoDescriptionBodyRenderer", "attributedDescriptionBodyText")
            if (words := text(body)) is not None:
                return words
    return None
