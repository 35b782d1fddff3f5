"""What a person has said of speakers stands: merges, swaps, names of a diarization that is made again."""

from __future__ import annotations

from sqlalchemy import text

from tests.database import talks
from tests.database.talks import ALPHA, BETA, GAMMA
from tests.database.test_speakers import shown
from tests.database.test_speakers_voices import EARS, enrolled, said, talk, voice
from tests.jobs import queued
from trax.database import Database, naming, recognition, voices


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
        assert naming.rename(session, result, "Ann", "Cleo").labels == ("Bob",)


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
        naming.forget(session, "Ann")
        left = session.execute(text("SELECT result_id, label FROM result_voices ORDER BY 1, 2")).all()
        assert set(map(tuple, left)) == {(first.id, BETA), (first.id, GAMMA), (again.id, BETA)}
