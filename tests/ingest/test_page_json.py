"""Watch pages as nobody would want to get them: JSON of any shape, in pages that look like it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.youtube_site import watch_page
from trax.errors import (
    SourceUnreachable,
    TraxError,
)
from trax.ingest.page_json import json_at
from trax.ingest.youtube_page import parse_page, parse_player
from trax.storable import storable_text

ID = "AAAAAAAAAAA"

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
