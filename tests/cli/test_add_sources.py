"""`trax add` with everything at once: a feed, a folder of mixed files, and a list on standard input."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.ingest.youtube_site import Page, Request, playing, state_page, watch_page
from tests.jobs.fetched import feed_of, page_of, site, sound
from trax.ingest.local import expand

FILES = 50
VIDEO = "dQw4w9WgXcQ"
SAMPLE = REPOSITORY / "samples" / "conversation.ogg"


@pytest.fixture(autouse=True)
def here(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of its own, and servers of this machine."""
    monkeypatch.setattr("trax.ingest.download.WAITS", (0.0,) * 4)
    for name, value in {"ALLOW_PRIVATE_ADDRESSES": "1", "MODEL": "tiny.en", "YOUTUBE_PAUSE": "0"}.items():
        monkeypatch.setenv(f"TRAX_{name}", value)


@pytest.fixture
def mixed(tmp_path: Path, shared_data: Path) -> Path:
    """Real files of many kinds, all different."""
    folder, taken = tmp_path / "mixed", set[bytes]()
    folder.mkdir()
    for path in expand([str(shared_data / "containers")]):
        if (content := path.read_bytes()) and content not in taken and len(taken) < FILES:
            taken.add(content)
            shutil.copy(path, folder / f"{len(taken):02}-{path.name}")
    assert len(taken) == FILES
    return folder


def counts(url: str) -> dict[str, int]:
    tables = ("media_files", "media_sources", "transcription_jobs", "procrastinate_jobs", "youtube_videos")
    with psycopg.connect(url) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables}


@pytest.mark.shared_data
def test_a_feed_a_folder_and_a_list_are_added_once(
    run: Run, database_url: str, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    episodes = {name: sound(tmp_path / f"{name}.wav", at) for at, name in enumerate(("one", "two", "three"))}
    talk, asked = sound(tmp_path / "talk.wav", 9), list[Request]()
    pages: dict[str, Page] = {f"/{name}.wav": page_of(path) for name, path in episodes.items()}
    with site(pages, asked) as base:
        pages |= {"/feed.xml": feed_of(base, episodes), "/talk.wav": page_of(talk)}
        listed = f"# mine\n{base}/talk.wav\n{SAMPLE}\n{base}/one.wav\n\n{mixed}\n"
        for _ in range(2):
            monkeypatch.setattr(sys, "stdin", io.StringIO(listed))
            done = run("add", f"{base}/feed.xml", str(mixed), "-", "--json")
            assert done.code == 0, done.err
            jobs = [entry["job_id"] for entry in done.json]
            assert len(jobs) == 3 + FILES + 3, "one episode was named twice, and is reported for both"
            assert counts(database_url) == {
                "media_files": 3 + FILES + 2,
                "media_sources": 3 + 3 + 1,
                "transcription_jobs": 3 + FILES + 2,
                "procrastinate_jobs": 3 + FILES + 2,
                "youtube_videos": 0,
            }
    assert len([request for request in asked if request.path == "/one.wav" and request.method == "GET"]) == 1


def test_a_video_is_transcribed_from_its_page_on(run: Run, database_url: str, tmp_path: Path) -> None:
    page = watch_page(VIDEO, title="The old radio station", channel="An archive", seconds=33)
    asked: list[Request] = []
    with playing(
        {VIDEO: page, "aaaaaaaaaaa": state_page("ERROR", "Video unavailable")}, {VIDEO: SAMPLE}, asked
    ) as base:
        environment = pytest.MonkeyPatch()
        environment.setenv("TRAX_YOUTUBE_BASE_URL", base)
        try:
            planned = run("plan", VIDEO, "--json")
            done = run(
                "transcribe", f"https://www.youtube.com/watch?v={VIDEO}&list=PL1", "--output", str(tmp_path / "out")
            )
            requests = len(asked)
            again = run("transcribe", VIDEO)
            described = run("add", VIDEO, "aaaaaaaaaaa", "--metadata-only", "--json")
            known = run("plan", VIDEO, "--json")
        finally:
            environment.undo()
    assert (planned.json["sound_seconds"], planned.json["downloads"]["count"]) == (33, 1)
    assert done.code == 0, done.err
    assert "radio station" in (tmp_path / "out" / "The old radio station.txt").read_text()
    assert "radio station" in again.out
    assert "was transcribed with these options before" in again.err
    assert len([request for request in asked[:requests] if request.path.startswith("/media/")]) >= 1
    first, second = described.json
    assert described.code == 1
    assert (first["title"], first["channel"], first["error"]) == ("The old radio station", "An archive", None)
    assert "not available" in second["error"]
    assert (known.json["files"], known.json["transcribed_before"]) == (0, 1)
    assert counts(database_url)["youtube_videos"] == counts(database_url)["media_files"] == 1


def test_what_is_wrong_is_told_and_the_rest_is_added(run: Run, database_url: str) -> None:
    done = run("add", "https://user:secret@example.org/a.mp3", "http://127.0.0.1:1/a.mp3", "clip:", str(SAMPLE))
    assert done.code == 1
    assert "secret" not in done.out + done.err
    assert done.err.count("trax: ") == 3
    assert counts(database_url)["transcription_jobs"] == 1


def test_copy_puts_a_file_into_the_store(run: Run, database_url: str, tmp_path: Path) -> None:
    talk = sound(tmp_path / "talk.wav", 3)
    assert run("add", str(talk), "--copy").code == 0
    (row,) = run("media", "list", "--json").json
    assert row["source_path"] == str(talk)
    assert Path(row["local_path"]).is_relative_to(tmp_path / "trax-home" / "store")
    talk.unlink()
    assert run("work", "--drain").code == 0
    assert run("media", "list", "--json").json[0]["versions"] == 1
