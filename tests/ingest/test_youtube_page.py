"""Watch pages as YouTube really sent them."""

from __future__ import annotations

import html as html_text
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

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
    VideoUnavailable,
)
from trax.ingest.youtube_page import VideoPage, parse_page, parse_player

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
