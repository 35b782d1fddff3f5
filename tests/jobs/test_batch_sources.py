"""What a batch keeps of its sources: what failed for a moment can be opened later, and an episode stays one."""

from __future__ import annotations

import os
from datetime import UTC, date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.ingest.youtube_site import Answer, Page, Request
from tests.jobs.fetched import Archivist, feed_of, page_of, site, sound
from trax.database import Database, batch_steps, transcripts
from trax.database.batch_steps import NewItem
from trax.errors import JobInterrupted, SourceUnreachable
from trax.flow import Request as Asked
from trax.ingest.sources import Episode, Item, LocalFile, TranscriptLink, Video, VideoList, WebAddress
from trax.jobs.batch_items import episode_of, new_item, selection_as_json, selection_of, whole
from trax.jobs.batches import Batches, Step
from trax.jobs.gather import Found, Gathering
from trax.jobs.selection import Selection
from trax.jobs.submit import SubmitOptions
from trax.storable import storable_json

CUES = "1\n00:00:00,100 --> 00:00:00,900\nHello from the feed.\n"
BUSY = Answer(b"", 503)
ASKED = Asked(model="tiny.en")


@pytest.fixture
def archivist(embedded_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archivist:
    monkeypatch.setattr("trax.ingest.download.WAITS", (0.0,) * 4)
    return Archivist(embedded_database, tmp_path / "home")


@pytest.fixture
def batches(archivist: Archivist) -> Batches:
    return Batches(archivist.database, archivist.suppliers)


@pytest.fixture
def episodes(tmp_path: Path) -> dict[str, Path]:
    return {name: sound(tmp_path / f"{name}.wav", at) for at, name in enumerate(("one", "two", "three"))}


def pages_of(episodes: dict[str, Path]) -> dict[str, Page]:
    return {f"/{name}.wav": page_of(path) for name, path in episodes.items()}


def facts(batches: Batches, batch_id: UUID) -> tuple[str, int, int, int, int]:
    batch = batches.show(batch_id).batch
    return batch.status, batch.total, batch.processed, batch.successful, batch.failed


def test_a_feed_that_was_away_becomes_its_episodes(
    archivist: Archivist, batches: Batches, episodes: dict[str, Path], tmp_path: Path
) -> None:
    own, pages = sound(tmp_path / "own.wav", 9), pages_of(episodes)
    steps: list[Step] = []
    with site(pages) as base:
        pages["/feed.xml"] = BUSY
        batch_id = batches.create([f"{base}/feed.xml", str(own)], ASKED, SubmitOptions())
        batches.queue(batch_id)
        assert facts(batches, batch_id) == ("processing", 2, 1, 0, 1)
        assert batches.retry(batch_id) == 1
        assert facts(batches, batch_id) == ("processing", 2, 1, 0, 1), "it is still away"
        assert [item.source for item in batches.items(batch_id)] == [f"{base}/feed.xml", str(own)]
        pages["/feed.xml"] = feed_of(base, episodes)
        assert batches.retry(batch_id, steps.append) == 1
        sources = [f"{base}/three.wav", str(own), f"{base}/two.wav", f"{base}/one.wav"]
    assert [item.source for item in batches.items(batch_id)] == sources
    assert [step.source for step in steps] == [sources[0], *sources[2:]]
    assert {item.status for item in batches.items(batch_id)} == {"pending"}
    assert facts(batches, batch_id) == ("processing", 4, 0, 0, 0)
    assert batches.cancel(batch_id) == 4
    assert facts(batches, batch_id) == ("cancelled", 4, 4, 0, 4)


def test_no_more_of_a_feed_comes_later_than_was_wanted(batches: Batches, episodes: dict[str, Path]) -> None:
    pages = pages_of(episodes)
    with site(pages) as base:
        pages["/feed.xml"] = BUSY
        chosen = Selection(since=date(2026, 11, 1), limit=2)
        batch_id = batches.create([f"{base}/feed.xml"], ASKED, SubmitOptions(), selection=chosen)
        assert facts(batches, batch_id) == ("failed", 1, 1, 0, 1)
        pages["/feed.xml"] = feed_of(base, episodes)
        batches.retry(batch_id)
    assert [Path(item.source).name for item in batches.items(batch_id)] == ["three.wav", "two.wav"]
    assert facts(batches, batch_id) == ("processing", 2, 0, 0, 0)


def test_an_episode_that_is_away_fails_alone(batches: Batches, episodes: dict[str, Path]) -> None:
    pages = pages_of(episodes)
    with site(pages) as base:
        pages["/feed.xml"] = BUSY
        batch_id = batches.create([f"{base}/feed.xml"], ASKED, SubmitOptions())
        pages |= {"/feed.xml": feed_of(base, episodes), "/three.wav": Answer(b"no", 404), "/one.wav": BUSY}
        batches.retry(batch_id)
    assert [item.status for item in batches.items(batch_id)] == ["failed", "pending", "failed"]
    assert facts(batches, batch_id) == ("processing", 3, 2, 0, 2)


def test_an_empty_list_says_so(batches: Batches, tmp_path: Path) -> None:
    listed = tmp_path / "talks.txt"
    batch_id = batches.create([str(listed)], ASKED, SubmitOptions())
    listed.write_text("# nothing yet\n")
    batches.retry(batch_id)
    (failure,) = batches.show(batch_id).failures
    assert "nothing to transcribe" in (failure.error or "")
    assert facts(batches, batch_id) == ("failed", 1, 1, 0, 1)


def test_a_batch_that_is_cancelled_while_a_feed_is_opened_gets_no_episodes(
    batches: Batches, episodes: dict[str, Path]
) -> None:
    pages = pages_of(episodes)
    with site(pages) as base:
        pages["/feed.xml"] = BUSY
        batch_id = batches.create([f"{base}/feed.xml"], ASKED, SubmitOptions())

        def cancelling(_: Request) -> Answer:
            batches.cancel(batch_id)
            return feed_of(base, episodes)

        pages["/feed.xml"] = cancelling
        batches.retry(batch_id)
        assert facts(batches, batch_id) == ("cancelled", 1, 1, 0, 1)
        pages["/feed.xml"] = feed_of(base, episodes)
        batches.retry(batch_id)
    assert facts(batches, batch_id) == ("processing", 3, 0, 0, 0)


def test_a_playlist_that_broke_off_is_finished_without_what_it_had_brought(
    batches: Batches, archivist: Archivist, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"aaaaaaaaa{number:02}" for number in range(4)]
    breaks = [True]

    def videos(_: Gathering, source: VideoList) -> object:
        for at, youtube_id in enumerate(ids):
            if at == 2 and breaks:
                breaks.clear()
                raise SourceUnreachable("It broke off.", "Try it again.")
            yield Video(youtube_id)

    monkeypatch.setattr(Gathering, "_videos", videos)
    batch_id = batches.create(["PL0123456789ABCDEF"], ASKED, SubmitOptions())
    assert facts(batches, batch_id) == ("pending", 3, 1, 0, 1)
    with archivist.database.transaction() as session:
        batch_steps.put_back(session, batch_id, 3)
        left = batch_steps.waiting(session, batch_id)[2]
    assert left.source == "PL0123456789ABCDEF"
    opened = batches._opened(batch_id, batches._gathering(batch_id), left)
    assert opened.item == Video(ids[2])
    assert [item.source[-11:] for item in batches.items(batch_id)] == ids
    assert facts(batches, batch_id) == ("pending", 4, 0, 0, 0)


def test_a_list_that_could_not_be_read_becomes_its_lines(batches: Batches, tmp_path: Path) -> None:
    """Those that are wrong fail, the first of them too, and the others go on."""
    talks = [sound(tmp_path / f"{name}.wav", at) for at, name in enumerate("ab")]
    listed = tmp_path / "talks.txt"
    batch_id = batches.create([str(listed), str(talks[0])], ASKED, SubmitOptions())
    gone = [str(tmp_path / f"gone-{number}.mp3") for number in (1, 2)]
    listed.write_text("\n".join([gone[0], *map(str, talks), gone[1]]))
    batches.retry(batch_id)
    items = [(item.source, item.status) for item in batches.items(batch_id)]
    assert items == [
        (gone[0], "failed"), (str(talks[0]), "pending"), (str(talks[1]), "pending"), (gone[1], "failed")
    ]  # fmt: skip
    assert facts(batches, batch_id) == ("processing", 4, 2, 0, 2)


def test_an_item_that_waits_no_longer_becomes_nothing(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        batch_id = batch_steps.create(session, ["x"], [NewItem("x", "no")], {})
    with pytest.raises(JobInterrupted), embedded_database.transaction() as session:
        batch_steps.become(session, batch_id, 1, NewItem("a"), [NewItem("b")])
    assert facts(Batches(embedded_database), batch_id) == ("failed", 1, 1, 0, 1)


def test_episodes_of_a_batch_keep_what_their_feed_says(
    archivist: Archivist, batches: Batches, episodes: dict[str, Path]
) -> None:
    """Also those that can't be had at first, long after the feed has gone."""
    pages = pages_of(episodes)
    pages["/two.srt"] = Answer(CUES.encode(), headers={"Content-Type": "application/x-subrip"})
    with site(pages) as base:
        pages["/feed.xml"] = feed_of(base, episodes, {"two": CUES})
        pages["/two.wav"] = BUSY
        batch_id = batches.create([f"{base}/feed.xml"], ASKED, SubmitOptions())
        batches.queue(batch_id)
        assert facts(batches, batch_id) == ("processing", 3, 1, 0, 1)
        pages |= {"/feed.xml": BUSY, "/two.wav": page_of(episodes["two"])}
        batches.retry(batch_id)
    assert facts(batches, batch_id) == ("processing", 3, 0, 0, 0)
    second = batches.items(batch_id)[1].media_id
    assert second is not None
    with archivist.database.transaction() as session:
        (imported,) = transcripts.versions(session, second)
        assert "Hello from the feed." in imported.content["text"]
        said = session.scalars(
            text("SELECT details ->> 'title' FROM media_sources WHERE kind = 'episode' AND source LIKE :source"),
            {"source": f"{base}/feed.xml %"},
        )
        assert sorted(said) == ["one", "three", "two"]


def test_only_episodes_have_details(embedded_database: Database, tmp_path: Path) -> None:
    items: list[Item] = [LocalFile(tmp_path), Video("aaaaaaaaaaa"), WebAddress("https://example.org/a.mp3")]
    assert [new_item(Found("x", item)).details for item in items] == [None] * 3
    with embedded_database.transaction() as session:
        batch_steps.create(session, ["x"], [new_item(Found("x", item)) for item in items], {})
        assert session.scalars(text("SELECT count(*) FROM batch_items WHERE details IS NULL")).one() == 3


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
LINKS = st.builds(TranscriptLink, WORDS, WORDS, st.none() | WORDS)


@given(
    st.builds(
        Episode,
        *[WORDS] * 5,
        published=st.none() | st.datetimes(timezones=st.just(UTC)),
        duration=st.none() | st.floats(0, 1e6),
        size_bytes=st.none() | st.integers(0, 2**60),
        transcripts=st.lists(LINKS, max_size=3).map(tuple),
        link=st.none() | WORDS,
        description=st.none() | WORDS,
    )
)
def test_an_episode_comes_back_as_it_was(episode: Episode) -> None:
    details = new_item(Found("x", episode)).details
    assert details is not None
    assert episode_of(storable_json(details)) == episode


def test_the_selection_is_kept_where_there_is_one() -> None:
    assert selection_as_json(Selection()) == {}
    for chosen in (Selection(), Selection(limit=3), Selection(date(2026, 1, 2)), Selection(date(2026, 1, 2), 0)):
        assert selection_of(selection_as_json(chosen)) == chosen


def test_only_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    Path("talks").mkdir()
    Path("list.txt").write_text("a.mp3\n")
    for name in (
        "@somebody",
        "www.example.org/feed.xml",
        "feed:example.org/bees",
        "PL0123456789ABCDEF",
        "dQw4w9WgXcQ",
        "youtube.com/@somebody",
        "https://example.org//a.mp3?x=http://b//c",
        "-",
        "",
        " ",
    ):
        assert whole(name) == name
    for name in ("talks", "list.txt", "gone.mp3", "talks/gone.wav", "*.mp3"):
        assert whole(name) == str(tmp_path / name)
    assert whole("~/a.mp3") == str(tmp_path / "home" / "a.mp3")
    assert whole("'talks'") == str(tmp_path / "talks")
    Path("@somebody").mkdir()
    assert whole("@somebody") == str(tmp_path / "@somebody"), "what is here is meant"
    odd = os.fsdecode(b"\xff.mp3")
    Path(odd).touch()
    assert whole(odd) == (tmp_path / odd).as_uri()
