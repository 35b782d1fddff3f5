"""What yt-dlp's own exceptions become: YouTube's words, HTTP's numbers and a network that is silent."""

from __future__ import annotations

import errno
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.youtube_api import NEXT, PLAYER, VIDEO, Answer, Said, closed, options, page, serving, youtubes
from trax.errors import (
    JobInterrupted,
    SourceError,
    SourceUnavailable,
    SourceUnreachable,
    StoreError,
    StoreFull,
    TraxError,
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
from trax.ingest.yt_dlp_errors import Subject, translated
from trax.ingest.yt_dlp_session import YOUTUBE, Session, yt_dlp

pytestmark = pytest.mark.usefixtures("only_loopback")

THE_VIDEO = Subject("video", VIDEO)
HINT = (
    ". Use --cookies-from-browser or --cookies for the authentication. "
    "See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies"
)
# Reasons that YouTube gives, as yt-dlp passes them on
WORDS = [
    ("Sign in to confirm you’re not a bot" + HINT, VideoBlocked),
    ("Video unavailable. YouTube is requiring a captcha challenge before playback", VideoBlocked),
    ("All player responses are invalid. Your IP is likely being blocked by Youtube", VideoBlocked),
    ("Please sign in" + HINT, VideoBlocked),
    (
        "Video unavailable. This content isn’t available, try again later. The current session has been rate-limited "
        "by YouTube for up to an hour. It is recommended to use `-t sleep` to add a delay between video requests to "
        "avoid exceeding the rate limit. For more information, refer to  https://github.com/yt-dlp/yt-dlp/wiki/Extractors",
        VideoRateLimited,
    ),
    ("Sign in to confirm your age. This video may be inappropriate for some users" + HINT, VideoAgeRestricted),
    ("This video is age-restricted and only available on YouTube", VideoAgeRestricted),
    ("Join this channel to get access to members-only content like this video.", VideoMembersOnly),
    ("This video is available to this channel's members on level: Gold (or any higher level).", VideoMembersOnly),
    ("This video is only available to Music Premium members", VideoMembersOnly),
    ("This video requires payment to watch", VideoMembersOnly),
    ("Private video. Sign in if you've been granted access to this video" + HINT, VideoPrivate),
    ("Video unavailable. This video is private", VideoPrivate),
    ("Video unavailable. The uploader has not made this video available in your country", VideoGeoBlocked),
    ("Video unavailable. It contains content from X, who has blocked it in your country", VideoGeoBlocked),
    ("This video is not available from your location due to geo restriction", VideoGeoBlocked),
    ("This live event will begin in 3 days.", VideoUpcoming),
    ("Premieres in 45 minutes", VideoUpcoming),
    ("Premiere will begin shortly", VideoUpcoming),
    ("We're processing this video. Check back later.", VideoUpcoming),
    ("This live event has ended.", VideoLive),
    ("This live stream recording is not available.", VideoUnavailable),
    ("Video unavailable", VideoUnavailable),
    ("Video unavailable. This video has been removed by the uploader", VideoUnavailable),
    ("This video has been removed for violating YouTube's policy on spam", VideoUnavailable),
    ("This video is no longer available because its YouTube account has been terminated.", VideoUnavailable),
    ("Video unavailable. This video is no longer available due to a copyright claim by X", VideoUnavailable),
    ("This video isn't available anymore", VideoUnavailable),
    ("This video is DRM protected", VideoUnavailable),
    ("Incomplete YouTube ID AAAAAAAAAA. URL looks truncated.", SourceUnreachable),
    ("An error occurred. Please try again later.", SourceUnreachable),
    ("Something went wrong. Refresh or try again later.", SourceUnreachable),
    ("Failed to extract any player response; please report this issue on  https://github.com", SourceUnreachable),
    ("No video formats found!; please report this issue on  https://github.com/yt-dlp", SourceUnreachable),
    ("Requested format is not available. Use --list-formats for a list of available formats", SourceUnreachable),
    ("Something that nobody has seen before", SourceUnreachable),
]  # fmt: skip
PASSING = {SourceUnreachable, VideoLive, VideoUpcoming, VideoRateLimited, VideoBlocked}


def means(error: BaseException, subject: Subject = THE_VIDEO, failure: BaseException | None = None) -> TraxError:
    found = translated(error, subject, failure)
    assert isinstance(found, TraxError)
    assert found.next_step
    for foreign in ("--", "-t sleep", "https://", "please report", "ERROR", "\x1b"):
        assert foreign not in str(found)
    return found


def raised(message: str, cause: BaseException | None = None) -> BaseException:
    """A DownloadError as YoutubeDL raises it for an extractor's error."""
    utils = yt_dlp().utils
    inner = utils.ExtractorError(message, expected=True, video_id=VIDEO, ie="youtube", cause=cause)
    error: BaseException = utils.DownloadError(f"ERROR: {inner}", (type(inner), inner, None))
    return error


@pytest.mark.parametrize(("words", "kind"), WORDS, ids=[words[:60] for words, _ in WORDS])
def test_words(words: str, kind: type[SourceError]) -> None:
    found = means(raised(words))
    assert type(found) is kind
    assert found.retryable is (kind in PASSING)


def test_every_reason_is_in_one_sentence_about_the_video() -> None:
    for words, kind in WORDS:
        found = means(raised(words))
        assert found.message.endswith(".")
        if kind not in (VideoBlocked, VideoRateLimited):
            assert VIDEO in found.message


def test_words_of_a_country() -> None:
    error = yt_dlp().utils.GeoRestrictedError("Not here, whatever the words", countries=["DE"])
    assert type(means(error)) is VideoGeoBlocked


def recorded(shared_data: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every answer of the player's API that was recorded and is no playable video."""
    folder, found = shared_data / "youtube", []
    for path in sorted(
        [*folder.glob("player_json_2026/*player.json"), *folder.glob("watch_2025/*innertube.json.static")]
    ):
        answer = json.loads(path.read_text("utf-8"))
        answer = answer.get("playerResponse", answer)
        if (answer.get("playabilityStatus") or {}).get("status") != "OK":
            found.append((path.name, answer))
    return found


@pytest.mark.shared_data
def test_recorded_answers_through_yt_dlps_own_extractor(shared_data: Path) -> None:
    expected = {
        "notavailable_invalidid": SourceUnreachable,  # an empty answer tells nothing
        "notavailable_nonexistent": SourceUnreachable,
        "notavailable_musicpremium": VideoMembersOnly,
        "notavailable_paidcontent": VideoMembersOnly,
        "notavailable_privatecontent": VideoPrivate,
        "notavailable_restricted": VideoGeoBlocked,
        "ratingsdisabled.player": VideoUnavailable,
        "youtube_age_restricted": VideoAgeRestricted,
        "youtube_request_blocked": VideoBlocked,
        "youtube_unplayable": VideoBlocked,
        "youtube_video_unavailable": VideoUnavailable,
    }
    answers = recorded(shared_data)
    assert len(answers) == len(expected)
    for name, answer in answers:
        youtube_id = answer.get("videoDetails", {}).get("videoId", VIDEO)
        [kind] = [kind for part, kind in expected.items() if part in name]
        with pytest.raises(SourceError) as caught:
            extract({PLAYER: answer, f"/embed/{youtube_id}": embed()}, youtube_id)
        assert type(caught.value) is kind, name


def extract(answers: dict[str, Answer], youtube_id: str = VIDEO) -> dict[str, Any]:
    """What yt-dlp makes of a YouTube that answers so."""
    with serving(answers) as api, Session(youtubes(api), Subject("video", youtube_id), ["youtube"]) as session:
        return session.extract(f"{YOUTUBE}/watch?v={youtube_id}")


def embed() -> Said:
    """The page that yt-dlp falls back to for videos with an age limit."""
    context = {"INNERTUBE_CONTEXT": {"client": {"clientName": "WEB_EMBEDDED_PLAYER", "clientVersion": "1.2"}}}
    return Said(page().body.replace(b"<script>", f"<script>ytcfg.set({json.dumps(context)});".encode(), 1))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, VideoRateLimited),
        (403, VideoBlocked),
        (402, VideoBlocked),
        (404, SourceUnreachable),  # of the API, not of the video
        (500, SourceUnreachable),
        (503, SourceUnreachable),
    ],
)
def test_numbers_of_the_api(status: int, kind: type[SourceError]) -> None:
    with pytest.raises(SourceError) as caught:
        extract({PLAYER: Said(b"{}", status, {"Retry-After": "130"})})
    assert type(caught.value) is kind
    if status in (429, 503):
        assert caught.value.next_step == "Try again in 3 minutes."


def test_a_mood_of_the_api_is_no_verdict_on_the_video() -> None:
    with pytest.raises(SourceUnreachable, match="HTTP 404"):
        extract({"/watch": page({}), NEXT: Said(b"{}", 404)})


def test_an_api_that_breaks_off() -> None:
    with pytest.raises(SourceUnreachable):
        extract({PLAYER: Said(b'{"playability', cut=3)})
    with pytest.raises(SourceUnreachable):
        extract({PLAYER: b"<html>not what was asked for</html>"})


def test_nobody_at_the_other_end() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Session(options(url), THE_VIDEO, ["generic"]) as session, pytest.raises(SourceUnreachable) as caught:
            session.extract(f"{url}/watch?v={VIDEO}")
    assert "can't be reached" in caught.value.message


def test_errors_of_ours_stay_what_they_are() -> None:
    ours = JobInterrupted("The user has gone.")
    assert translated(ours, THE_VIDEO) is ours
    assert translated(raised("An extractor error has occurred.", cause=ours), THE_VIDEO) is ours
    fault = ZeroDivisionError("a fault of ours")
    assert translated(fault, THE_VIDEO) is fault
    stopped = KeyboardInterrupt()
    assert translated(stopped, THE_VIDEO) is stopped


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EFBIG, StoreFull), (errno.EACCES, StoreError)],
)
def test_the_disk(number: int, kind: type[StoreError]) -> None:
    utils = yt_dlp().utils
    cause = OSError(number, "whatever the system says")
    error = utils.DownloadError("ERROR: unable to write data: whatever", (OSError, cause, None))
    assert type(means(error)) is kind
    wrapped = utils.UnavailableVideoError(cause)
    wrapped.__context__ = cause
    assert type(means(wrapped)) is kind


def test_a_refused_connection_is_not_the_disk() -> None:
    transport = yt_dlp().networking.exceptions.TransportError(cause=OSError(errno.EACCES, "Permission denied"))
    assert type(means(transport)) is SourceUnreachable


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("YouTube said: The playlist does not exist.", SourceUnavailable),
        ("YouTube said: This playlist is private.", SourceUnavailable),
        ("This channel does not have a videos tab", SourceUnavailable),
        ("Failed to resolve url (does the playlist exist?)", SourceUnavailable),
        ("Unable to recognize tab page", SourceUnavailable),
        ("Sign in to confirm you're not a bot", VideoBlocked),
    ],
)
def test_words_about_a_list(words: str, kind: type[SourceError]) -> None:
    assert type(means(raised(words), Subject("playlist", "PL1"))) is kind


def test_a_long_and_dirty_sentence() -> None:
    found = means(raised("Odd\x1b[31m\x07\r\nnews\u202e " + "x" * 5000))
    assert str(found).isprintable()
    assert len(found.message) < 400


def test_no_player_response_was_closed_without_a_reason() -> None:
    with pytest.raises(SourceUnreachable):
        extract({PLAYER: closed("UNPLAYABLE", "")})
