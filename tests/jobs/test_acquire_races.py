"""Several that fetch, add and find the same at once: one row, no error, nothing left over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ingest.youtube_site import Answer, Page, Request, ranged
from tests.jobs.fetched import Archivist, page_of, site, sound
from trax.database import Database
from trax.errors import MediaNotFound, TraxError, UnreadableMedia
from trax.jobs.imports import media_named

ROUNDS = 3


@pytest.fixture
def archivist(embedded_database: Database, tmp_path: Path) -> Archivist:
    return Archivist(embedded_database, tmp_path / "home", downloads=4)


def test_the_same_bytes_from_several_places_at_once(archivist: Archivist, tmp_path: Path) -> None:
    for number in range(ROUNDS):
        talk = sound(tmp_path / f"talk{number}.wav", 100 + number)
        together = threading.Barrier(3)

        def at_once(request: Request, talk: Path = talk, together: threading.Barrier = together) -> Answer:
            together.wait(20)
            return ranged(talk, request)

        pages: dict[str, Page] = dict.fromkeys(("/a.wav", "/b.wav", "/c.wav"), at_once)
        with site(pages) as base:
            outcomes = list(archivist.acquirer().each(archivist.gather().each([f"{base}{path}" for path in pages])))
        assert [outcome.error for outcome in outcomes] == [None] * 3
        assert len({outcome.acquired and outcome.acquired.media_id for outcome in outcomes}) == 1
    assert len(archivist.rows()) == len(archivist.files()) == ROUNDS
    assert {row["status"] for row in archivist.rows()} == {"ready"}


def test_the_same_junk_from_several_places_at_once(archivist: Archivist) -> None:
    junk = Answer(b"RIFF\x00\x10\x00\x00WAVEfmt " + bytes(range(256)) * 40)
    pages: dict[str, Page] = dict.fromkeys(("/a.wav", "/b.wav", "/c.wav"), junk)
    for _ in range(ROUNDS):
        with site(pages) as base:
            outcomes = list(archivist.acquirer().each(archivist.gather().each([f"{base}{path}" for path in pages])))
        assert [type(outcome.error) for outcome in outcomes] == [UnreadableMedia] * 3, [str(o.error) for o in outcomes]
        assert all(".wav" in str(outcome.error) for outcome in outcomes), "named as people know it"
    assert archivist.rows() == []
    assert archivist.files() == []


def test_files_whose_names_are_swapped_meanwhile(archivist: Archivist, tmp_path: Path) -> None:
    one, two, spare = sound(tmp_path / "one.wav", 1), sound(tmp_path / "two.wav", 2), tmp_path / "spare"
    for _ in range(4 * ROUNDS):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda path: archivist.acquire(str(path)), (one, two)))
        for before, after in ((one, spare), (two, one), (spare, two)):
            before.rename(after)
    assert len(archivist.rows()) == 2


def test_media_that_was_here_is_no_less_known_while_it_is_fetched_again(
    archivist: Archivist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trax.ingest.download.WAITS", (0.0,) * 4)
    monkeypatch.setattr("trax.jobs.acquire.TELLING", 0.0)
    talk, other = sound(tmp_path / "talk.wav", 7, seconds=5), sound(tmp_path / "other.wav", 8)
    pages: dict[str, Page] = {"/talk.wav": page_of(talk)}
    with site(pages) as base:
        first = archivist.acquire(f"{base}/talk.wav")
        (row,) = archivist.rows()
        Path(row["local_path"]).unlink()
        pages["/talk.wav"] = lambda request: ranged(talk, request, cut=30_000)
        with pytest.raises(TraxError):
            archivist.acquire(f"{base}/talk.wav")
        (row,) = archivist.rows()
        assert (row["status"], "download" in row["file_metadata"]) == ("ready", False)
        pages["/talk.wav"] = page_of(other)
        second = archivist.acquire(f"{base}/talk.wav")
    assert second.media_id != first.media_id
    assert [row["status"] for row in archivist.rows()] == ["ready", "ready"]


def test_a_slow_one_in_front_does_not_keep_the_others_from_their_jobs(archivist: Archivist, tmp_path: Path) -> None:
    talk = sound(tmp_path / "slow.wav", 9)
    others = [sound(tmp_path / f"{number}.wav", 200 + number) for number in range(12)]
    all_done, done = threading.Event(), list[str]()

    def slow(request: Request) -> Answer:
        assert all_done.wait(30), "the others wait for the first"
        return ranged(talk, request)

    pages: dict[str, Page] = {"/slow.wav": slow} | {f"/{path.name}": page_of(path) for path in others}

    def then(outcome: object) -> object:
        done.append(getattr(outcome, "name").name)  # noqa: B009
        if len(done) == len(others):
            all_done.set()
        return outcome

    with site(pages) as base:
        found = archivist.gather().each([f"{base}{path}" for path in pages])
        assert len(list(archivist.acquirer().each_then(found, then))) == 13
    assert done[-1] == "slow.wav"


def test_nothing_is_imported_for_what_has_not_come(archivist: Archivist, tmp_path: Path) -> None:
    talk = sound(tmp_path / "talk.wav", 10, seconds=5)
    with site({"/talk.wav": lambda request: ranged(talk, request, cut=1000)}) as base, pytest.raises(TraxError):
        archivist.acquire(f"{base}/talk.wav")
    (row,) = archivist.rows()
    with pytest.raises(MediaNotFound, match="not come yet"):
        media_named(archivist.database, str(row["id"]))
