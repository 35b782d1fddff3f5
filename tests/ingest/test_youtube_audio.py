"""yt-dlp fetches sound from servers on this machine: resumed, limited, told and stopped."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.youtube_api import (
    MEDIA,
    PLAYER,
    SOUND,
    VIDEO,
    Api,
    Asked,
    Said,
    closed,
    one_video,
    options,
    player,
    ranged,
    serving,
    sound,
    youtubes,
)
from tests.ingest.youtube_site import Request, playing
from trax.errors import (
    JobInterrupted,
    NotMedia,
    SourceRefused,
    SourceTooLarge,
    SourceUnreachable,
    StoreFull,
    UnknownSource,
    VideoLive,
    VideoMembersOnly,
    VideoUnavailable,
    VideoUpcoming,
)
from trax.ingest import youtube_audio, yt_dlp_session
from trax.ingest.youtube_audio import download_audio
from trax.ingest.yt_dlp_errors import Subject
from trax.ingest.yt_dlp_session import YOUTUBE, Session, yt_dlp

pytestmark = pytest.mark.usefixtures("only_loopback")

OTHER = "BBBBBBBBBBB"


@pytest.fixture
def api() -> Iterator[Api]:
    with one_video() as server:
        yield server


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class Stop:
    """Counts what has come, and wants to stop after so many bytes."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.done: list[tuple[int, int | None]] = []

    def told(self, done: int, total: int | None) -> None:
        self.done.append((done, total))

    def check(self) -> None:
        if self.done and self.done[-1][0] >= self.after:
            raise JobInterrupted("The download was stopped.")


def test_the_sound_of_a_page_on_another_server(tmp_path: Path) -> None:
    source = tmp_path / "source.webm"
    source.write_bytes(SOUND)
    told: list[tuple[int, int | None]] = []
    with playing({}, {VIDEO: source}) as url:
        got = download_audio(VIDEO, tmp_path / "job", options(url), told=lambda *event: told.append(event))
    assert got.path.read_bytes() == SOUND
    assert got.path.parent == tmp_path / "job"
    assert got.path.name.startswith(VIDEO)
    assert got.path.suffix == ".webm"
    assert names(tmp_path / "job") == [got.path.name]
    assert told[-1] == (len(SOUND), len(SOUND))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert json.loads(json.dumps(got.info)) == got.info


def test_the_sound_of_a_video(api: Api, tmp_path: Path) -> None:
    got = download_audio(VIDEO, tmp_path / "new" / "job", youtubes(api))
    assert got.path.read_bytes() == SOUND
    assert got.info["format_id"] == "249"
    assert got.info["title"] == "A video"
    assert api.paths().count(MEDIA) == 1


def test_a_download_that_was_stopped_goes_on_where_it_was(api: Api, tmp_path: Path) -> None:
    stop = Stop(20_000)
    with pytest.raises(JobInterrupted):
        download_audio(VIDEO, tmp_path, youtubes(api), told=stop.told, check=stop.check)
    [part] = tmp_path.iterdir()
    kept = part.stat().st_size
    assert part.suffix == ".part"
    assert 20_000 <= kept < len(SOUND)
    assert SOUND.startswith(part.read_bytes())
    api.asked.clear()
    told: list[int] = []
    got = download_audio(VIDEO, tmp_path, youtubes(api), told=lambda done, _: told.append(done))
    assert got.path.read_bytes() == SOUND
    [asked] = [request.range or "" for request in api.asked if request.path == MEDIA]
    assert asked.startswith(f"bytes={kept}-")
    assert told[0] > kept
    assert names(tmp_path) == [got.path.name]


def test_a_page_of_another_server_is_resumed_too(tmp_path: Path) -> None:
    source = tmp_path / "source.webm"
    source.write_bytes(SOUND)
    stop, requests = Stop(20_000), list[Request]()
    with playing({}, {VIDEO: source}, requests) as url:
        with pytest.raises(JobInterrupted):
            download_audio(VIDEO, tmp_path / "job", options(url), told=stop.told, check=stop.check)
        kept = next((tmp_path / "job").iterdir()).stat().st_size
        got = download_audio(VIDEO, tmp_path / "job", options(url))
    assert got.path.read_bytes() == SOUND
    assert f"bytes={kept}-" in [request.headers.get("range") for request in requests]


def test_a_server_that_knows_no_ranges_starts_again(api: Api, tmp_path: Path) -> None:
    api.answers[MEDIA] = Said(SOUND, headers={"Content-Type": "audio/webm"})
    (tmp_path / f"{VIDEO}.249.{len(SOUND)}.webm.part").write_bytes(b"x" * 5_000)
    assert download_audio(VIDEO, tmp_path, youtubes(api)).path.read_bytes() == SOUND


def test_a_line_that_goes_dead_is_taken_up_again(api: Api, tmp_path: Path) -> None:
    cuts = iter((30_000, 50_000, None))
    api.answers[MEDIA] = lambda request: ranged(SOUND, request, next(cuts))
    assert download_audio(VIDEO, tmp_path, youtubes(api)).path.read_bytes() == SOUND
    starts = [int(re.findall(r"\d+", request.range or "")[0]) for request in api.asked if request.path == MEDIA]
    assert starts[0] == 0
    assert 0 < starts[1] < starts[2]


def test_a_line_that_stays_dead_keeps_what_has_come(api: Api, tmp_path: Path) -> None:
    api.answers[MEDIA] = lambda request: ranged(SOUND, request, 10_000)
    with pytest.raises(SourceUnreachable) as caught:
        download_audio(VIDEO, tmp_path, youtubes(api))
    assert caught.value.retryable
    [part] = tmp_path.iterdir()
    assert part.stat().st_size > 0
    assert SOUND.startswith(part.read_bytes())
    api.answers[MEDIA] = lambda request: ranged(SOUND, request)
    assert download_audio(VIDEO, tmp_path, youtubes(api)).path.read_bytes() == SOUND


def test_what_has_come_of_another_format_is_not_gone_on_with(api: Api, tmp_path: Path) -> None:
    (tmp_path / f"{VIDEO}.251.{len(SOUND)}.webm.part").write_bytes(b"y" * 5_000)
    (tmp_path / f"{VIDEO}.249.1234567.webm.part").write_bytes(b"z" * 5_000)  # encoded anew since
    got = download_audio(VIDEO, tmp_path, youtubes(api))
    assert got.path.read_bytes() == SOUND
    assert names(tmp_path) == [got.path.name]


def test_a_file_that_is_complete_is_not_fetched_again(api: Api, tmp_path: Path) -> None:
    first = download_audio(VIDEO, tmp_path, youtubes(api))
    api.asked.clear()
    told: list[tuple[int, int | None]] = []
    assert download_audio(VIDEO, tmp_path, youtubes(api), told=lambda *event: told.append(event)).path == first.path
    assert MEDIA not in api.paths()
    assert told == [(len(SOUND), len(SOUND))]


def test_videos_with_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    def watch(request: Asked) -> Said:
        folder = "a" if request.path.endswith(VIDEO) else "b"
        return Said(f'<html><body><video src="/{folder}/sound.webm"></video></body></html>'.encode())

    with serving({"/watch": watch, "/a/sound.webm": b"first" * 99, "/b/sound.webm": b"second" * 99}) as api:
        first = download_audio(VIDEO, tmp_path / "1", options(api.url))
        second = download_audio(OTHER, tmp_path / "2", options(api.url))
        assert first.path.read_bytes() == b"first" * 99
        assert second.path.read_bytes() == b"second" * 99


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        pytest.param([(251, 130, ""), (249, 50, ""), (250, 70, "")], "249", id="the smallest"),
        pytest.param([(251, 130, ""), (249, 50, ""), (600, 33, "")], "249", id="but none like a telephone"),
        pytest.param([(600, 33, ""), (599, 31, "")], "599", id="unless there is nothing else"),
        pytest.param(
            [(249, 50, "de.3 German"), (251, 130, "en.4 English original"), (140, 129, "en.4 English original")],
            "140",
            id="in the original language",
        ),
        pytest.param(
            [(249, 50, "en.2 English descriptive"), (251, 130, "en.4 English original")], "251", id="not described"
        ),
        pytest.param([(249, 50, "drc"), (250, 70, "")], "250", id="not compressed"),
    ],
)
def test_which_sound_is_taken(api: Api, formats: list[tuple[int, int, str]], chosen: str) -> None:
    listed = [
        sound(itag, rate, api.url + MEDIA, track="" if track == "drc" else track) for itag, rate, track in formats
    ]
    for entry, (_, _, track) in zip(listed, formats, strict=True):
        entry["isDrc"] = track == "drc"
    api.answers[PLAYER] = player(formats=listed)
    wanted: dict[str, Any] = {"format": youtube_audio.FORMAT, "format_sort": list(youtube_audio.ORDER)}
    with Session(youtubes(api), Subject("video", VIDEO), ["youtube"], **wanted) as session:
        info = session.extract(f"{YOUTUBE}/watch?v={VIDEO}")
    assert info["format_id"] == chosen
    assert info["language"] == ("en" if "original" in str(formats) else None)


def test_a_film_gives_its_sound_where_there_is_no_sound_alone(api: Api, tmp_path: Path) -> None:
    film = sound(18, 200, api.url + MEDIA, size=len(SOUND)) | {"mimeType": 'video/mp4; codecs="avc1.42001E, mp4a.40.2"'}
    silent = sound(160, 90, api.url + "/never", size=9) | {"mimeType": 'video/mp4; codecs="avc1.4d400c"'}
    api.answers[PLAYER] = player(formats=[film, silent])
    assert download_audio(VIDEO, tmp_path, youtubes(api)).info["format_id"] == "18"


def test_a_size_that_is_known_is_judged_before(api: Api, tmp_path: Path) -> None:
    with pytest.raises(SourceTooLarge, match=f"more than {len(SOUND) - 1} bytes"):
        download_audio(VIDEO, tmp_path, youtubes(api, max_bytes=len(SOUND) - 1))
    assert MEDIA not in api.paths()
    assert names(tmp_path) == []


def test_a_size_that_is_not_known_is_judged_as_it_comes(tmp_path: Path) -> None:
    watch = Said(b'<html><body><video src="/sound.webm"></video></body></html>')
    with serving({"/watch": watch, "/sound.webm": SOUND}) as api, pytest.raises(SourceTooLarge):
        download_audio(VIDEO, tmp_path, options(api.url, max_bytes=len(SOUND) - 1))
    assert names(tmp_path) == []


@pytest.mark.parametrize("silently", [{"max_filesize": 10}, {"match_filter": lambda info, incomplete: "not this one"}])
def test_a_video_that_is_left_out_without_a_word(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silently: dict[str, Any]
) -> None:
    ours = youtube_audio._parameters
    monkeypatch.setattr(youtube_audio, "_parameters", lambda *given: ours(*given) | silently)
    with pytest.raises(SourceUnreachable, match="fetched nothing for the video"):
        download_audio(VIDEO, tmp_path, youtubes(api))


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"isLive": True, "isLiveContent": True}, VideoLive),
        ({"isPostLiveDvr": True, "isLiveContent": True}, VideoLive),
        ({"isUpcoming": True, "isLiveContent": True}, VideoUpcoming),
    ],
)
def test_what_is_on_the_air_is_not_fetched(
    api: Api, tmp_path: Path, details: dict[str, Any], error: type[Exception]
) -> None:
    answer = player(formats=[sound(249, 50, api.url + MEDIA)])
    answer["videoDetails"] |= details
    api.answers[PLAYER] = answer
    with pytest.raises(error):
        download_audio(VIDEO, tmp_path, youtubes(api))
    assert MEDIA not in api.paths()


def test_a_trailer_is_not_the_film(api: Api, tmp_path: Path) -> None:
    film = closed("UNPLAYABLE", "This video requires payment to watch")
    film["playabilityStatus"]["errorScreen"] = {"playerLegacyDesktopYpcTrailerRenderer": {"trailerVideoId": OTHER}}
    trailer = player(OTHER, [sound(249, 50, api.url + MEDIA)])
    api.answers[PLAYER] = lambda request: Said(json.dumps(trailer if OTHER.encode() in request.body else film).encode())
    with pytest.raises(VideoMembersOnly, match="trailer"):
        download_audio(VIDEO, tmp_path, youtubes(api))
    assert MEDIA not in api.paths()


def test_an_address_that_has_gone_stale_is_tried_again_later(api: Api, tmp_path: Path) -> None:
    api.answers[MEDIA] = Said(b"Forbidden", 403)
    with pytest.raises(SourceUnreachable, match="HTTP 403"):
        download_audio(VIDEO, tmp_path, youtubes(api))


def test_an_empty_answer_is_no_sound(api: Api, tmp_path: Path) -> None:
    api.answers[MEDIA] = Said(b"", headers={"Content-Type": "audio/webm"})
    with pytest.raises(SourceUnreachable):
        download_audio(VIDEO, tmp_path, youtubes(api))
    assert names(tmp_path) == []


def test_a_page_without_media(tmp_path: Path) -> None:
    with playing({VIDEO: "<html><body>Hello</body></html>"}) as url, pytest.raises(NotMedia):
        download_audio(VIDEO, tmp_path, options(url))


def test_media_on_yet_another_server_is_not_asked_for(tmp_path: Path) -> None:
    watch = Said(b'<html><body><video src="http://10.1.2.3/sound.webm"></video></body></html>')
    with serving({"/watch": watch}) as api, pytest.raises(SourceRefused):
        download_audio(VIDEO, tmp_path, options(api.url))


def test_no_generic_extractor_for_youtube_itself() -> None:
    asked = options("https://www.youtube.com", allow_generic=True)
    assert asked.is_youtube
    assert youtube_audio.extractors_of(asked) == ["youtube"]
    assert not options("https://youtube.com.example.org").is_youtube


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk(api: Api, tmp_path: Path) -> None:
    (tmp_path / f"{VIDEO}.249.{len(SOUND)}.webm.part").symlink_to("/dev/full")
    with pytest.raises(StoreFull):
        download_audio(VIDEO, tmp_path, youtubes(api))


def test_a_failure_for_good_leaves_nothing(api: Api, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    api.answers[PLAYER] = closed("ERROR", "Video unavailable")
    with pytest.raises(VideoUnavailable):
        download_audio(VIDEO, tmp_path, youtubes(api))
    assert names(tmp_path) == []


@pytest.mark.parametrize("wrong", ["", "short", "../../../etc", "AAAAAAAAAAA\n", "A" * 12])
def test_what_is_no_id_goes_nowhere(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UnknownSource):
        download_audio(wrong, tmp_path / "job", options(YOUTUBE))
    assert not (tmp_path / "job").exists()


def test_the_rate_is_kept_to(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[int | None] = []
    downloader = yt_dlp().downloader.common.FileDownloader
    monkeypatch.setattr(downloader, "slow_down", lambda ours, *_: rates.append(ours.params.get("ratelimit")))
    download_audio(VIDEO, tmp_path, youtubes(api, rate=123_456))
    assert set(rates) == {123_456}


def test_pauses_between_requests(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    download_audio(VIDEO, tmp_path, youtubes(api, pause=5.0))
    assert min(pauses) == yt_dlp_session.REQUEST_PAUSE  # the others precede what is asked again


def test_nothing_is_printed(api: Api, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    download_audio(VIDEO, tmp_path, youtubes(api))
    api.answers[PLAYER] = closed("ERROR", "Video unavailable\x1b[31m\r\nof a kind")
    with pytest.raises(VideoUnavailable) as caught:
        download_audio(VIDEO, tmp_path, youtubes(api))
    assert str(caught.value).isprintable()
    assert capfd.readouterr() == ("", "")
