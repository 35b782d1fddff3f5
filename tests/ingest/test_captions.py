"""Captions that people wrote come with a video; what is none, or isn't given, is left out without an error."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.youtube_api import PLAYER, VIDEO, Api, Asked, Said, closed, options, player, serving, sound, youtubes
from trax.ingest import captions as module
from trax.ingest.captions import CaptionFile, captions, tracks_of

pytestmark = pytest.mark.usefixtures("only_loopback")

VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n"
SRT = b"\xef\xbb\xbf1\r\n00:00:00,000 --> 00:00:02,000\r\nHello.\r\n"
TEXT = "/api/timedtext"


def track(language: str, kind: str = "", vss: str | None = None) -> dict[str, Any]:
    """A track of captions, as the player's API has it."""
    base = f"https://www.youtube.com{TEXT}?v={VIDEO}&lang={language}"
    known = {
        "baseUrl": base,
        "vssId": vss or f".{language}",
        "languageCode": language,
        "name": {"simpleText": language},
    }
    return {**known, "kind": kind} if kind else known


@pytest.fixture
def api() -> Iterator[Api]:
    with serving({TEXT: VTT}) as server:
        yield server


def tell(api: Api, *tracks: dict[str, Any], spoken: str = "") -> None:
    """The video of the server has these tracks of captions."""
    named = f"{spoken}.4 {spoken} original" if spoken else ""
    formats = [sound(249, 50, f"{api.url}/videoplayback", track=named)]
    listed = {"playerCaptionsTracklistRenderer": {"captionTracks": list(tracks)}}
    api.answers[PLAYER] = player(formats=formats, captions=listed)


def got(api: Api) -> list[CaptionFile]:
    return captions(VIDEO, youtubes(api))


def test_the_captions_of_the_language_that_is_spoken(api: Api) -> None:
    tell(api, track("fr"), track("de"), track("en-GB"), track("en", "asr", "a.en"), spoken="de")
    assert got(api) == [CaptionFile("de", VTT, "vtt", "de")]
    assert [path for path in api.paths() if path == TEXT] == [TEXT]


def test_a_regional_language_counts(api: Api) -> None:
    tell(api, track("fr"), track("en-GB"), spoken="en")
    assert got(api) == [CaptionFile("en", VTT, "vtt", "en-GB")]


def test_only_a_few_where_the_language_is_not_known(api: Api) -> None:
    tell(api, *map(track, ("fr", "de", "es", "it", "pt")))
    assert [caption.track for caption in got(api)] == ["fr", "de", "es"]


def test_what_youtube_has_guessed_is_none(api: Api) -> None:
    tell(api, track("en", "asr", "a.en"), spoken="en")
    assert got(api) == []
    assert TEXT not in api.paths()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b" \n", id="blank"),
        pytest.param(b"<!DOCTYPE html><html>--></html>", id="a page"),
        pytest.param(b'{"events": []}', id="JSON"),
        pytest.param(Said(b""), id="nothing, which is what YouTube says without a token"),
        pytest.param(Said(b"", 429), id="too many"),
        pytest.param(Said(b"", 404), id="not there"),
        pytest.param(Said(VTT, cut=9), id="broken off"),
    ],
)
def test_what_is_no_caption_counts_as_absent(api: Api, answer: Said | bytes) -> None:
    tell(api, track("en"), spoken="en")
    api.answers[TEXT] = answer
    assert got(api) == []
    assert TEXT in api.paths()


def test_one_that_fails_doesnt_hold_up_the_others(api: Api) -> None:
    def say(request: Asked) -> Said:
        return Said(b"", 500) if "lang=fr" in request.path else Said(VTT)

    tell(api, track("fr"), track("de"))
    api.answers[TEXT] = say
    assert got(api) == [CaptionFile("de", VTT, "vtt", "de")]


def test_too_long_ones(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", len(VTT) - 1)
    tell(api, track("en"))
    assert got(api) == []


def test_srt_and_where_a_download_has_told_of_them(api: Api) -> None:
    api.answers["/captions.srt"] = SRT
    info = {"language": "en-US", "subtitles": {"en": [{"ext": "srt", "url": f"{api.url}/captions.srt"}]}}
    assert captions(VIDEO, options(api.url), info) == [CaptionFile("en", SRT, "srt", "en")]
    assert api.paths() == ["/captions.srt"]


def test_captions_of_a_page_on_another_server(api: Api) -> None:
    page = '<video src="/sound.webm"><track kind="subtitles" src="/captions.vtt" srclang="en"></video>'
    api.answers |= {"/watch": Said(f"<html><body>{page}</body></html>".encode()), "/captions.vtt": VTT}
    assert captions(VIDEO, options(api.url)) == [CaptionFile("en", VTT, "vtt", "en")]


@pytest.mark.parametrize("answer", [closed("ERROR", "Video unavailable"), Said(b"", 429), b"nonsense"])
def test_a_video_that_says_nothing(api: Api, answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    api.answers[PLAYER] = answer
    caplog.set_level(logging.INFO)
    assert got(api) == []


def test_nothing_ever_fails_for_captions(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(module, "tracks_of", lambda info: 1 // 0)
    tell(api, track("en"))
    assert got(api) == []
    assert f"captions of {VIDEO} are left out" in caplog.text


def test_which_tracks_are_worth_fetching() -> None:
    chat = {"live_chat": [{"ext": "json", "url": "https://example.org/chat"}]}
    xml = {"en": [{"ext": "ttml", "url": "https://example.org/ttml"}]}
    assert tracks_of({}) == {}
    assert tracks_of({"subtitles": chat | xml}) == {}
    both = {"en": [{"ext": "srt", "url": "a"}, {"ext": "vtt", "url": "b"}], "de": [{"ext": "vtt", "url": "c"}]}
    assert tracks_of({"subtitles": both}) == {"en": "b", "de": "c"}
    assert tracks_of({"subtitles": both, "language": "de-AT"}) == {"de": "c"}
    assert tracks_of({"subtitles": both, "language": "ja"}) == {"en": "b", "de": "c"}


@pytest.mark.shared_data
def test_the_captions_of_a_recorded_video(shared_data: Path, api: Api) -> None:
    recorded = json.loads((shared_data / "youtube" / "watch_2025" / "youtube.innertube.json.static").read_text("utf-8"))
    youtube_id = recorded["videoDetails"]["videoId"]
    api.answers[PLAYER] = recorded
    found = captions(youtube_id, youtubes(api))
    assert [(caption.language, caption.track, caption.body) for caption in found] == [("en", "en", VTT)]
