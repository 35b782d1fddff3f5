"""What a person has said of speakers stands: merges, swaps, names of a diarization that is made again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.database import talks
from tests.database.talks import ALPHA, BETA, GAMMA
from tests.database.test_speakers import shown
from tests.database.test_speakers_voices import EARS, enrolled, said, talk, voice
from tests.jobs import queued
from trax.database import Database, naming, recognition, speakers, voice_prints, voices
from trax.errors import UsageError


def test_a_name_outlasts_a_merge_into_those_without(database: Database) -> None:
    with database.transaction() as session:
        result = talks.store(session, queued.add_media(database))
        assert naming.merge(session, result, BETA, ALPHA).name is None
        naming.rename(session, result, GAMMA, "Ann")
        assert naming.merge(session, result, GAMMA, ALPHA).name == "Ann"
        assert set(shown(session, result)) == {"Ann"}


def test_names_of_others_can_be_swapped(database: Database) -> None:
    turns = ((0, 5, "Ann"), (5, 9, "Bob"), (9, 12, "Ann"))
    with database.transaction() as session:
        result = talks.store(session, queued.add_media(database), turns, info=None, pipeline_version="import")
        naming.rename(session, result, "Ann", "Bob")
        naming.rename(session, result, "Bob", "Ann")
        assert shown(session, result) == ["Bob", "Ann", "Bob"]
        assert naming.rename(session, result, "Ann", "Cleo").labels == ("Ann",), "the label, and not whose name it is"
        assert shown(session, result) == ["Cleo", "Ann", "Cleo"]


def test_the_voice_that_is_enrolled_is_that_of_the_label(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        result = talks.store(session, queued.add_media(embedded_database), ((0, 9, "Ann"), (10, 20, "Bob")))
        voices.store(session, result.id, EARS, {"Ann": voice(0), "Bob": voice(1)})
        naming.rename(session, result, "Ann", "Bob")
        naming.rename(session, result, "Bob", "Ann")
        kept = voice_prints.enrol(session, result, "Bob")
        assert (kept.name, kept.labels, kept.seconds) == ("Ann", ("Bob",), 10)


def test_labels_that_differ_in_case_alone_are_told_apart(embedded_database: Database) -> None:
    turns = ((0, 5, "ann"), (5, 9, "ANN"))
    with embedded_database.transaction() as session:
        result = talks.store(session, queued.add_media(embedded_database), turns, info=None, pipeline_version="import")
        with pytest.raises(UsageError, match="Several speakers are called 'Ann'") as refused:
            naming.rename(session, result, "Ann", "Bob")
        assert "ann, ANN" in refused.value.next_step
        naming.rename(session, result, "ANN", "Bob")
        assert shown(session, result) == ["ann", "Bob"]


def test_a_merge_outlasts_recognition(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        result, _ = talk(session, embedded_database, {ALPHA: voice(0, 0.9), BETA: voice(1)})
        naming.merge(session, result, BETA, ALPHA)
        before = shown(session, result)
        recognition.recognise(session, result.id)
        assert shown(session, result) == before


def test_the_same_diarization_again_has_the_same_names(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        heard = talks.store(session, media_id, ((0, 70, ALPHA),), info=None, pipeline_version="v1")
        first = talks.store(session, media_id, parent=heard)
        naming.rename(session, first, ALPHA, "Ann")
        naming.merge(session, first, BETA, ALPHA)
        assert shown(session, talks.store(session, media_id, parent=heard)) == shown(session, first)


def test_a_suggestion_goes_when_somebody_else_is_the_person(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        result, found = talk(session, embedded_database, {ALPHA: voice(0, 0.5), BETA: voice(3)})
        assert said(found) == [(ALPHA, "Ann", "suggested")]
        naming.rename(session, result, BETA, "Ann")
        assert naming.suggestions(session) == []
        assert recognition.recognise(session, result.id) == []
        assert naming.suggestions(session) == []


def test_without_prints_nobody_is_suggested(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        talk(session, embedded_database, {ALPHA: voice(0, 0.5)})
        assert len(naming.suggestions(session)) == 1
        naming.forget(session, "Ann", prints_only=True)
        assert naming.suggestions(session) == []


def test_a_forgotten_voice_is_in_no_other_diarization_of_the_file(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        first, _ = talk(session, embedded_database, media_id=media_id)
        naming.rename(session, first, ALPHA, "Ann")
        again = talks.store(session, media_id, ((0, 20, ALPHA), (20, 70, BETA)))
        voices.keep_and_recognise(session, again.id, EARS, {ALPHA: voice(0, 0.9), BETA: voice(1)})
        assert naming.forget(session, "Ann") == naming.Forgotten("Ann", 3)
        left = session.execute(text("SELECT result_id, label FROM result_voices ORDER BY 1, 2")).all()
        assert set(map(tuple, left)) == {(first.id, BETA), (first.id, GAMMA), (again.id, BETA)}


def test_files_of_a_person_are_those_in_which_they_are_known(database: Database) -> None:
    with database.transaction() as session:
        naming.rename(session, talks.store(session, queued.add_media(database)), ALPHA, "Ann")
        turns = ((0, 5, "Ann"), (5, 9, "Bob"))
        talks.store(session, queued.add_media(database), turns, info=None, pipeline_version="import")
        (ann,) = speakers.people(session)
        assert ann.media == 1
        assert ann.hours == pytest.approx(50 / 3600), "what somebody else's label says is not theirs"
