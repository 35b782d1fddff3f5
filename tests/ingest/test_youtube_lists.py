"""Playlists and channels, by yt-dlp from a YouTube on this machine: in order, page by page, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.youtube_api import BROWSE, RESOLVE, Api, Said, options, page, serving
from trax.errors import SourceUnavailable, SourceUnreachable, VideoRateLimited
from trax.ingest.sources import VideoList
from trax.ingest.youtube_lists import ListedVideo, expand

pytestmark = pytest.mark.usefixtures("only_loopback")

PLAYLIST = VideoList("playlist", "PL0123456789")
CHANNEL = VideoList("channel", "UC0123456789012345678901")
IDS = [f"video{number:06}" for number in range(1, 7)]


def listed(youtube_id: str, title: str = "A talk", **more: Any) -> dict[str, Any]:
    """An entry of a playlist."""
    renderer = {"videoId": youtube_id, "title": {"runs": [{"text": title}]}, "lengthSeconds": "61", **more}
    return {"playlistVideoRenderer": renderer}


def more_at(token: str) -> dict[str, Any]:
    """The end of a page, which says where the next one is."""
    command = {"continuationCommand": {"token": token, "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}}
    return {"continuationItemRenderer": {"continuationEndpoint": {**command, "clickTrackingParams": ""}}}


def tab(content: dict[str, Any], **more: Any) -> dict[str, Any]:
    renderer = {"tabRenderer": {"selected": True, "content": content, **more}}
    return {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [renderer]}}}


def playlist(*entries: dict[str, Any]) -> Said:
    """The page of a playlist."""
    section = {"itemSectionRenderer": {"contents": [{"playlistVideoListRenderer": {"contents": list(entries)}}]}}
    return page(tab({"sectionListRenderer": {"contents": [section]}}))


def channel(*entries: dict[str, Any]) -> Said:
    """The page of a channel's videos."""
    items = [{"richItemRenderer": {"content": entry}} for entry in entries]
    url = {"commandMetadata": {"webCommandMetadata": {"url": f"/channel/{CHANNEL.key}/videos"}}}
    return page(tab({"richGridRenderer": {"contents": items}}, title="Videos", endpoint=url))


def next_page(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": list(entries)}}]}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as server:
        yield server


def ids(videos: Iterator[ListedVideo]) -> list[str]:
    return [video.youtube_id for video in videos]


def test_a_playlist_of_two_pages(api: Api) -> None:
    api.answers["/playlist"] = playlist(*map(listed, IDS[:3]), more_at("two"))
    api.answers[BROWSE] = next_page(*map(listed, IDS[3:]))
    videos = list(expand(PLAYLIST, options(api.url)))
    assert [video.youtube_id for video in videos] == IDS
    assert videos[0] == ListedVideo(IDS[0], "A talk", 61)
    assert api.asked[0].path == f"/playlist?list={PLAYLIST.key}"
    assert b"two" in next(request.body for request in api.asked if request.path.startswith(BROWSE))


def test_only_what_is_taken_is_fetched(api: Api) -> None:
    api.answers["/playlist"] = playlist(*map(listed, IDS[:3]), more_at("two"))
    assert ids(islice(expand(PLAYLIST, options(api.url)), 2)) == IDS[:2]
    assert ids(expand(PLAYLIST, options(api.url), limit=3)) == IDS[:3]
    assert ids(expand(PLAYLIST, options(api.url), limit=0)) == []
    assert set(api.paths()) == {"/playlist"}


def test_a_channel(api: Api) -> None:
    films = [{"videoRenderer": {"videoId": name, "title": {"simpleText": name}}} for name in IDS[:2]]
    api.answers[f"/channel/{CHANNEL.key}/videos"] = channel(*films)
    assert list(expand(CHANNEL, options(api.url))) == [ListedVideo(name, name, None) for name in IDS[:2]]


def test_a_channel_by_its_name_in_any_script(api: Api) -> None:
    film = {"videoRenderer": {"videoId": IDS[0], "title": {"simpleText": "A film"}}}
    api.answers["/@%D0%98%D0%BC%D1%8F/videos"] = channel(film)
    assert ids(expand(VideoList("channel", "@Имя"), options(api.url))) == IDS[:1]


def test_what_stands_twice_comes_once_and_lists_in_lists_are_left_alone(api: Api) -> None:
    inner = {"playlistRenderer": {"playlistId": "PLinner", "title": {"simpleText": "A list"}}}
    films = [{"videoRenderer": {"videoId": name, "title": {"simpleText": name}}} for name in (IDS[0], IDS[1], IDS[0])]
    api.answers[f"/channel/{CHANNEL.key}/videos"] = channel(films[0], inner, *films[1:])
    assert ids(expand(CHANNEL, options(api.url))) == IDS[:2]


def badge(style: str) -> dict[str, Any]:
    return {"badges": [{"metadataBadgeRenderer": {"style": style}}]}


def test_what_is_left_out(api: Api, tmp_path: Path) -> None:
    live = {"thumbnailOverlays": [{"thumbnailOverlayTimeStatusRenderer": {"style": "LIVE"}}]}
    api.answers["/playlist"] = playlist(
        listed(IDS[0], "[Private video]"),
        listed(IDS[1], "[Deleted video]"),
        listed(IDS[2], "Now", **live),
        listed(IDS[3], "Soon", upcomingEventData={"startTime": "1900000000"}),
        listed(IDS[4], "Ours", **badge("BADGE_STYLE_TYPE_MEMBERS_ONLY")),
        listed(IDS[5], "A talk"),
    )
    notices: list[str] = []
    assert ids(expand(PLAYLIST, options(api.url), notice=notices.append)) == IDS[5:]
    assert notices == [
        f"The video {IDS[0]} is left out: it is private.",
        f"The video {IDS[1]} is left out: it has been removed.",
        f"The video {IDS[2]} is left out: it is live.",
        f"The video {IDS[3]} is left out: it hasn't begun.",
        f"The video {IDS[4]} is left out: it is for members of its channel.",
    ]
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("127.0.0.1\tFALSE\t/\tFALSE\t0\tSID\tabc\n")
    assert ids(expand(PLAYLIST, options(api.url, cookies=cookies))) == IDS[4:]


def test_a_list_that_isnt_there(api: Api) -> None:
    alert = {"alertRenderer": {"type": "ERROR", "text": {"runs": [{"text": "The playlist does not exist."}]}}}
    api.answers["/playlist"] = page({"alerts": [alert]})
    api.answers[RESOLVE] = {"alerts": [alert]}
    with pytest.raises(SourceUnavailable, match=f"The playlist {PLAYLIST.key} is not available") as caught:
        list(expand(PLAYLIST, options(api.url)))
    assert caught.value.message.endswith("available: The playlist does not exist.")
    del api.answers[RESOLVE]
    with pytest.raises(SourceUnavailable, match="HTTP 404"):
        list(expand(CHANNEL, options(api.url)))


def test_a_list_without_videos(api: Api) -> None:
    api.answers["/playlist"] = playlist()
    with pytest.raises(SourceUnavailable, match="has no videos"):
        list(expand(PLAYLIST, options(api.url)))


def test_a_list_of_which_nothing_can_be_had_is_no_error(api: Api) -> None:
    api.answers["/playlist"] = playlist(listed(IDS[0], "[Private video]"))
    assert list(expand(PLAYLIST, options(api.url))) == []


def test_too_many_questions(api: Api) -> None:
    limited = Said(b"", 429, {"Retry-After": "600"})
    api.answers |= {"/playlist": limited, RESOLVE: limited}
    with pytest.raises(VideoRateLimited) as caught:
        list(expand(PLAYLIST, options(api.url)))
    assert caught.value.next_step == "Try again in 10 minutes."


def test_a_second_page_that_fails_comes_after_the_first(api: Api) -> None:
    api.answers["/playlist"] = playlist(*map(listed, IDS[:3]), more_at("two"))
    api.answers[BROWSE] = Said(b"", 503)
    videos = expand(PLAYLIST, options(api.url))
    assert ids(islice(videos, 3)) == IDS[:3]
    with pytest.raises(SourceUnreachable):
        next(videos)
