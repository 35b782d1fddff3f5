"""Names of speakers: facts about labels, which the results themselves never have."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.conftest import REPOSITORY
from tests.database import talks
from tests.database.talks import ALPHA, BETA, GAMMA, TALK
from tests.jobs import queued
from trax.database import Database, naming, reindexing, speakers
from trax.database.engine import Transaction
from trax.database.models import TranscriptionResult
from trax.database.speaker_families import family, keeps_speakers
from trax.errors import RecordNotFound, UsageError

SEGMENTS = "SELECT idx, speaker FROM transcript_segments WHERE result_id = :id ORDER BY idx"
PASSAGES = "SELECT speakers FROM transcript_passages WHERE result_id = :id ORDER BY first_idx"


def searched(session: Transaction, result: TranscriptionResult) -> list[str]:
    """Who speaks in each segment, as searches know them."""
    found = [row.speaker for row in session.execute(text(SEGMENTS), {"id": result.id})]
    passages: list[str] = []
    for row in session.execute(text(PASSAGES), {"id": result.id}):
        passages += row.speakers
    assert set(passages) == set(found)
    return found


def shown(session: Transaction, result: TranscriptionResult) -> list[str | None]:
    """Who speaks in each segment, as it is shown."""
    told = speakers.spoken(session, result)
    words = [{word.speaker for word in segment.words} for segment in told.transcript.segments]
    assert [{segment.speaker} for segment in told.transcript.segments] == words
    return [segment.speaker for segment in told.transcript.segments]


def test_a_name_is_shown_and_searched_and_the_result_stays_as_it_is(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        result = talks.store(session, media_id)
        assert searched(session, result) == [label for _, _, label in TALK]
        named = naming.rename(session, result, ALPHA, "  Ann   Lee ")
        assert (named.name, named.labels, named.is_new) == ("Ann Lee", (ALPHA,), True)
        expected = ["Ann Lee", BETA, "Ann Lee", GAMMA, BETA]
        assert shown(session, result) == searched(session, result) == expected
        told = speakers.spoken(session, result).info
        assert told is not None
        assert [fact["name"] for fact in told["speakers"]] == ["Ann Lee", None, None]
        # by the name, in whatever case
        assert not naming.rename(session, result, "ann lee", "ANN LEE").is_new
        assert naming.rename(session, result, "Ann Lee", "Zoë").is_new
        assert searched(session, result)[:2] == ["Zoë", BETA]
    with database.transaction() as session:
        stored = session.get_one(TranscriptionResult, result.id)
        assert stored.speaker_info == talks.speaker_info(TALK)
        assert {segment["speaker"] for segment in stored.segments or ()} == {ALPHA, BETA, GAMMA}


def test_people_are_told_apart_by_name_in_whatever_case_and_spelling(database: Database) -> None:
    with database.transaction() as session:
        first, second = (talks.store(session, queued.add_media(database)) for _ in range(2))
        naming.rename(session, first, ALPHA, "Zoë Ångström")
        assert not naming.rename(session, second, BETA, "ZOE\u0308 A\u030angstro\u0308m").is_new
        assert [(one.name, one.media) for one in speakers.people(session)] == [("Zoë Ångström", 2)]
        with pytest.raises(RecordNotFound, match="Did you mean Zoë Ångström"):
            speakers.person(session, "Zoe Angstrom")


def test_who_speaks_is_counted(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        result = talks.store(session, queued.add_media(embedded_database))
        naming.rename(session, result, BETA, "Bob")
        found = {one.labels[0]: one for one in speakers.heard(session, result)}
        assert list(found) == [ALPHA, BETA, GAMMA]
        assert (found[BETA].name, found[BETA].how, found[ALPHA].name, found[ALPHA].how) == ("Bob", "named", None, None)
        facts = found[BETA]
        assert (facts.seconds, facts.words, facts.turns, facts.first_at) == (18, 4, 2, 30)
        (bob,) = speakers.people(session)
        assert (bob.name, bob.media, bob.prints) == ("Bob", 1, 0)
        assert bob.hours == pytest.approx(18 / 3600)


def test_speakers_of_an_import_can_be_named_too(embedded_database: Database) -> None:
    turns = ((0, 5, "Host"), (5, 9, "Host"), (9, 12, "Guest"))
    with embedded_database.transaction() as session:
        media_id = queued.add_media(embedded_database)
        result = talks.store(session, media_id, turns, info=None, pipeline_version="import", is_measured=False)
        host, guest = speakers.heard(session, result)
        assert (host.labels, host.seconds, host.words, host.turns, host.first_at) == (("Host",), 9, 4, 1, 0)
        naming.rename(session, result, "guest", "Ann")
        assert shown(session, result) == searched(session, result) == ["Host", "Host", "Ann"]
        assert guest.labels == ("Guest",)


def test_documents_that_others_have_written_do_no_harm(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    odd: dict[str, Any] = {
        "speakers": ["x", {"label": 7}, {"label": ALPHA, "seconds": "long"}],
        "turns": [3, [1, 2], TALK[0]],
    }
    with embedded_database.transaction() as session:
        result = talks.store(session, media_id, info=odd)
        naming.rename(session, result, ALPHA, "Ann")
        (ann,) = speakers.heard(session, result)
        assert (ann.name, ann.seconds, ann.turns, ann.words) == ("Ann", 30, 1, 4)
        told = speakers.spoken(session, result).info
        assert told is not None
        assert told["speakers"] == [*odd["speakers"][:2], odd["speakers"][2] | {"name": "Ann"}]
        assert shown(session, talks.store(session, media_id, ((0, 30, BETA),))) == ["Ann"]


def test_two_who_name_the_same_person_at_once(database: Database) -> None:
    media_ids = [queued.add_media(database) for _ in range(4)]
    with database.transaction() as session:
        results = [talks.store(session, media_id).id for media_id in media_ids]

    def name(result_id: UUID) -> None:
        with database.transaction() as session:
            naming.rename(session, session.get_one(TranscriptionResult, result_id), ALPHA, "Ann")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(name, results))
    with database.transaction() as session:
        assert [(one.name, one.media) for one in speakers.people(session)] == [("Ann", 4)]


def test_the_statement_in_the_documentation(embedded_database: Database) -> None:
    page = (REPOSITORY / "docs" / "speakers.md").read_text("utf-8")
    (statement,) = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)
    with embedded_database.transaction() as session:
        naming.rename(session, talks.store(session, queued.add_media(embedded_database)), ALPHA, "Ann")
        older = talks.store(session, queued.add_media(embedded_database))
        naming.rename(session, older, ALPHA, "Ann")
        naming.merge(session, older, BETA, GAMMA)  # nobody who has a name
        talks.store(session, older.media_file_id, ((70, 90, ALPHA),))  # in which she isn't known
        assert session.execute(text(statement)).all() == [("Ann", 1)]
        assert [(one.name, one.media) for one in speakers.people(session)] == [("Ann", 1)]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x1b[2J", "SPEAKER_07", "speaker_1"])
def test_what_is_no_name(embedded_database: Database, name: str) -> None:
    with embedded_database.transaction() as session:
        result = talks.store(session, queued.add_media(embedded_database))
        with pytest.raises(UsageError):
            naming.rename(session, result, ALPHA, name)
        assert speakers.people(session) == []


def test_who_is_not_there_can_not_be_named(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        result = talks.store(session, queued.add_media(embedded_database))
        naming.rename(session, result, BETA, "Bob")
        with pytest.raises(RecordNotFound, match=f"The speakers are {ALPHA}, Bob, {GAMMA}"):
            naming.rename(session, result, "Cleo", "Ann")
        mute = talks.store(session, queued.add_media(embedded_database), (), info=None)
        with pytest.raises(RecordNotFound, match="trax diarize"):
            naming.rename(session, mute, ALPHA, "Ann")


def test_two_labels_can_be_one_person(database: Database) -> None:
    with database.transaction() as session:
        result = talks.store(session, queued.add_media(database))
        naming.merge(session, result, GAMMA, ALPHA)
        assert shown(session, result) == searched(session, result) == [ALPHA, BETA, ALPHA, ALPHA, BETA]
        first, _ = speakers.heard(session, result)
        assert (first.labels, first.name, first.seconds, first.turns) == ((ALPHA, GAMMA), None, 53, 3)
        assert speakers.people(session) == []
        naming.rename(session, result, GAMMA, "Ann")  # both are her
        assert searched(session, result) == ["Ann", BETA, "Ann", "Ann", BETA]
        with pytest.raises(UsageError):
            naming.merge(session, result, ALPHA, GAMMA)
        naming.merge(session, result, "Ann", BETA)  # who has a name gives it
        assert set(searched(session, result)) == {"Ann"}
        naming.unname(session, result, "Ann")
        assert searched(session, result) == [label for _, _, label in TALK]
        assert session.scalar(text("SELECT count(*) FROM result_speakers")) == 0
        assert session.scalar(text("SELECT count(*) FROM speakers WHERE name IS NULL")) == 0


def test_a_child_has_the_names_of_its_parent_and_shares_later_ones(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        heard = talks.store(session, media_id, info=None, pipeline_version="v1")
        parent = talks.store(session, media_id, parent=heard)
        naming.rename(session, parent, ALPHA, "Ann")
        changed = talks.speaker_info(TALK) | {"num_speakers": 3, "note": "counted anew"}
        children = [
            talks.store(session, media_id, parent=parent, info=info, pipeline_version="v2")
            for info in (None, talks.speaker_info(TALK), changed)
        ]
        for child in children:
            assert shown(session, child)[0] == searched(session, child)[0] == "Ann"
        naming.rename(session, children[0], BETA, "Bob")
        for result in (parent, *children):
            assert searched(session, result)[:2] == ["Ann", "Bob"]
        assert searched(session, heard)[:2] == [ALPHA, BETA]
        assert family(session, children[1]) == [parent.id, *(child.id for child in children)]


def test_a_new_diarization_takes_over_who_was_named_where_the_times_agree(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        heard = talks.store(session, media_id, ((0, 70, ALPHA),), info=None, pipeline_version="v1")
        first = talks.store(session, media_id, parent=heard)
        naming.rename(session, first, ALPHA, "Ann")
        naming.rename(session, first, BETA, "Bob")
        again = talks.store(session, media_id, ((0, 29, BETA), (31, 40, ALPHA), (41, 60, BETA), (61, 70, ALPHA)))
        assert shown(session, again) == searched(session, again) == ["Ann", "Bob", "Ann", "Bob"]
        naming.rename(session, again, "Bob", "Ben")
        assert searched(session, first)[1] == "Bob", "another diarization, other labels"
        # one voice for all: most of it is Ann's, but nobody can be sure
        merged = talks.store(session, media_id, ((0, 40, ALPHA), (40, 70, ALPHA)), parent=heard)
        assert set(shown(session, merged)) == {ALPHA}
        (suggestion,) = naming.suggestions(session)
        assert (suggestion.result_id, suggestion.label, suggestion.name) == (merged.id, ALPHA, "Ann")
        other = talks.store(session, media_id, ((70, 90, ALPHA),))
        assert shown(session, other) == [ALPHA]


def test_merged_labels_are_one_person_in_the_next_diarization(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        first = talks.store(session, media_id)
        naming.rename(session, first, ALPHA, "Ann")
        naming.merge(session, first, BETA, ALPHA)
        turns = ((0, 61, ALPHA), (60, 63, BETA), (63, 70, ALPHA))
        again = talks.store(session, media_id, turns)
        assert shown(session, again) == ["Ann", BETA, "Ann"]
        naming.unname(session, again, "Ann")
        naming.merge(session, again, ALPHA, BETA)  # without a name, there is nothing to take over
        assert shown(session, talks.store(session, media_id, turns)) == ["Ann", BETA, "Ann"]


def test_speakers_are_kept_or_told_apart_anew() -> None:
    assert keeps_speakers(None, {"turns": [[0, 1, "A"]]})
    assert not keeps_speakers({"turns": [[0, 1, "A"]]}, None)
    assert not keeps_speakers({"turns": [[0, 1, "A"]]}, {"turns": [[0, 2, "A"]]})
    assert keeps_speakers({"method": "channels", "speakers": []}, {"method": "channels"})
    assert not keeps_speakers({"method": "voices", "speakers": []}, {"method": "voices"})


def test_two_names_become_one(database: Database) -> None:
    with database.transaction() as session:
        first, second = (talks.store(session, queued.add_media(database)) for _ in range(2))
        naming.rename(session, first, ALPHA, "Ann")
        naming.rename(session, second, BETA, "Ann Lee")
        naming.rename(session, second, ALPHA, "Ann")
        session.execute(text("UPDATE speakers SET notes = 'of the radio' WHERE name = 'Ann'"))
        assert naming.merge_people(session, "ann", "ann lee") == "Ann Lee"
        assert [(one.name, one.notes, one.media) for one in speakers.people(session)] == [
            ("Ann Lee", "of the radio", 2)
        ]
        assert searched(session, first)[:2] == ["Ann Lee", BETA]
        assert searched(session, second)[:2] == ["Ann Lee", "Ann Lee"]
        with pytest.raises(UsageError):
            naming.merge_people(session, "Ann Lee", "ANN LEE")
        with pytest.raises(RecordNotFound):
            naming.merge_people(session, "Ann", "Ann Lee")


def test_somebody_gets_another_name_everywhere(database: Database) -> None:
    with database.transaction() as session:
        first, second = (talks.store(session, queued.add_media(database)) for _ in range(2))
        naming.rename(session, first, ALPHA, "Ann")
        naming.rename(session, second, BETA, "Ann")
        naming.rename(session, second, ALPHA, "Bob")
        with pytest.raises(UsageError, match="merge-people"):
            naming.rename_person(session, "Ann", "bob")
        assert naming.rename_person(session, "Ann", "ANN") == "ANN"
        naming.rename_person(session, "ann", "Anna")
        assert (searched(session, first)[0], searched(session, second)[1]) == ("Anna", "Anna")


def test_who_is_forgotten_is_a_label_again(database: Database) -> None:
    with database.transaction() as session:
        result = talks.store(session, queued.add_media(database))
        naming.rename(session, result, ALPHA, "Ann")
        assert naming.forget(session, "ann").name == "Ann"
        assert searched(session, result)[0] == shown(session, result)[0] == ALPHA
        assert speakers.people(session) == []


def test_indexing_anew_keeps_the_names(database: Database) -> None:
    with database.transaction() as session:
        result = talks.store(session, queued.add_media(database))
        naming.rename(session, result, ALPHA, "Ann")
    with database.transaction() as session:
        reindexing.forget(session)
    reindexing.reindex(database)
    with database.transaction() as session:
        assert searched(session, result)[0] == "Ann"


def test_a_text_without_times_of_its_own_is_indexed_by_name(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        parent = talks.store(session, media_id)
        naming.rename(session, parent, ALPHA, "Ann")
        content: dict[str, Any] = {"enhanced_text": "Words that are better than those of before, and more of them."}
        options: dict[str, Any] = {"parent": parent, "info": None, "pipeline_version": "v2", "content": content}
        child = talks.store(session, media_id, (), **options)
        assert searched(session, child)[0] == "Ann"
        assert [one.name for one in speakers.heard(session, child)] == ["Ann", None, None]
        naming.rename(session, child, "Ann", "Anna")
        assert searched(session, child)[0] == searched(session, parent)[0] == "Anna"


def test_rows_go_with_what_they_are_about(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        naming.rename(session, talks.store(session, media_id), ALPHA, "Ann")
        session.execute(text("DELETE FROM media_files WHERE id = :id"), {"id": media_id})
        assert session.scalar(text("SELECT count(*) FROM result_speakers")) == 0
        assert [(one.name, one.media) for one in speakers.people(session)] == [("Ann", 0)]


def of_media(session: Transaction, media_id: UUID) -> TranscriptionResult:
    return naming.result_of(session, str(media_id))


def test_the_newest_transcript_is_meant(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        first = talks.store(session, media_id)
        second = talks.store(session, media_id)
        assert of_media(session, media_id).id == second.id
        assert naming.result_of(session, str(media_id), 1).id == first.id
        assert naming.result_of(session, str(first.id)).id == first.id
