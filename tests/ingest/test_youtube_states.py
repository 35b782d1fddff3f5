"""What YouTube says of videos that can't be had, or not now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.ingest.youtube_site import state_page, watch_page
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
from trax.ingest.youtube_page import parse_page, parse_player

ID = "AAAAAAAAAAA"

STATES = [
    ("ERROR", "Video unavailable", {}, VideoUnavailable),
    ("ERROR", "This video has been removed by the uploader", {}, VideoUnavailable),
    ("ERROR", "An error occurred. Please try again later.", {}, SourceUnreachable),
    ("UNPLAYABLE", "This content isn’t available, try again later.", {}, VideoRateLimited),
    ("UNPLAYABLE", "Join this channel to get access to members-only content like this video.", {}, VideoMembersOnly),
    ("UNPLAYABLE", "This video requires payment to watch", {}, VideoMembersOnly),
    ("UNPLAYABLE", "Video unavailable", {"subreason": {"simpleText": "Blocked in your country."}}, VideoGeoBlocked),
    (
        "UNPLAYABLE",
        "This video contains content from Private Premium Films, who has blocked it in your country",
        {},
        VideoGeoBlocked,
    ),
    ("LOGIN_REQUIRED", "Sign in to confirm your age", {}, VideoAgeRestricted),
    ("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot", {}, VideoBlocked),
    ("CONTENT_CHECK_REQUIRED", "The following content may contain topics of which to beware.", {}, VideoAgeRestricted),
    ("LIVE_STREAM_OFFLINE", "This live event will begin in 3 days.", {}, VideoUpcoming),
    ("LIVE_STREAM_OFFLINE", "Premieres in 5 hours", {}, VideoUpcoming),
    ("LIVE_STREAM_OFFLINE", "This live stream recording is not available.", {}, VideoUnavailable),
    ("LIVE_STREAM_OFFLINE", "This live event has ended.", {}, VideoLive),
    ("SOMETHING_NEW", "Nobody knows why", {}, VideoUnavailable),
]


@pytest.mark.parametrize(("state", "reason", "screen", "kind"), STATES)
def test_what_a_state_means(state: str, reason: str, screen: dict[str, Any], kind: type[SourceError]) -> None:
    status = {"status": state, "reason": reason, "errorScreen": {"playerErrorMessageRenderer": screen}}
    with pytest.raises(kind) as raised:
        parse_player({"playabilityStatus": status}, None, ID)
    assert type(raised.value) is kind
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ({"status": "LOGIN_REQUIRED", "reason": "Sign in", "desktopLegacyAgeGateReason": 1}, VideoAgeRestricted),
        ({"status": "LOGIN_REQUIRED", "errorScreen": {"playerCaptchaViewModel": {}}}, VideoBlocked),
        ({"status": "LOGIN_REQUIRED", "messages": ["This is a private video."]}, VideoPrivate),
        ({"status": "ERROR", "errorScreen": {"playerErrorMessageRenderer": {"reason": "Is private"}}}, VideoPrivate),
        ({"status": "ERROR"}, VideoUnavailable),
        ({"status": ["OK"]}, VideoUnavailable),
    ],
)
def test_a_state_without_a_reason(status: dict[str, Any], kind: type[SourceError]) -> None:
    with pytest.raises(SourceError) as raised:
        parse_player({"playabilityStatus": status}, None, ID)
    assert type(raised.value) is kind


def test_a_state_names_the_video_and_quotes_youtube_without_its_control_characters() -> None:
    page = state_page("ERROR", "Gone\x1b[31m\u202e forever\n</script>")
    with pytest.raises(VideoUnavailable) as raised:
        parse_page(page, ID)
    assert raised.value.message == f'The video {ID} is not available: YouTube says "Gone [31m forever </script>".'


def test_a_page_of_another_video_is_no_answer() -> None:
    with pytest.raises(VideoBlocked, match="another video"):
        parse_page(watch_page("BBBBBBBBBBB"), ID)


def test_a_stream_on_the_air_and_one_that_has_just_ended() -> None:
    live = {"videoId": ID, "title": "On the air", "isLive": True, "lengthSeconds": "0"}
    with pytest.raises(VideoLive, match="on the air"):
        parse_player({"playabilityStatus": {"status": "OK"}, "videoDetails": live}, None, ID)
    ended = {"videoId": ID, "title": "Off the air", "isPostLiveDvr": True, "lengthSeconds": "0"}
    with pytest.raises(VideoLive, match="just ended"):
        parse_player({"playabilityStatus": {"status": "OK"}, "videoDetails": ended}, None, ID)


def test_a_recording_whose_page_still_says_that_it_is_live() -> None:
    microformat = {"playerMicroformatRenderer": {"liveBroadcastDetails": {"isLiveNow": True}}}
    details = {"videoId": ID, "title": "Over", "lengthSeconds": "90", "isLiveContent": True}
    page = parse_player({"videoDetails": details, "microformat": microformat}, None, ID)
    assert (page.duration_seconds, page.details["was_live"]) == (90, True)


def test_an_upcoming_stream_says_when_it_begins() -> None:
    start = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
    slate = {"liveStreamOfflineSlateRenderer": {"scheduledStartTime": str(int(start.timestamp()))}}
    streamability = {"liveStreamabilityRenderer": {"offlineSlate": slate}}
    status = {"status": "LIVE_STREAM_OFFLINE", "liveStreamability": streamability}
    microformat = {"playerMicroformatRenderer": {"liveBroadcastDetails": {"startTimestamp": start.isoformat()}}}
    here = start.astimezone().strftime("%Y-%m-%d %H:%M")
    players = ({"playabilityStatus": status}, {"videoDetails": {"isUpcoming": True}, "microformat": microformat})
    for player in players:
        with pytest.raises(VideoUpcoming) as raised:
            parse_player(player, None, ID)
        assert here in raised.value.next_step
