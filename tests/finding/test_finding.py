"""What surrounds the words of a search: filters, pages, likely meant words, parts, meaning, and what is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

import pytest
from sqlalchemy import text

from tests.finding.archive import Said, add_media, add_transcript
from trax.database import Database, media_sources, reindexing, search, videos
from trax.database.media_sources import Origin
from trax.database.models import MediaFile
from trax.database.search_session import reading
from trax.database.videos import NewVideo
from trax.errors import QueryError, SearchUnavailable
from trax.finding import Finder
from trax.search.filters import Filters
from trax.search.hits import Answer

VIDEO = NewVideo("dQw4w9WgXcQ", "A song", "A singer", "", 213, "https://youtube.test", {"publish_date": "2009-10-25"})
SAID = {"title": "On bees", "feed_title": "The Garden", "published": "2024-05-01T10:00:00+00:00"}
EPISODE = [Origin("episode", "https://example.org/feed 17", SAID), Origin("web", "https://example.org/1.mp3", SAID)]


def titles(answer: Answer) -> set[str]:
    return {hit.title for hit in answer.hits}


@pytest.fixture
def archive(embedded_database: Database) -> Database:
    """A video, an episode of a podcast, and a file, all about bees."""
    with embedded_database.transaction() as session:
        video_id = videos.put(session, VIDEO).id
    add_transcript(embedded_database, "song.webm", "Bees sing.", youtube_video_id=video_id)
    episode = add_media(embedded_database, "bees.mp3", duration=60.0)
    with embedded_database.transaction() as session:
        media_sources.lead_to(session, EPISODE, episode)
    lines = [Said("Bees dance.", "Ann Lee", 0.95), Said("Many bees?", "Bob", 0.4), Said("Yes.", "Ann Lee", 0.3)]
    add_transcript(embedded_database, "bees.mp3", *lines, media_id=episode)
    add_transcript(embedded_database, "Notiz.mp3", "Viele Bienen, many bees.", language="de")
    return embedded_database


def test_a_hit_says_where_it_is_from_and_leads_there(archive: Database) -> None:
    hits = {hit.title: hit for hit in Finder(archive).find("bees").hits}
    video, episode, file = hits["A song"], hits["On bees"], hits["Notiz.mp3"]
    assert (video.link, video.channel, video.published) == (
        "https://youtu.be/dQw4w9WgXcQ?t=0",
        "A singer",
        "2009-10-25",
    )
    assert (episode.link, episode.channel) == ("https://example.org/1.mp3#t=0", "The Garden")
    assert (episode.published, episode.speaker, episode.confidence) == ("2024-05-01", "Ann Lee", 0.95)
    assert (file.link, file.channel, file.language, file.source) == (None, None, "de", "/talks/Notiz.mp3")
    assert (file.version, file.pipeline_version, file.is_estimated) == (1, "v1", False)


FILTERED: list[tuple[Filters, set[str]]] = [
    (Filters(), {"A song", "On bees", "Notiz.mp3"}),
    (Filters(channel="garden"), {"On bees"}),
    (Filters(media="song"), {"A song"}),
    (Filters(media="100%_"), set()),
    (Filters(since=date(2024, 5, 1), until=date(2024, 5, 1)), {"On bees"}),
    (Filters(until=date(2010, 1, 1)), {"A song"}),
    (Filters(language="DE"), {"Notiz.mp3"}),
    (Filters(speaker="bob"), {"On bees"}),
    (Filters(speaker="nobody"), set()),
    (Filters(max_confidence=0.5), {"On bees"}),
    (Filters(max_confidence=0.35), set()),
    (Filters(min_confidence=0.93), {"On bees"}),
    (Filters(min_confidence=0.95), {"On bees"}),
    (Filters(min_confidence=0.4, max_confidence=0.4), {"On bees"}),
    (Filters(min_duration=30), {"On bees"}),
    (Filters(max_duration=30, language="en"), {"A song"}),
]


def test_filters(archive: Database) -> None:
    finder = Finder(archive)
    for filters, found in FILTERED:
        assert (filters, titles(finder.find("bees", filters=filters))) == (filters, found)
        assert (filters, titles(finder.find('"bees"', filters=filters))) == (filters, found)
        assert (filters, titles(finder.find("bees", mode="substring", filters=filters))) == (filters, found)
        assert finder.count('"bees"', filters=filters).total == len(finder.find('"bees"', filters=filters).hits)


FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def test_accents_are_written_in_either_way(database: Database) -> None:
    for stored in FORMS:
        name = unicodedata.normalize(stored, "Café Société.mp3")
        speaker = unicodedata.normalize(stored, "Zoé")
        add_transcript(database, name, Said(unicodedata.normalize(stored, "Le thé glacé."), speaker))
    finder = Finder(database)
    for form in FORMS:
        for filters in (Filters(media="É SOCIÉTÉ"), Filters(speaker="zoé"), Filters(speaker="oé")):
            typed = replace(
                filters,
                media=filters.media and unicodedata.normalize(form, filters.media),
                speaker=filters.speaker and unicodedata.normalize(form, filters.speaker),
            )
            assert len(finder.find("glacé", filters=typed).hits) == 2, (form, filters)
        for query in ("thé", '"thé glacé"', "glacé*", "Le -été"):
            assert len(finder.find(unicodedata.normalize(form, query)).hits) == 2, (form, query)
        answer = finder.find(unicodedata.normalize(form, "hé gla"), mode="substring")
        assert [hit.text[start:end] for hit in answer.hits for start, end in hit.marks] == ["hé gla"] * 2


def test_channels_are_written_in_either_way(embedded_database: Database) -> None:
    said = {"title": "Un", "feed_title": unicodedata.normalize("NFD", "La Clé")}
    media_id = add_media(embedded_database, "1.mp3")
    with embedded_database.transaction() as session:
        media_sources.lead_to(session, [Origin("episode", "https://example.org/feed 1", said)], media_id)
    add_transcript(embedded_database, "1.mp3", "Voilà.", media_id=media_id)
    for form in FORMS:
        typed = unicodedata.normalize(form, "clé")
        assert titles(Finder(embedded_database).find("voilà", filters=Filters(channel=typed))) == {"Un"}


def test_how_long_media_is_that_is_not_here(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        video_id = videos.put(session, VIDEO).id
    lines = ["Bees sing."] * 4
    add_transcript(embedded_database, "unknown.md", *lines, duration=None)
    add_transcript(embedded_database, "video.md", *lines, duration=None, youtube_video_id=video_id)
    add_transcript(embedded_database, "known.mp3", *lines, duration=100.0)
    found = {
        (least, most): titles(
            Finder(embedded_database).find("bees", filters=Filters(min_duration=least, max_duration=most))
        )
        for least, most in ((20, 20), (20.1, 150), (None, 20), (213, 213), (20, None))
    }
    assert found == {
        (20, 20): {"unknown.md"},
        (20.1, 150): {"known.mp3"},
        (None, 20): {"unknown.md"},
        (213, 213): {"A song"},
        (20, None): {"unknown.md", "known.mp3", "A song"},
    }


def test_the_segment_of_the_speaker_is_shown(archive: Database) -> None:
    (hit,) = Finder(archive).find("bees", filters=Filters(speaker="Bob"), context=1).hits
    assert (hit.text, hit.start) == ("Many bees?", 5.0)
    assert [line.text for line in (*hit.before, *hit.after)] == ["Bees dance.", "Yes."]


def test_media_is_named_by_its_id_too(archive: Database) -> None:
    wanted = Finder(archive).find("bees").hits[0]
    answer = Finder(archive).find("bees", filters=Filters(media=str(wanted.media_id)[:13].upper()))
    assert answer.hits == (replace(wanted, score=answer.hits[0].score),)


def test_pages_show_every_moment_once(embedded_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RANKED", 7)
    for number in range(5):
        lines = [f"{'bee ' * (1 + (number * line) % 4)}and {line} more words." for line in range(50)]
        add_transcript(embedded_database, f"{number}.mp3", *lines)
    finder = Finder(embedded_database)
    for query in ("bee", '"bee and"'):
        pages = [finder.find(query, limit=6, offset=offset) for offset in range(0, 300, 6)]
        shown = [(hit.result_id, hit.start) for page in pages for hit in page.hits]
        assert len(shown) == len(set(shown)) == finder.count(query).total
        assert pages[0].is_partial == (query == "bee")  # phrases are all alike: none is better further on


def test_a_page_too_deep_is_refused(embedded_database: Database) -> None:
    with pytest.raises(QueryError):
        Finder(embedded_database).find("bee", offset=1_000_000)


def test_older_versions_are_found_only_if_asked_for(database: Database) -> None:
    first = add_transcript(database, "talk.mp3", "An old bee.")
    add_transcript(database, "talk.mp3", "A new bee.", media_id=first.media_file_id)
    finder = Finder(database)
    assert [hit.version for hit in finder.find("bee").hits] == [2]
    assert sorted(hit.version for hit in finder.find("bee", filters=Filters(all_versions=True)).hits) == [1, 2]
    assert finder.count('"bee"', filters=Filters(all_versions=True)).total == 2


def test_a_mistyped_word_finds_what_was_meant(database: Database) -> None:
    add_transcript(database, "talk.mp3", "Machine learning needs mathematics.", "A machine.", "Machines.")
    finder = Finder(database)
    assert finder.find('mashine "mathematiks"').corrected == 'machine "mathematics"'
    answer = finder.find("mashine lerning")
    assert (answer.corrected, len(answer.hits)) == ("machine learning", 1)
    assert finder.find('"machine lerning"').corrected == '"machine learning"'
    assert finder.find("mashine", fuzzy=False).hits == ()
    assert finder.find("mashine -needs").hits == ()
    assert finder.find("machine", fuzzy=True).corrected == "machine OR machines"
    assert finder.find("qqqqqqq").corrected is None


def test_what_is_found_by_similar_words_is_counted(embedded_database: Database) -> None:
    for number in range(3):
        add_transcript(embedded_database, f"{number}.mp3", "About the machine.", *["Silence."] * number * 10)
    add_transcript(embedded_database, "more.mp3", "Machines.", *["Silence."] * 10, "The mashine.")
    finder = Finder(embedded_database)
    counted = [finder.count("mahcine", fuzzy=fuzzy) for fuzzy in (None, False, True)]
    assert [answer.total for answer in counted] == [4, 0, 5]
    assert [answer.corrected for answer in counted] == ["machine", None, "mahcine OR machine OR mashine"]
    assert (finder.count("mashine").total, finder.count("qqqqqqq").total) == (1, 0)
    wide = finder.find("mashine", fuzzy=True)
    assert (finder.count("mashine", fuzzy=True).total, finder.count("mashine", fuzzy=True).corrected) == (
        len(wide.hits),
        wide.corrected,
    )


def test_later_pages_of_a_corrected_search(embedded_database: Database) -> None:
    for number in range(3):
        add_transcript(embedded_database, f"{number}.mp3", "About the machine.")
    finder = Finder(embedded_database)
    pages = [finder.find("mahcine", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [len(page.hits) for page in pages] == [2, 1, 0]
    assert [page.corrected for page in pages] == ["machine", "machine", None]
    assert finder.find("machine", limit=2, offset=4).corrected is None


def test_speakers_are_those_of_the_newest_transcripts(embedded_database: Database) -> None:
    media_id = add_media(embedded_database, "talk.mp3")
    for speaker in ("Ann", "Ann Smith"):
        add_transcript(embedded_database, "talk.mp3", Said("Bees dance.", speaker), media_id=media_id)
    find = Finder(embedded_database).find
    assert [hit.speaker for hit in find("bees", filters=Filters(speaker="ann")).hits] == ["Ann Smith"]
    found = find("bees", filters=Filters(speaker="ann", all_versions=True)).hits
    assert [hit.speaker for hit in found] == ["Ann"]


def test_a_part_of_a_word(database: Database) -> None:
    add_transcript(database, "talk.mp3", "Photosynthesis, 100% of it.", "C:\\photos")
    finder = Finder(database)
    (hit,) = finder.find("TOSYN", mode="substring").hits
    assert [hit.text[start:end] for start, end in hit.marks] == ["tosyn"]
    assert finder.count("photos", mode="substring").total == 2
    assert [len(finder.find(part, mode="substring").hits) for part in ("00%", "0%o", ":\\p", "___")] == [1, 0, 1, 0]
    with pytest.raises(QueryError):
        finder.find("ph", mode="substring")


@pytest.fixture
def without_trigrams(database: Database) -> Iterator[Database]:
    with database.transaction() as session:
        session.execute(text("DROP EXTENSION pg_trgm CASCADE"))
    yield database
    with database.transaction() as session:
        assert reindexing.ensure_optional(session)


def test_without_trigrams_all_but_typos_works_and_it_is_said(without_trigrams: Database) -> None:
    add_transcript(without_trigrams, "talk.mp3", "To be or not to be.", "A machine.")
    finder = Finder(without_trigrams)
    assert len(finder.find('"to be or not"').hits) == len(finder.find("chin", mode="substring").hits) == 1
    answer = finder.find("mashine")
    assert (answer.hits, answer.corrected) == ((), None)
    assert any("pg_trgm" in note for note in answer.notes)


def test_what_is_not_indexed_is_said(embedded_database: Database) -> None:
    add_transcript(embedded_database, "talk.mp3", "A bee.")
    with embedded_database.transaction() as session:
        session.execute(text("DELETE FROM transcript_index"))
    answer = Finder(embedded_database).find("bee")
    assert "1 transcript is not indexed yet" in answer.notes[0]


def test_a_search_that_takes_too_long_is_given_up(embedded_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.database.search_session._SETTINGS", {"statement_timeout": "20"})
    with pytest.raises(SearchUnavailable), reading(embedded_database) as session:
        session.execute(text("SELECT pg_sleep(5)"))


def test_a_search_changes_nothing(embedded_database: Database) -> None:
    with reading(embedded_database) as session:
        assert session.scalar(text("SHOW transaction_read_only")) == "on"


def test_doubtful_segments_come_worst_first(embedded_database: Database) -> None:
    doubts = [0.5, 0.9, 0.1, 0.79, 0.5, 0.3]
    add_transcript(
        embedded_database, "talk.mp3", *(Said(f"Line {at}.", "Ann", doubt) for at, doubt in enumerate(doubts))
    )
    finder = Finder(embedded_database)
    hits = finder.unsure()
    assert [hit.confidence for hit in hits] == sorted(doubt for doubt in doubts if doubt < 0.8)
    assert finder.count_unsure() == len(hits)
    assert [finder.count_unsure(Filters(max_confidence=most)) for most in (0.3, 0.85, 1.0)] == [2, 5, 6]
    assert finder.count_unsure(Filters(speaker="Bob")) == 0
    assert finder.unsure(limit=2, offset=2) == hits[2:4]
    last = hits[1]
    assert finder.unsure(after=(last.confidence or 0, last.result_id, round(last.start / 5))) == hits[2:]
    assert [hit.confidence for hit in finder.unsure(Filters(max_confidence=0.4))] == [0.1, 0.3]
    assert len(finder.unsure(Filters(max_confidence=1.0))) == 6
    assert finder.unsure(Filters(speaker="Bob")) == []


def test_media_that_goes_takes_its_moments_along(embedded_database: Database) -> None:
    result = add_transcript(embedded_database, "talk.mp3", "A bee.")
    with embedded_database.transaction() as session:
        session.delete(session.get_one(MediaFile, result.media_file_id))
    assert Finder(embedded_database).find("bee").hits == ()
