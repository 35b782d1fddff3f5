"""From an address to a media row whose bytes are there: once, resumed, and without a trace where nothing came."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.ingest.youtube_site import Answer, Page, Request, oembed, playing, ranged, state_page, watch_page
from tests.jobs.fetched import Archivist, feed_of, page_of, site, sound
from trax.database import Database, transcripts
from trax.errors import (
    JobInterrupted,
    NotMedia,
    SourceError,
    SourceRefused,
    SourceUnavailable,
    SourceUnreachable,
    TraxError,
    UnreadableMedia,
    VideoBlocked,
    VideoPrivate,
)
from trax.jobs.acquire import Observer, Outcome

VIDEO = "dQw4w9WgXcQ"
CUES = "1\n00:00:00,100 --> 00:00:00,900\nHello from the feed.\n"


@pytest.fixture
def archivist(embedded_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archivist:
    monkeypatch.setattr("trax.ingest.download.WAITS", (0.0,) * 4)
    return Archivist(embedded_database, tmp_path / "home")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_on_the_web_is_fetched_once_and_ready(archivist: Archivist, tmp_path: Path) -> None:
    talk, asked = sound(tmp_path / "talk.wav", 1), list[Request]()
    with site({"/talk.wav": page_of(talk)}, asked) as base:
        first = archivist.acquire(f"{base}/talk.wav")
        requests = len(asked)
        again = archivist.acquire(f"{base}/talk.wav#later")
        assert len(asked) == requests, "what is known is not asked for again"
    assert (first.existed, again.existed, again.media_id) == (False, True, first.media_id)
    (row,) = archivist.rows()
    assert (row["status"], row["file_hash"], row["file_size"]) == ("ready", sha256(talk), talk.stat().st_size)
    assert (row["filename"], row["source_path"]) == ("talk.wav", f"{base}/talk.wav")
    assert Path(row["local_path"]).read_bytes() == talk.read_bytes()
    assert "download" not in row["file_metadata"]
    assert len(archivist.files()) == 1


def test_the_same_bytes_from_elsewhere_are_the_same_media(archivist: Archivist, tmp_path: Path) -> None:
    talk = sound(tmp_path / "talk.wav", 2)
    local = archivist.acquire(str(talk))
    with site({"/a.wav": page_of(talk), "/b.wav": page_of(talk)}) as base:
        fetched = [archivist.acquire(f"{base}/{name}.wav").media_id for name in "ab"]
    assert fetched == [local.media_id] * 2
    assert len(archivist.rows()) == len(archivist.files()) == 1


def test_several_at_once_fetch_it_once(archivist: Archivist, tmp_path: Path) -> None:
    talk, asked = sound(tmp_path / "talk.wav", 3), list[Request]()
    with site({"/talk.wav": page_of(talk)}, asked) as base, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: archivist.acquire(f"{base}/talk.wav"), range(4)))
    assert len({one.media_id for one in found}) == 1
    assert sum(not one.existed for one in found) == 1
    assert len([request for request in asked if request.method == "GET"]) == 1


class Leaves(Observer):
    """A user who leaves as soon as something has come."""

    def __init__(self) -> None:
        self.leave: Callable[[], None] = lambda: None
        self.seen: list[int] = []

    def begin(self, name: Path) -> Callable[[int, int | None], None]:
        def told(done: int, total: int | None) -> None:
            self.seen.append(done)
            self.leave()

        return told


def test_what_is_left_in_the_middle_goes_on_another_time(archivist: Archivist, tmp_path: Path) -> None:
    talk, asked = sound(tmp_path / "talk.wav", 4, seconds=60), list[Request]()
    leaves = Leaves()
    acquirer = archivist.acquirer(leaves)
    leaves.leave = acquirer.leave
    with site({"/talk.wav": page_of(talk)}, asked) as base:
        with pytest.raises(JobInterrupted):
            archivist.acquire(f"{base}/talk.wav", acquirer)
        (row,) = archivist.rows()
        assert (row["status"], row["file_hash"]) == ("pending", None)
        assert 0 < leaves.seen[-1] < talk.stat().st_size
        done = archivist.acquire(f"{base}/talk.wav")
    assert asked[-1].headers["range"].startswith("bytes=")
    assert done.media_id == row["id"]
    (row,) = archivist.rows()
    assert (row["status"], row["file_hash"]) == ("ready", sha256(talk))
    assert len(archivist.files()) == 1, "no part is left"


def test_a_server_that_breaks_off_leaves_a_failed_row_and_its_part(archivist: Archivist, tmp_path: Path) -> None:
    talk = sound(tmp_path / "talk.wav", 5, seconds=20)
    pages: dict[str, Page] = {"/talk.wav": lambda request: ranged(talk, request, cut=1000)}
    with site(pages) as base:
        with pytest.raises(SourceUnreachable):
            archivist.acquire(f"{base}/talk.wav")
        (row,) = archivist.rows()
        assert row["status"] == "failed"
        assert row["file_metadata"]["error"]
        pages["/talk.wav"] = page_of(talk)
        archivist.acquire(f"{base}/talk.wav")
    (row,) = archivist.rows()
    assert (row["status"], row["file_hash"]) == ("ready", sha256(talk))
    assert "error" not in row["file_metadata"]


NOTHING_COMES: dict[str, tuple[Page, type[TraxError]]] = {
    "a page": (Answer(b"<!doctype html><p>Sign in" + b" " * 5000, headers={"Content-Type": "audio/mpeg"}), NotMedia),
    "a playlist": (Answer(b"#EXTM3U\nhttp://127.0.0.1/secret.ts\n"), NotMedia),
    "JSON": (Answer(b'{"error": "expired"}'), NotMedia),
    "nothing": (Answer(b""), NotMedia),
    "no media": (Answer(bytes(range(256)) * 64), UnreadableMedia),
    "gone": (Answer(b"no", 404), SourceUnavailable),
    "forbidden": (Answer(b"no", 403), SourceUnavailable),
    "inside": (Answer(b"", 302, {"Location": "file:///etc/hostname"}), SourceRefused),
    "busy": (Answer(b"", 503), SourceUnreachable),
}


@pytest.mark.parametrize("case", NOTHING_COMES)
def test_what_is_no_media_leaves_no_row_and_no_file(archivist: Archivist, case: str) -> None:
    page, error = NOTHING_COMES[case]
    with site({"/a.mp3": page}) as base, pytest.raises(error) as caught:
        archivist.acquire(f"{base}/a.mp3")
    assert getattr(caught.value, "next_step", "")
    assert archivist.rows() == []
    assert archivist.files() == []


def test_nothing_inside_is_asked(embedded_database: Database, tmp_path: Path) -> None:
    asked: list[Request] = []
    careful = Archivist(embedded_database, tmp_path / "home", allow_private_addresses=False)
    with site({}, asked) as base:
        with pytest.raises(SourceRefused, match="on this machine"):
            careful.acquire(f"{base}/a.mp3")
        with pytest.raises(SourceRefused, match="on this machine"):
            careful.acquire(f"{base}/feed.xml")
    assert asked == []
    assert careful.rows() == []


def test_a_feed_brings_its_episodes_and_their_transcripts(archivist: Archivist, tmp_path: Path) -> None:
    episodes = {name: sound(tmp_path / f"{name}.wav", 10 + at) for at, name in enumerate(("one", "two", "three"))}
    pages: dict[str, Page] = {f"/{name}.wav": page_of(path) for name, path in episodes.items()}
    pages["/two.srt"] = Answer(CUES.encode(), headers={"Content-Type": "application/x-subrip"})
    with site(pages) as base:
        pages["/feed.xml"] = feed_of(base, episodes, {"two": CUES})
        outcomes = list(archivist.acquirer().each(archivist.gather().each([f"{base}/feed.xml"])))
        again = list(archivist.acquirer().each(archivist.gather().each([f"{base}/feed.xml", f"{base}/one.wav"])))
    assert [name_and_error(outcome) for outcome in outcomes] == [
        ("three.wav", None), ("two.wav", None), ("one.wav", None)
    ]  # fmt: skip
    assert all(outcome.acquired is not None and outcome.acquired.existed for outcome in again)
    assert len(archivist.rows()) == 3
    second = outcomes[1].acquired
    assert second is not None
    with archivist.database.transaction() as session:
        (imported,) = transcripts.versions(session, second.media_id)
        assert (imported.pipeline_version, imported.model_used) == ("import", "import:srt")
        assert "Hello from the feed." in imported.content["text"]
        assert not transcripts.is_there(session, second.media_id)
        said = session.scalar(text("SELECT details FROM media_sources WHERE kind = 'episode' AND source LIKE '% two'"))
    assert said["title"] == "two"
    assert said["published"].startswith("2026-11-02")


def name_and_error(outcome: Outcome) -> tuple[str, TraxError | None]:
    return outcome.name.name, outcome.error


def test_a_video_is_its_page_and_its_sound(archivist: Archivist, tmp_path: Path) -> None:
    talk = sound(tmp_path / "talk.wav", 20)
    page = watch_page(VIDEO, title="On bees / in June", channel="Beekeepers", description="All of it.", seconds=61)
    with playing({VIDEO: page}, {VIDEO: talk}) as base:
        archivist = Archivist(archivist.database, archivist.settings.home, youtube_base_url=base)
        acquired = archivist.acquire(f"https://youtu.be/{VIDEO}?t=7")
        assert archivist.acquire(VIDEO).existed
    (row,) = archivist.rows()
    assert (row["id"], row["status"], row["file_hash"]) == (acquired.media_id, "ready", sha256(talk))
    assert row["filename"].startswith("On bees ")
    assert row["source_path"] == f"https://www.youtube.com/watch?v={VIDEO}"
    with archivist.database.transaction() as session:
        video = session.execute(text("SELECT * FROM youtube_videos")).one()
    assert (video.id, video.title, video.channel) == (row["youtube_video_id"], "On bees / in June", "Beekeepers")
    assert (video.duration_seconds, video.description, video.url) == (61, "All of it.", row["source_path"])
    assert len(archivist.files()) == 1


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (state_page("LOGIN_REQUIRED", "This is a private video. Please sign in to verify it."), VideoPrivate),
        (state_page("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot"), VideoBlocked),
    ],
    ids=["private", "robot"],
)  # fmt: skip
def test_a_video_that_can_not_be_had_leaves_no_media(archivist: Archivist, page: str, error: type[SourceError]) -> None:
    pages: dict[str, Page] = {VIDEO: page, f"oembed/{VIDEO}": oembed("A title", "A channel")}
    asked: list[Request] = []
    with site(pages, asked) as base:
        archivist = Archivist(archivist.database, archivist.settings.home, youtube_base_url=base, downloads=1)
        found = [f"https://www.youtube.com/watch?v={video}" for video in (VIDEO, "aaaaaaaaaaa")]
        outcomes = list(archivist.acquirer().each(archivist.gather().each(found)))
    assert isinstance(outcomes[0].error, error)
    assert archivist.rows() == []
    if error is VideoBlocked:
        assert isinstance(outcomes[1].error, VideoBlocked)
        assert not any("aaaaaaaaaaa" in request.path for request in asked), "YouTube is left alone"


def test_the_order_is_kept_and_an_error_holds_up_nothing(archivist: Archivist, tmp_path: Path) -> None:
    first = threading.Event()
    talk, other, own = (sound(tmp_path / f"{name}.wav", at) for at, name in enumerate(("talk", "other", "own"), 30))

    def late(request: Request) -> Answer:
        assert first.wait(20)
        return ranged(talk, request)

    def early(request: Request) -> Answer:
        first.set()
        return ranged(other, request)

    with site({"/late.wav": late, "/early.wav": early}) as base:
        sources = [f"{base}/late.wav", f"{base}/gone.mp3", f"{base}/early.wav", str(tmp_path / "none.mp3"), str(own)]
        outcomes = list(archivist.acquirer().each(archivist.gather().each(sources)))
    assert [outcome.name.name for outcome in outcomes] == [
        "late.wav", "gone.mp3", "early.wav", "none.mp3", "own.wav"
    ]  # fmt: skip
    assert [outcome.error is None for outcome in outcomes] == [True, False, True, False, True]
