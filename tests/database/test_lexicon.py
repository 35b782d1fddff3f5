"""The words that were said: those that nobody says any more go, and no other."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.finding.archive import add_transcript
from tests.search.hostile import HOSTILE_QUERIES
from trax.database import Database, MediaFile, indexing, lexicon, reindexing
from trax.database.models import TranscriptionResult
from trax.finding import Finder
from trax.search import unindexed


def known(database: Database) -> set[str]:
    with database.transaction() as session:
        return set(session.scalars(text("SELECT word FROM search_lexicon")))


def delete(database: Database, result: TranscriptionResult) -> None:
    with database.transaction() as session:
        session.delete(session.get_one(MediaFile, result.media_file_id))


def test_words_of_a_deleted_transcript_go_with_the_next_run(database: Database) -> None:
    gone = add_transcript(database, "old.mp3", "The zebras were dancing with an ornithologist.")
    add_transcript(database, "talk.mp3", "The zebra was dancing.")
    add_transcript(database, "rede.mp3", "Die Ornithologen tanzten.", language="de")
    reindexing.reindex(database)
    before = known(database)
    delete(database, gone)
    assert reindexing.reindex(database).forgotten == 1
    assert before - known(database) == {"ornithologist"}
    assert reindexing.reindex(database).forgotten == 0


def test_a_query_is_corrected_to_what_is_there_and_not_to_what_was(embedded_database: Database) -> None:
    finder = Finder(embedded_database)
    gone = add_transcript(embedded_database, "old.mp3", "Konstantin spoke of wether and Konstance.")
    add_transcript(embedded_database, "talk.mp3", "We speak of the weather in Constance.")
    reindexing.reindex(embedded_database)
    assert finder.find("wether").corrected is None
    delete(embedded_database, gone)
    assert finder.find("wether").hits == ()  # for all that is known, somebody says it
    reindexing.reindex(embedded_database)
    assert finder.find("wether").corrected == "weather"


def test_no_word_goes_that_is_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "LOOKED_AT", 7)
    odd = "d'accord l'eau don't rock'n'roll naïve Straße ΣΊΣΥΦΟΣ İstanbul привет mañana e\u0301cole state-of-the-art"
    odd += " über-alles AT&T a.b.c http://example.org/path?x=y me@example.org C++ #tag snake_case אבג سلام हिन्दी ไทย"
    lines = [line for line in (odd, *HOSTILE_QUERIES) if line.strip() and len(line) < 2000]
    for number, language in enumerate(("en", "de", "fr", "ru", "tr", "und")):
        add_transcript(database, f"{number}.mp3", *lines, language=language)
    first = reindexing.reindex(database)
    assert first.counted == 6
    assert len(known(database)) > 50
    assert first.forgotten == 0


def test_an_archive_that_is_emptied_has_no_words(embedded_database: Database) -> None:
    gone = add_transcript(embedded_database, "old.mp3", "The zebras were dancing.")
    reindexing.reindex(embedded_database)
    delete(embedded_database, gone)
    reindexing.reindex(embedded_database)
    assert known(embedded_database) == set()


def test_what_an_older_trax_has_indexed_is_not_said_to_be_out_of_reach(embedded_database: Database) -> None:
    add_transcript(embedded_database, "talk.mp3", "The zebras were dancing.")
    with embedded_database.transaction() as session:
        session.execute(text("UPDATE transcript_index SET indexed_version = 0"))
        state = indexing.state(session)
    assert (state.waiting, state.outdated) == (1, 1)
    assert "can't be found" not in state.hint
    assert "trax db reindex" in state.hint
    assert len(Finder(embedded_database).find("zebra").hits) == 1


@pytest.mark.parametrize(
    ("lacking", "outdated", "said"),
    [
        (0, 0, ""),
        (1, 2, "1 transcript is not indexed yet"),
        (1234, 0, "1,234 transcripts are not"),
        (0, 2, "older Trax"),
    ],
)
def test_one_hint_says_what_waits(lacking: int, outdated: int, said: str) -> None:
    assert said in unindexed.hint(lacking, outdated)
    assert bool(unindexed.hint(lacking, outdated)) == bool(said)
