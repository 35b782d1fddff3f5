"""Media on its way: a row before its bytes, the same bytes from two places, and what is known of videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from trax.database import Database, media, media_sources, videos
from trax.database.media import NewMedia
from trax.database.media_sources import Arrival, Origin
from trax.database.models import MediaFile
from trax.database.source_models import MediaSource
from trax.database.videos import NewVideo

TALK = [Origin("web", "https://example.org/talk.mp3")]
EPISODE = [Origin("episode", "https://example.org/feed 17", {"title": "Bees"}), *TALK]
VIDEO = NewVideo("dQw4w9WgXcQ", "A song", "A singer", "about\nit", 213, "https://youtube.test/watch", {"chapters": []})


def arrival(content: str, path: str = "/store/x") -> Arrival:
    return Arrival(content * 64, 1000, "talk.mp3", path, 7, {"source": {"url": "https://example.org/talk.mp3"}})


def expect(database: Database, origins: Sequence[Origin]) -> UUID:
    with database.transaction() as session:
        return media_sources.expect(session, origins, filename="talk.mp3", source_path="https://example.org").id


def arrive(database: Database, media_id: UUID, content: str, path: str = "/store/x") -> UUID:
    with database.transaction() as session:
        return media_sources.arrived(session, media_id, arrival(content, path)).id


def find(database: Database, origins: Sequence[Origin]) -> MediaFile | None:
    with database.transaction() as session:
        return media_sources.find(session, origins)


def rows(database: Database) -> tuple[int, int]:
    with database.transaction() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (MediaFile, MediaSource)]
        return counts[0] or 0, counts[1] or 0


def test_a_row_waits_for_its_bytes_and_is_the_one_that_is_found(database: Database) -> None:
    expected = expect(database, TALK)
    assert expect(database, TALK) == expected
    found = find(database, EPISODE)
    assert found is not None
    assert (found.id, found.status, found.file_hash, found.file_size) == (expected, "pending", None, 0)


def test_several_that_name_the_same_at_once_have_one_row(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda _: expect(database, EPISODE), range(12)))
    assert len(found) == 1
    assert rows(database) == (1, 2)


def test_an_address_of_any_length_is_found_again(database: Database) -> None:
    long = [Origin("web", f"https://example.org/{'a' * 20_000}")]
    assert expect(database, long) == expect(database, long)
    assert expect(database, [Origin("web", f"https://example.org/{'a' * 19_999}")]) != expect(database, long)


def test_a_download_walks_through_its_states(database: Database) -> None:
    media_id = expect(database, TALK)
    with database.transaction() as session:
        media_sources.tell(session, media_id, 10, 1000)
        row = media.get(session, media_id)
        assert (row.status, row.file_metadata) == ("downloading", {"download": {"done_bytes": 10, "total_bytes": 1000}})
    with database.transaction() as session:
        media_sources.failed(session, media_id, "no answer")
    assert arrive(database, media_id, "a") == media_id
    row_now = find(database, TALK)
    assert row_now is not None
    assert (row_now.status, row_now.file_hash, row_now.local_path) == ("pending", "a" * 64, "/store/x")
    assert row_now.file_metadata == {"source": {"url": "https://example.org/talk.mp3"}, "mtime_ns": 7}


def test_a_process_that_dies_in_a_download_leaves_it_to_the_next(database: Database) -> None:
    media_id = expect(database, TALK)
    with database.transaction() as session:
        media_sources.tell(session, media_id, 10, None)
    with database.transaction() as session:
        assert media.release_abandoned(session) == 1
        assert media.get(session, media_id).status == "pending"


def test_bytes_that_are_known_become_no_second_row(database: Database) -> None:
    with database.transaction() as session:
        known = media.add(session, NewMedia("own.mp3", 1000, "a" * 64, "/home/own.mp3", "/home/own.mp3", 1))[0].id
    assert arrive(database, expect(database, EPISODE), "a") == known
    found = find(database, TALK)
    assert found is not None
    assert (found.id, found.filename, found.local_path) == (known, "own.mp3", "/store/x")
    assert rows(database) == (1, 2), "the row that waited is gone, and both places lead to the one that was there"


def test_another_edition_at_the_same_address_is_other_media(database: Database) -> None:
    first = arrive(database, expect(database, TALK), "a")
    second = arrive(database, first, "b", "/store/y")
    assert second != first
    found = find(database, TALK)
    assert found is not None
    assert found.id == second
    with database.transaction() as session:
        assert media.get(session, first).file_hash == "a" * 64


def test_a_row_without_bytes_can_be_forgotten_and_one_with_bytes_can_not(database: Database) -> None:
    waiting, there = expect(database, TALK), arrive(database, expect(database, [Origin("web", "https://b.test")]), "b")
    with database.transaction() as session:
        for media_id in (waiting, there):
            media_sources.forget(session, media_id)
    assert find(database, TALK) is None
    assert rows(database) == (1, 1)


def test_media_that_nobody_has_asked_for_can_be_dropped(database: Database) -> None:
    media_id = arrive(database, expect(database, TALK), "a")
    with database.transaction() as session:
        assert media.drop_unused(session, media_id)
        assert not media.drop_unused(session, media_id)
    assert rows(database) == (0, 0)


def test_a_page_that_is_read_again_updates_the_video(database: Database) -> None:
    with database.transaction() as session:
        first = videos.put(session, VIDEO)
        first_id, read_at = first.id, first.metadata_extracted_at
    with database.transaction() as session:
        said = NewVideo("dQw4w9WgXcQ", "T" * 600, "A singer", "", 214, VIDEO.url, {"chapters": [{"title": "one"}]})
        again = videos.put(session, said)
        assert (again.id, again.title, again.description) == (first_id, "T" * 500, "")
        assert again.details == {"chapters": [{"title": "one"}]}
        assert read_at is not None
        assert again.metadata_extracted_at is not None
        assert again.metadata_extracted_at > read_at


def test_what_a_page_does_not_say_this_time_stays(database: Database) -> None:
    with database.transaction() as session:
        videos.put(session, VIDEO)
        title_alone = replace(VIDEO, title="A new title", description="", duration_seconds=0, is_whole=False)
        again = videos.put(session, title_alone)
        assert (again.title, again.description, again.duration_seconds) == ("A new title", "about\nit", 213)


@pytest.mark.parametrize("look", [lambda row: row.youtube_id, lambda row: row.duration_seconds])
def test_a_video_is_found_by_its_id_and_by_its_media(database: Database, look: Callable[..., object]) -> None:
    with database.transaction() as session:
        video = videos.put(session, VIDEO)
        row = media_sources.expect(
            session, [Origin("youtube", VIDEO.youtube_id)], filename="A song", source_path=VIDEO.url, video_id=video.id
        )
        by_media, by_id = videos.of_media(session, row.id), videos.by_youtube_id(session, VIDEO.youtube_id)
        assert by_media is not None
        assert by_id is not None
        assert look(by_media) == look(by_id)
        assert videos.by_youtube_id(session, "-----------") is None


def test_a_file_is_found_by_its_path_without_reading_the_whole_table(database: Database) -> None:
    query = "EXPLAIN SELECT id FROM media_files WHERE local_path = '/a'"
    with database.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.scalars(text(query)))
    assert "ix_media_files_local_path" in plan
