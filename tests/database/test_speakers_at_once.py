"""Two who name speakers at the same moment: one waits for the other, and is told what has become of the person."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from tests.database import talks
from tests.database.talks import ALPHA, BETA
from tests.database.test_speakers_voices import EARS, enrolled, talk, voice
from tests.jobs import queued
from trax.database import Database, naming, speakers, voices
from trax.database.engine import Transaction
from trax.database.models import TranscriptionResult
from trax.errors import RecordNotFound, UsageError

Work = Callable[[Transaction], object]
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'"""


def race(database: Database, first: Work, second: Work) -> object:
    """What the second makes of it, which begins when the first has done its work and has not committed yet."""

    def do() -> object:
        with database.transaction() as session:
            return second(session)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            first(session)
            later = pool.submit(do)
            with psycopg.connect(database.address(), autocommit=True) as watch:
                while not later.done() and watch.execute(WAITING).fetchone() == (0,):
                    pass
        return later.result(30)


def named(database: Database, *names: str) -> list[UUID]:
    """Results of different media, in each of which the first speaker has one of the names; and one without names."""
    with database.transaction() as session:
        found = [talks.store(session, queued.add_media(database)) for _ in (*names, "")]
        for result, name in zip(found, names, strict=False):
            naming.rename(session, result, ALPHA, name)
        return [result.id for result in found]


def rename(result_id: UUID, name: str) -> Work:
    return lambda session: naming.rename(session, session.get_one(TranscriptionResult, result_id), ALPHA, name)


def forget(name: str) -> Work:
    return lambda session: naming.forget(session, name)


def test_whoever_is_forgotten_meanwhile_is_a_new_person(database: Database) -> None:
    other = named(database, "Ann")[-1]
    found = race(database, forget("Ann"), rename(other, "Ann"))
    assert isinstance(found, naming.Named)
    assert (found.name, found.is_new) == ("Ann", True)


def test_nobody_becomes_a_person_who_is_gone(database: Database) -> None:
    named(database, "Ann", "Bob")
    with pytest.raises(RecordNotFound):
        race(database, forget("Ann"), lambda session: naming.merge_people(session, "Bob", "Ann"))
    with database.transaction() as session:
        assert [person.name for person in speakers.people(session)] == ["Bob"]


def test_who_is_forgotten_twice_at_once_is_gone_once(database: Database) -> None:
    named(database, "Ann")
    with pytest.raises(RecordNotFound):
        race(database, forget("Ann"), forget("Ann"))


def test_a_diarization_is_stored_though_its_speaker_is_forgotten(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        result_id = talks.store(session, queued.add_media(embedded_database)).id
    heard = {ALPHA: voice(0), BETA: voice(1)}
    found = race(
        embedded_database,
        forget("Ann"),
        lambda session: voices.keep_and_recognise(session, result_id, EARS, heard),
    )
    assert found == []
    with embedded_database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM result_voices WHERE result_id = :id"), {"id": result_id}) == 2


def suggested(database: Database) -> UUID:
    """A result in which it is suggested that the first speaker is Ann."""
    with database.transaction() as session:
        enrolled(session, database, "Ann")
        result, (guess,) = talk(session, database, {ALPHA: voice(0, 0.5)})
        assert guess.how == "suggested"
        return result.id


def test_who_is_forgotten_meanwhile_is_not_accepted(database: Database) -> None:
    result_id = suggested(database)
    with pytest.raises(RecordNotFound, match="Nobody is suggested"):
        race(
            database,
            forget("Ann"),
            lambda session: naming.accept(session, session.get_one(TranscriptionResult, result_id), ALPHA),
        )


def test_a_version_is_stored_though_who_is_suggested_is_forgotten(database: Database) -> None:
    result_id = suggested(database)

    def improve(session: Transaction) -> UUID:
        parent = session.get_one(TranscriptionResult, result_id)
        return talks.store(session, parent.media_file_id, parent=parent, info=None, pipeline_version="v2").id

    child = race(database, forget("Ann"), improve)
    assert isinstance(child, UUID)
    with database.transaction() as session:
        assert speakers.links_of(session, child) == []


def test_a_name_is_given_to_one_only(embedded_database: Database) -> None:
    other = named(embedded_database, "Ann")[-1]
    with pytest.raises(UsageError, match="Somebody else is called cleo"):
        race(
            embedded_database,
            rename(other, "Cleo"),
            lambda session: naming.rename_person(session, "Ann", "cleo"),
        )


def test_two_people_who_are_merged_crosswise_are_one(embedded_database: Database) -> None:
    named(embedded_database, "Ann", "Bob")
    with pytest.raises(RecordNotFound):
        race(
            embedded_database,
            lambda session: naming.merge_people(session, "Ann", "Bob"),
            lambda session: naming.merge_people(session, "Bob", "Ann"),
        )
    with embedded_database.transaction() as session:
        assert [(person.name, person.media) for person in speakers.people(session)] == [("Bob", 2)]
