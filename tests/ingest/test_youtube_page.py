"""Watch pages as YouTube really sent them, and as nobody would want to get them."""

from __future__ import annotations

import html as html_text
import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.youtube_site import state_page, watch_page
from trax.errors import (
    SourceError,
    SourceUnreachable,
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
from trax.ingest.chapters import Chapter, chapters, described
from trax.ingest.page_json import json_at, shown
from trax.ingest.youtube_page import VideoPage, parse_page, parse_player
from trax.storable import storable_text

ID = "AAAAAAAAAAA"


@dataclass(frozen=True)
class Said:
    """What is the same in every answer about a video; a title that begins with … is compared from behind."""

    title: str
    channel: str
    description_characters: int
    description_end: str


@dataclass(frozen=True)
class Has:
    """What one recorded answer holds."""

    youtube_id: str
    seconds: int
    chapters: int = 0
    human: int = 0  # captions
    asr: int = 0
    language: str | None = None


VIDEOS = {
    "LuZu9N53Vd0": Said("… 👀", "NerdBallerTV", 556, "►http://bit.ly/Sub2NBTV"),
    "W6NZfCO5SIk": Said(
        "JavaScript Tutorial for Beginners: Learn JavaScript in 1 Hour",
        "Programming with Mosh", 2370, "https://youtu.be/k5E2AVpwsko",
    ),
    "nu5uzMXfuLc": Said("… Trendfixxer", "Nature23", 0, ""),
    "TceijYjxdrQ": Said("Longest YouTube video!!", "Tudo do Mundo Android", 3, "Sim"),
    "3sbYbckT1VY": Said("Engineers vs Pumpkin Carving 2.0", "CrunchLabs", 1172, " Void where prohibited."),
    "kX3nB4PpJko": Said("Last To Take Hand Off Jet, Keeps It!", "MrBeast", 805, "-" * 24),
    "M4gD1WSo5mA": Said(
        "William Fisher, CopyrightX: Lecture 3.2, The Subject Matter of Copyright: Drama and choreography",
        "The Berkman Klein Center for Internet & Society", 318, " http://copyx.org.",
    ),
    "cV5TjZCJkuA": Said("This Smartphone Changes Everything...", "Unbox Therapy", 4917, " - http://bit.ly/1auEeak"),
    "An8vtD1FDqs": Said("Makani’s first commercial-scale energy kite", "Makani", 437, "https://x.company/makani/"),
    "it3OtbTxQk0": Said("Introduction to Doodle for Google 2023", "GoogleDoodles", 109, "for Google contest."),
    "KI7fMGRg0Wk": Said("tagesschau 20:00 Uhr, 17.03.2021", "tagesschau", 830, "Gründen nicht gezeigt werden)"),
    "udsB8KnIJTg": Said(
        "Praise the Casual: Ein Neuling trifft Dark Souls - Folge 5", "Hooked", 378, "/user/Roccowschiptune"
    ),
    "GJLlxj_dtq8": Said("Surface Go Review - It’s Awesome", "Dave2D", 790, "so please buy everything)"),
    "dsMFmonKDD4": Said(
        "Angèle - Eels x Richard Cocciante | A Take Away Show", "Blogothèque", 1203, "and be taken away."
    ),
    "Fjg5lYqvzUs": Said(
        "Watch live Dow Jones feed: Markets plunge amid coronavirus fears, oil price war",
        "Washington Post", 575, ".facebook.com/washingtonpost/",
    ),
    "F1xioXWb8CY": Said(
        "The Tide Is Turning - Russian Civil War Fall 1919 I THE GREAT WAR 1919",
        "The Great War", 1983, "Real Time History GmbH 2020",
    ),
    "2lAe1cqCOXo": Said(
        "YouTube Rewind 2019: For the Record | #YouTubeRewind", "YouTube", 1004, "https://rewind.youtube/about"
    ),
    "QRS8MkLhQmM": Said("YouTube Captions and Subtitles", "YouTube", 233, "/youtubecaptoinsandsubtitles/"),
}  # fmt: skip

Expected = Has | type[SourceError]


def _of_2026(name: str, **kinds: Expected) -> dict[str, Expected]:
    return {f"player_json_2026/youtubestreamextractor{name}.{kind}.json": what for kind, what in kinds.items()}


FILES: dict[str, Expected] = {
    "pages_2020_22/age-restricted/expected-info.json": Has("LuZu9N53Vd0", 977, asr=1, language="en"),
    "pages_2020_22/age-restricted/get_video_info": Has("LuZu9N53Vd0", 977, asr=1, language="en"),
    "pages_2020_22/age-restricted/watch.html": VideoAgeRestricted,
    "pages_2020_22/age-restricted/watch.json": SourceUnreachable,  # {"reload": "now"}
    "pages_2020_22/chapters/watch.html": Has("W6NZfCO5SIk", 2897, chapters=13, human=1, asr=1, language="en"),
    "pages_2020_22/live-now/hls-manifest.m3u8": SourceUnreachable,  # no page at all
    "pages_2020_22/live-past/watch.json": Has("nu5uzMXfuLc", 19910),
    "pages_2020_22/longest-upload/watch.html": Has("TceijYjxdrQ", 654333),
    "pages_2020_22/non-existent/watch.json": VideoUnavailable,
    "pages_2020_22/private/watch.json": VideoPrivate,
    **_of_2026(
        "collaborators",
        microformat=Has("3sbYbckT1VY", 696),
        player=Has("3sbYbckT1VY", 696, human=35, asr=1, language="en-US"),
        reel_player=Has("3sbYbckT1VY", 696, human=35, asr=1, language="en-US"),
    ),
    **_of_2026(  # dubbed in many languages: English is the original
        "default_audiotracklanguage",
        microformat=Has("kX3nB4PpJko", 937),
        player=Has("kX3nB4PpJko", 937, human=18, asr=1, language="en"),
        reel_player=Has("kX3nB4PpJko", 937, human=18, asr=1, language="en"),
    ),
    **_of_2026(
        "default_cclicensed",
        microformat=Has("M4gD1WSo5mA", 721),
        player=Has("M4gD1WSo5mA", 721, human=1, asr=1, language="en"),
        reel_player=Has("M4gD1WSo5mA", 721, human=1, asr=1, language="en"),
    ),
    **_of_2026(
        "default_descriptionunboxing",
        microformat=Has("cV5TjZCJkuA", 434),
        player=Has("cV5TjZCJkuA", 434, asr=1, language="en-US"),
        reel_player=Has("cV5TjZCJkuA", 434, asr=1, language="en-US"),
    ),
    **_of_2026("default_notavailable_invalidid", reel_player=VideoUnavailable),
    **_of_2026("default_notavailable_musicpremiumcontent", reel_player=VideoMembersOnly),
    **_of_2026("default_notavailable_nonexistent", reel_player=VideoUnavailable),
    **_of_2026("default_notavailable_paidcontent", reel_player=VideoMembersOnly),
    **_of_2026("default_notavailable_privatecontent", reel_player=VideoPrivate),
    **_of_2026("default_notavailable_restricted", reel_player=VideoGeoBlocked),
    **_of_2026(
        "default_novisualmetadatavideo",
        microformat=Has("An8vtD1FDqs", 176),
        player=Has("An8vtD1FDqs", 175, human=1, asr=1, language="en"),
        reel_player=Has("An8vtD1FDqs", 175, human=1, asr=1, language="en"),
    ),
    **_of_2026(
        "default_ratingsdisabled",
        microformat=Has("it3OtbTxQk0", 146),
        player=VideoUnavailable,  # for that client
        reel_player=Has("it3OtbTxQk0", 145, asr=1, language="en"),
    ),
    **_of_2026(
        "default_streamsegmentstagesschau",
        microformat=Has("KI7fMGRg0Wk", 954, chapters=13),
        player=Has("KI7fMGRg0Wk", 953, chapters=13, asr=1, language="de"),
        reel_player=Has("KI7fMGRg0Wk", 953, chapters=13, asr=1, language="de"),
    ),
    **_of_2026("livestream", microformat=VideoLive, player=VideoLive, reel_player=VideoLive),
    **_of_2026(
        "unlisted",
        microformat=Has("udsB8KnIJTg", 2489),
        player=Has("udsB8KnIJTg", 2488, asr=1, language="de"),
        reel_player=Has("udsB8KnIJTg", 2488, asr=1, language="de"),
    ),
    "watch_2025/transcript.xml.static": SourceUnreachable,  # no page at all
    "watch_2025/youtube.html.static": Has("GJLlxj_dtq8", 316, chapters=10, human=8, asr=1, language="en"),
    "watch_2025/youtube.innertube.json.static": Has("GJLlxj_dtq8", 316, human=8, asr=1, language="en"),
    "watch_2025/youtube_age_restricted.innertube.json.static": VideoAgeRestricted,
    "watch_2025/youtube_altered_user_agent.innertube.json.static": Has(
        "GJLlxj_dtq8", 316, human=8, asr=1, language="en"
    ),
    "watch_2025/youtube_consent_page.html.static": VideoBlocked,
    "watch_2025/youtube_consent_page_invalid.html.static": VideoBlocked,
    "watch_2025/youtube_po_token_required.innertube.json.static": Has(
        "GJLlxj_dtq8", 316, human=8, asr=1, language="en"
    ),
    "watch_2025/youtube_request_blocked.innertube.json.static": VideoBlocked,
    "watch_2025/youtube_too_many_requests.html.static": VideoBlocked,
    "watch_2025/youtube_transcripts_disabled.innertube.json.static": Has("dsMFmonKDD4", 288),
    "watch_2025/youtube_transcripts_disabled2.innertube.json.static": Has("Fjg5lYqvzUs", 23169),
    "watch_2025/youtube_unplayable.innertube.json.static": VideoUnavailable,
    "watch_2025/youtube_video_unavailable.innertube.json.static": VideoUnavailable,
    "watch_2025/youtube_ww1_nl_en.innertube.json.static": Has("F1xioXWb8CY", 1509, human=1, asr=1, language="en"),
    "watch_older/pytube_2lAe1cqCOXo.html": Has("2lAe1cqCOXo", 337, human=40),
    "watch_older/pytube_irauhITDrsE.html": VideoAgeRestricted,
    "watch_older/pytube_m8uHb5jIGN8.html": VideoPrivate,
    "watch_older/pytubefix_QRS8MkLhQmM.html": Has("QRS8MkLhQmM", 97, human=13),
}


@pytest.mark.shared_data
def test_every_recorded_answer_gives_its_fields_or_its_error(shared_data: Path) -> None:
    folder = shared_data / "youtube"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == FILES.keys(), "every recorded answer has its line in FILES, and no other"
    wrong, counts = {}, Counter[str]()
    for name, expected in FILES.items():
        found = _outcome((folder / name).read_text("utf-8"), expected)
        counts["videos" if isinstance(found, VideoPage) else type(found).__name__] += 1
        if problem := _difference(found, expected):
            wrong[name] = problem
    print(f"\n{len(files)} recorded answers: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    assert not wrong


def _outcome(content: str, expected: Expected) -> VideoPage | TraxError:
    try:
        return _parsed(content, expected)
    except TraxError as error:
        return error


def _parsed(content: str, expected: Expected) -> VideoPage:
    """What Trax makes of a recorded answer, whose player may lie in somebody else's wrapping."""
    if content.startswith("csi_page_type="):  # as forms are sent
        content = parse_qs(content)["player_response"][0]
    if content[0] not in "[{":
        return parse_page(content, _asked_id(content, expected))
    found: Any = json.loads(content)
    if isinstance(found, list):
        found = {name: value for part in found for name, value in part.items()}
    player = found.get("playerResponse", found.get("player_response", found))
    return parse_player(player, found.get("response"), _asked_id(content, expected))


def _asked_id(content: str, expected: Expected) -> str:
    if isinstance(expected, Has):
        return expected.youtube_id
    found = re.search(r'itemprop="(?:videoId|identifier)" content="(.{11})"|"videoId":\s*"(.{11})"', content)
    return (found[1] or found[2]) if found else ID


def _difference(found: VideoPage | TraxError, expected: Expected) -> str:
    """What is wrong; an empty text where nothing is."""
    if not isinstance(expected, Has):
        return "" if type(found) is expected and found.next_step else f"{found!r} instead of {expected.__name__}"
    if isinstance(found, TraxError):
        return f"{found!r} instead of its fields"
    said = VIDEOS[expected.youtube_id]
    captions = Counter(caption["kind"] for caption in found.details.get("captions", []))
    is_same = (
        found.youtube_id == expected.youtube_id
        and (found.title == said.title or (said.title[0] == "…" and found.title.endswith(said.title[1:])))
        and found.channel == said.channel
        and len(found.description) == said.description_characters
        and found.description.endswith(said.description_end)
        and found.duration_seconds == expected.seconds
        and len(found.details.get("chapters", [])) == expected.chapters
        and (captions["human"], captions["asr"]) == (expected.human, expected.asr)
        and found.details.get("language") == expected.language
        and found.complete
    )
    return "" if is_same else repr(found)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", [name for name, what in FILES.items() if "html" in name and isinstance(what, Has)])
def test_a_page_says_the_same_in_its_head(shared_data: Path, name: str) -> None:
    """The elements for search engines were not read for the fields, and agree with them."""
    page = (shared_data / "youtube" / name).read_text("utf-8")
    found = _parsed(page, FILES[name])
    head = dict(re.findall(r'<meta (?:property|itemprop|name)="([\w:]+)" content="([^"]*)"', page))
    assert html_text.unescape(head["og:title"]) == found.title
    beginning = html_text.unescape(head["og:description"]).removesuffix("...")
    assert beginning
    assert "".join(found.description.split()).startswith("".join(beginning.split()))
    minutes, seconds = re.fullmatch(r"PT(\d+)M(\d+)S", head["duration"]).groups()  # type: ignore[union-attr]
    assert found.duration_seconds is not None
    # that of the longest upload is a riddle: its two sounds differ in length by 42 hours
    assert abs(int(minutes) * 60 + int(seconds) - found.duration_seconds) <= 1 or found.youtube_id == "TceijYjxdrQ"
    assert found.details["publish_date"].startswith(head["datePublished"][:10])
    assert found.details["category"] == html_text.unescape(head["genre"])


@pytest.mark.shared_data
def test_what_is_kept_beside_the_columns(shared_data: Path) -> None:
    page = (shared_data / "youtube" / "watch_2025" / "youtube.html.static").read_text("utf-8")
    details = parse_page(page, "GJLlxj_dtq8").details
    assert details["channel_id"] == "UCVYamHliCI9rw1tHR1xbkfw"
    assert details["channel_url"] == "https://www.youtube.com/@Dave2D"
    assert details["publish_date"] == details["upload_date"] == "2018-08-02T06:00:08-07:00"
    assert details["category"] == "Science & Technology"
    assert details["thumbnail"].startswith("https://i.ytimg.com/vi/GJLlxj_dtq8/")
    assert details["view_count"] == 1856109
    assert (details["family_safe"], details["unlisted"], details["was_live"]) == (True, False, False)
    assert {"language": "en", "name": "English (auto-generated)", "kind": "asr"} in details["captions"]
    assert details["chapters"][1] == {"start": 66.0, "end": 106.0, "title": "Screen"}
    assert details["chapters"][-1] == {"start": 254.0, "end": 316.0, "title": "Ports"}
    assert json.loads(json.dumps(details)) == details


@pytest.mark.shared_data
def test_a_recorded_page_with_its_data_in_an_element_of_its_own(shared_data: Path) -> None:
    """As since the autumn of 2026; only the placement changes, so the recorded page serves."""
    page = (shared_data / "youtube" / "watch_2025" / "youtube.html.static").read_text("utf-8")
    start = re.search(r"<script[^>]*>(?:var |window\[\")?ytInitialData(?:\"\])? = ", page)
    assert start is not None
    _, end = json.JSONDecoder().raw_decode(page, start.end())
    element = '<script id="yt-initial-data" type="application/json" nonce="kqsUBfyRAu+YEtSPKtR5CA">'
    moved = f"{page[: start.start()]}{element}{page[start.end() : end]}</script><script>{page[end:].lstrip(';')}"
    assert "ytInitialData = {" not in moved
    assert parse_page(moved, "GJLlxj_dtq8") == parse_page(page, "GJLlxj_dtq8")
    assert len(parse_page(moved, "GJLlxj_dtq8").details["chapters"]) == 10, "which stand nowhere else"


def test_the_player_in_an_element_of_its_own() -> None:
    player = {"videoDetails": {"videoId": ID, "title": "In an element"}}
    page = f"<script type='application/json' id='yt-initial-player-response' nonce='x'>\n{json.dumps(player)}</script>"
    assert parse_page(page, ID).title == "In an element"


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


@pytest.mark.parametrize("length", ["0", "", "-5", "1e9", "9" * 30, "9" * 11, None, 0, 3.5, True, [], {}])
def test_a_length_that_is_none(length: Any) -> None:
    player = {"videoDetails": {"videoId": ID, "title": "A", "lengthSeconds": length}}
    assert parse_player(player, None, ID).duration_seconds is None


def test_only_what_is_known_is_kept() -> None:
    said = {"videoId": ID, "title": "A", "channelId": "UC1", "keywords": ["a", 1, None], "viewCount": "0"}
    owner = "https://www.youtube.com/channel/UC1"
    kept = {"channel_id": "UC1", "channel_url": owner, "keywords": ["a"], "view_count": 0}
    assert parse_player({"videoDetails": said}, None, ID).details == kept


def test_the_largest_picture_and_half_characters() -> None:
    sizes = [{"url": f"https://i.ytimg.com/{width}.jpg", "width": width} for width in (120, 1280, 640)]
    pictures = {"thumbnails": [*sizes, {"url": "file:///etc/passwd", "width": 9999}]}
    details = {"videoId": ID, "title": "Half \ud83d", "shortDescription": "N\x00L", "thumbnail": pictures}
    page = parse_player({"videoDetails": details}, None, ID)
    assert page.details["thumbnail"] == "https://i.ytimg.com/1280.jpg"
    assert (page.title, page.description) == ("Half ?", "N\N{REPLACEMENT CHARACTER}L")


def test_the_language_of_the_original_sound() -> None:
    sounds = [{"id": "de-DE.10", "displayName": "Deutsch"}, {"id": "pt-BR.4", "displayName": "Português"}]
    formats: list[dict[str, Any]] = [{"itag": 137}, *({"audioTrack": sound} for sound in sounds)]
    player = {"videoDetails": {"videoId": ID, "title": "A"}, "streamingData": {"adaptiveFormats": formats}}
    assert parse_player(player, None, ID).details["language"] == "pt-BR"
    formats[-1] = {"audioTrack": {"id": "fr", "displayName": "French original"}}
    assert parse_player(player, None, ID).details["language"] == "fr"


def test_what_the_player_lacks_comes_from_around_it() -> None:
    header = {"title": {"simpleText": "Around"}}
    body = {"expandableVideoDescriptionBodyRenderer": {"attributedDescriptionBodyText": {"content": "All of it"}}}
    content = {"content": {"structuredDescriptionContentRenderer": {"items": [{}, body]}}}
    data = {
        "playerOverlays": {
            "playerOverlayRenderer": {"videoDetails": {"playerOverlayVideoDetailsRenderer": header}}
        },
        "engagementPanels": [{"engagementPanelSectionListRenderer": content}],
    }  # fmt: skip
    page = parse_player({"videoDetails": {"videoId": ID}}, data, ID)
    assert (page.title, page.description, page.channel) == ("Around", "All of it", "")
    empty = {"videoDetails": {"videoId": ID, "title": "A", "shortDescription": ""}}
    assert parse_player(empty, data, ID).description == "", "an empty description is one"


# ------------------------------------------------------------------ JSON at a marker

NASTY = [
    "};", "</script>", "<\\/script>", '"', "'", "\\", "{", "}", "[", "]", "//", "/*", "<!--", "var a = {};",
    "ytInitialPlayerResponse = {", 'ytInitialPlayerResponse = {"videoDetails":{}}', "ytInitialData = {}", "\n",
    "\u2028", '<script id="yt-initial-data">', "\ud83d\ude00", "é", "\x00",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), max_size=6).map("".join)
PLAIN_TEXTS = TEXTS.map(storable_text)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | PLAIN_TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN_TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(PLAIN_TEXTS, VALUES, max_size=5)
MARKER = re.compile(r"THE_MARKER[\"']?\]?\s*=\s*")
BEFORE = ["", "<script>", "THE_MARKER = null;", "if(THE_MARKER){a={}}", "THE_MARKER = {broken", "THE_MARKER = {};"]
AFTER = [";", "</script>", ";var x = {};", "}};", "", "\n"]


@given(OBJECTS, st.sampled_from(BEFORE), st.sampled_from(AFTER), st.booleans())
@settings(max_examples=50)
def test_json_at_a_marker_is_what_was_put_there(found: dict[str, Any], before: str, after: str, ascii_: bool) -> None:
    wanted = {**found, "key": 1}
    page = f"{before}THE_MARKER = {json.dumps(wanted, ensure_ascii=ascii_)}{after}"
    assert json_at(page, MARKER, ["key"]) == wanted
    assert json_at(page, MARKER, ["no such key \N{SNOWMAN}"]) is None


@given(title=PLAIN_TEXTS, channel=PLAIN_TEXTS, description=PLAIN_TEXTS, seconds=st.integers(1, 10**6))
@settings(max_examples=60)
def test_a_page_gives_back_what_was_written_into_it(title: str, channel: str, description: str, seconds: int) -> None:
    title = f"{title}."  # never empty
    page = watch_page(ID, title=title, channel=channel, description=description, seconds=seconds)
    found = parse_page(page, ID)
    assert (found.title, found.description, found.duration_seconds) == (title, description, seconds)
    assert found.channel == channel or not channel.strip()


KEYS = st.sampled_from([
    "playabilityStatus", "videoDetails", "microformat", "playerMicroformatRenderer", "status", "reason", "messages",
    "errorScreen", "playerErrorMessageRenderer", "subreason", "simpleText", "runs", "text", "title", "lengthSeconds",
    "thumbnail", "thumbnails", "url", "width", "keywords", "captions", "playerCaptionsTracklistRenderer",
    "captionTracks", "languageCode", "kind", "streamingData", "adaptiveFormats", "audioTrack", "id", "displayName",
    "engagementPanels", "engagementPanelSectionListRenderer", "content", "liveBroadcastDetails", "startTimestamp",
    "isUpcoming", "isLive", "publishDate", "shortDescription", "author", "viewCount",
])  # fmt: skip
WORDS = st.sampled_from(["OK", "ERROR", "LIVE_STREAM_OFFLINE", "0", "12", "https://a/", "A", "\ud800", "2020-01-01"])
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
PLAYERS = st.dictionaries(KEYS, SHAPES, max_size=6)


@given(PLAYERS, SHAPES)
@settings(max_examples=80)
def test_json_of_any_shape_gives_a_page_or_an_error_of_ours(player: dict[str, Any], data: Any) -> None:
    try:
        page = parse_player(player, data, ID)
    except TraxError:
        return
    assert page.title == storable_text(page.title)
    json.dumps(page.details, allow_nan=False).encode()


@pytest.mark.parametrize(
    "page",
    [
        "", "<html></html>", "ytInitialPlayerResponse = {}", "ytInitialPlayerResponse = " + '{"videoDetails":' * 50_000,
        "ytInitialPlayerResponse = {" * 100_000, '<script id="yt-initial-data"' * 50_000, "\x00" * 1000,
        'ytInitialPlayerResponse = {"videoDetails": ' + "[" * 100_000,
    ],
    ids=["empty", "bare", "nothing in it", "deep", "many", "many elements", "no text", "deep lists"],
)  # fmt: skip
def test_a_page_without_a_player_is_not_understood(page: str) -> None:
    with pytest.raises(SourceUnreachable, match="that Trax understands"):
        parse_page(page, ID)


# ------------------------------------------------------------------ Chapters


def _clock(seconds: int, padded: bool) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}" if padded or hours else str(rest // 60)
    return (f"{hours}:" if hours else "") + f"{minutes}:{rest % 60:02}"


LINES = [
    "{time} {title}", "{time} - {title}", "[{time}] {title}", "({time}) {title}", "▶ {time} | {title}",
    "• {time}: {title}", "{title} {time}", "{title} ({time})", "{title} – {time}", "3. {time} {title}",
]  # fmt: skip
TITLES = st.text("abcdefgh XYZ äß", min_size=1, max_size=20).map(lambda title: shown(f"T{title}T"))


@given(
    st.lists(st.tuples(st.integers(10, 4000), TITLES), min_size=3, max_size=12),
    st.sampled_from(LINES), st.booleans(), st.lists(st.text("abc \n", max_size=20), max_size=3),
)  # fmt: skip
@settings(max_examples=60)
def test_chapters_of_a_description(lengths: list[tuple[int, str]], line: str, padded: bool, prose: list[str]) -> None:
    expected, start = [], 0
    for seconds, title in lengths:
        expected.append(Chapter(float(start), float(start + seconds), title))
        start += seconds
    listing = [line.format(time=_clock(int(one.start), padded), title=one.title) for one in expected]
    description = "\n".join([*prose, "Recorded at 10:30", *listing, "", *prose])
    assert list(described(description, start)) == expected
    without_end = [*expected[:-1], Chapter(expected[-1].start, None, expected[-1].title)]
    assert list(described(description, None)) == without_end


@given(st.lists(st.sampled_from(["0:00 a", "0:30 b", "1:00:00 c", "5:00", "0:05 d", ":::", "x 9:99 y", "1:2:3 z"])
                | st.text(max_size=30), max_size=12), st.none() | st.integers(1, 5000))  # fmt: skip
def test_chapters_are_in_order_and_within_the_video(lines: list[str], duration: int | None) -> None:
    found = described("\n".join(lines), duration)
    if not found:
        return
    assert len(found) >= 3
    assert found[0].start == 0
    assert found[-1].end == duration
    for chapter, following in pairwise(found):
        assert chapter.end == following.start >= chapter.start + 10
    assert all(chapter.title for chapter in found)


@pytest.mark.parametrize(
    "description",
    [
        "", "0:00 One\n1:00 Two", "0:10 One\n1:00 Two\n2:00 Three", "0:00 One\n0:05 Two\n1:00 Three",
        "0:00 One\n2:00 Two\n1:00 Three", "0:00\n1:00\n2:00",
    ],
    ids=["empty", "two", "late", "short", "out of order", "without names"],
)  # fmt: skip
def test_times_that_are_no_chapters(description: str) -> None:
    assert described(description, 600) == ()


def test_a_joined_emoji_stays_whole_in_a_chapter() -> None:
    assert described("0:00 👨‍👩‍👧 a\u202e\n0:10 b\n0:20 c", None)[0].title == "👨‍👩‍👧 a"


@pytest.mark.parametrize("line", ["x" + " " * 380 + ":", "- " * 199 + ":", "0:00" * 99, "1:" * 199, "([" * 199 + ":"])
def test_a_description_made_to_keep_us_busy(line: str) -> None:
    began = time.process_time()
    described(f"{line}\n" * 5000, 600)
    assert time.process_time() - began < 3


def _shown(*starts: int) -> dict[str, Any]:
    """What lies around a player that shows chapters from there on, in milliseconds."""
    entries = [
        {"chapterRenderer": {"title": {"simpleText": f"At {start}"}, "timeRangeStartMillis": start}} for start in starts
    ]
    bar = {"multiMarkersPlayerBarRenderer": {"markersMap": [{"value": {}}, {"value": {"chapters": entries}}]}}
    decorated = {"decoratedPlayerBarRenderer": {"decoratedPlayerBarRenderer": {"playerBar": bar}}}
    return {"playerOverlays": {"playerOverlayRenderer": decorated}}


def test_what_the_player_shows_wins_over_the_description() -> None:
    text = "0:00 A\n0:10 B\n0:20 C"
    assert chapters(_shown(0, 4500), text, 60) == (Chapter(0.0, 4.5, "At 0"), Chapter(4.5, 60.0, "At 4500"))
    for nonsense in ({}, _shown(0, 60_000), _shown(0, 5000, 5000), _shown(*range(1500))):
        assert [one.title for one in chapters(nonsense, text, 60)] == ["A", "B", "C"]
    assert chapters({}, text, 20) == (), "the last one would begin at the very end"
