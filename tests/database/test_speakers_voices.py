"""Voices: kept where that is wanted, known again by their likeness, and gone when they are to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from tests.database import talks
from tests.database.talks import ALPHA, BETA, GAMMA
from tests.jobs import queued
from trax.database import Database, naming, recognition, speakers, voice_prints, voices
from trax.database.engine import Transaction
from trax.database.models import TranscriptionResult
from trax.database.speakers import Link
from trax.errors import RecordNotFound, UsageError

EARS = "ears-1"
SIZE = 16
SPOKEN = {ALPHA: 0, BETA: 1, GAMMA: 2}  # who it really is: a person is an axis of the space


def voice(person: int, cosine: float = 1.0, strange: int = SIZE - 1) -> tuple[float, ...]:
    """An embedding that is that much like a person's, and of no particular length."""
    made = np.zeros(SIZE)
    made[person], made[strange] = cosine, np.sqrt(1 - cosine**2)
    return tuple(float(number) for number in 3 * made)


def talk(
    session: Transaction,
    database: Database,
    heard: dict[str, tuple[float, ...]] | None = None,
    media_id: UUID | None = None,
) -> tuple[TranscriptionResult, list[Link]]:
    """A diarized result whose voices were kept, and who was recognised or suggested among them."""
    result = talks.store(session, media_id or queued.add_media(database))
    given = {label: voice(person) for label, person in SPOKEN.items()} if heard is None else heard
    return result, voices.keep_and_recognise(session, result.id, EARS, given)


def enrolled(session: Transaction, database: Database, *names: str) -> TranscriptionResult:
    """A result of which the first speakers have these names and prints of their voices."""
    result, _ = talk(session, database)
    for label, name in zip(SPOKEN, names, strict=False):
        naming.rename(session, result, label, name)
        voice_prints.enrol(session, result, label)
    return result


def said(links: Sequence[Link]) -> list[tuple[str, str | None, str]]:
    return [(link.label, link.name, link.how) for link in links]


def count(session: Transaction, table: str) -> int:
    return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def test_voices_are_kept_with_the_seconds_in_which_they_are_alone(database: Database) -> None:
    with database.transaction() as session:
        talk(session, database, {ALPHA: voice(0), BETA: voice(1), GAMMA: (0.0,) * SIZE})
        rows = session.execute(text("SELECT label, seconds, embedding FROM result_voices ORDER BY label")).all()
        assert [(row.label, row.seconds) for row in rows] == [(ALPHA, 50), (BETA, 17)], "GAMMA's says nothing"
        for row in rows:
            assert np.linalg.norm(voice_prints.unpacked(row.embedding)) == pytest.approx(1.0, abs=1e-6)
            assert len(row.embedding) == 4 * SIZE


def test_a_named_voice_is_known_again_in_another_file(database: Database) -> None:
    with database.transaction() as session:
        enrolled(session, database, "Ann", "Bob")
        result, found = talk(session, database, {ALPHA: voice(2), BETA: voice(0, 0.7), GAMMA: voice(1, 0.5)})
        assert said(found) == [(BETA, "Ann", "recognised"), (GAMMA, "Bob", "suggested")]
        assert speakers.names_of(session, result.id) == {BETA: "Ann"}
        told = session.execute(text("SELECT speaker FROM transcript_segments WHERE result_id = :id"), {"id": result.id})
        assert {row.speaker for row in told} == {ALPHA, "Ann", GAMMA}
        (suggestion,) = naming.suggestions(session)
        assert (suggestion.label, suggestion.name, suggestion.first_at) == (GAMMA, "Bob", 60)
        assert suggestion.score == pytest.approx(0.5, abs=1e-3)
        heard = {one.labels[0]: one for one in speakers.heard(session, result)}
        assert heard[BETA].how == "recognised"
        assert heard[BETA].score == pytest.approx(0.7, abs=1e-3)
        assert heard[GAMMA].name is None
        assert heard[GAMMA].suggestion is not None


def test_voices_of_another_model_are_never_compared(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        result = talks.store(session, queued.add_media(embedded_database))
        assert voices.keep_and_recognise(session, result.id, "ears-2", {ALPHA: voice(0)}) == []
        assert voices.keep_and_recognise(session, result.id, EARS, {ALPHA: (1.0, 0.0, 0.0)}) == [], "of other weights"


def test_what_a_person_says_stands(database: Database) -> None:
    with database.transaction() as session:
        enrolled(session, database, "Ann", "Bob")
        result, found = talk(session, database, {ALPHA: voice(0, 0.9), BETA: voice(1, 0.45)})
        assert said(found) == [(ALPHA, "Ann", "recognised"), (BETA, "Bob", "suggested")]
        naming.reject(session, result, BETA)
        naming.rename(session, result, "Ann", "Cleo")
        assert recognition.recognise(session, result.id) == []
        assert speakers.names_of(session, result.id) == {ALPHA: "Cleo"}
        naming.unname(session, result, "Cleo")
        assert said(recognition.recognise(session, result.id)) == [(ALPHA, "Ann", "recognised")]
        naming.reject(session, result, ALPHA)
        assert recognition.recognise(session, result.id) == []
        with pytest.raises(RecordNotFound):
            naming.accept(session, result, ALPHA)


def test_a_suggestion_that_is_accepted_is_a_name(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        result, _ = talk(session, embedded_database, {BETA: voice(0, 0.5)})
        named = naming.accept(session, result, BETA)
        assert (named.name, named.labels) == ("Ann", (BETA,))
        assert speakers.names_of(session, result.id) == {BETA: "Ann"}
        assert naming.suggestions(session) == []


def test_who_is_enrolled_later_is_looked_for_in_files_of_before(database: Database) -> None:
    with database.transaction() as session:
        older, found = talk(session, database)
        assert found == []
        talks.store(session, older.media_file_id, parent=older, info=None, pipeline_version="v2")
        first = enrolled(session, database, "Ann")
        waiting = recognition.recognisable(session)
        assert len(waiting) == 2
        assert first.id in waiting
        (child,) = set(waiting) - {first.id}
        assert said(recognition.recognise(session, child)) == [(ALPHA, "Ann", "recognised")]
        assert speakers.names_of(session, older.id) == speakers.names_of(session, child) == {ALPHA: "Ann"}
        naming.forget(session, "Ann", prints_only=True)
        assert recognition.recognise(session, first.id) == []


def test_a_print_takes_a_name_and_five_seconds(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        result, _ = talk(session, embedded_database)
        with pytest.raises(UsageError, match="no name"):
            voice_prints.enrol(session, result, ALPHA)
        naming.rename(session, result, GAMMA, "Cleo")
        with pytest.raises(UsageError, match=r"alone for 2\.0 s"):
            voice_prints.enrol(session, result, "Cleo")
        silent = talks.store(session, queued.add_media(embedded_database))
        naming.rename(session, silent, ALPHA, "Ann")
        with pytest.raises(RecordNotFound, match="was not kept") as refused:
            voice_prints.enrol(session, silent, "Ann")
        assert "TRAX_VOICE_PRINTS" in refused.value.next_step
        assert count(session, "speaker_voiceprints") == 0


def test_a_voice_is_kept_once_and_of_so_many_files_at_most(
    embedded_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_prints, "MOST", 3)
    with embedded_database.transaction() as session:
        result = enrolled(session, embedded_database, "Ann")
        again = voice_prints.enrol(session, result, "Ann")
        assert (again.name, again.labels, again.seconds, again.prints) == ("Ann", (ALPHA,), 50, 1)
        for number in range(4):
            other = talks.store(session, queued.add_media(embedded_database), ((0, 6 + number, ALPHA),))
            voices.store(session, other.id, EARS, {ALPHA: voice(0)})
            naming.rename(session, other, ALPHA, "Ann")
            kept = voice_prints.enrol(session, other, ALPHA)
        assert kept.prints == 3
        shortest = session.scalar(text("SELECT min(seconds) FROM speaker_voiceprints"))
        assert shortest == 8, "the longest ones are kept"


def test_a_print_goes_with_whoever_the_voice_turns_out_to_be(database: Database) -> None:
    owner = text("SELECT p.name FROM speaker_voiceprints v JOIN speakers p ON p.id = v.speaker_id")
    with database.transaction() as session:
        result = enrolled(session, database, "Ann")
        naming.rename(session, result, ALPHA, "Bob")
        assert session.scalars(owner).all() == ["Bob"]
        naming.rename(session, result, BETA, "Cleo")
        naming.merge_people(session, "Bob", "Cleo")
        assert session.scalars(owner).all() == ["Cleo"]
        naming.unname(session, result, ALPHA)
        assert session.scalars(owner).all() == []


def test_to_enrol_who_was_recognised_is_to_name_them(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann")
        result, _ = talk(session, embedded_database, {ALPHA: voice(0, 0.8)})
        assert voice_prints.enrol(session, result, "Ann").prints == 2
        assert said(speakers.links_of(session, result.id)) == [(ALPHA, "Ann", "named")]


def test_who_is_forgotten_leaves_no_voice(database: Database) -> None:
    with database.transaction() as session:
        enrolled(session, database, "Ann", "Bob")
        talk(session, database)  # both are recognised
        naming.forget(session, "Ann", prints_only=True)
        assert [(one.name, one.prints, one.media) for one in speakers.people(session)] == [("Ann", 0, 2), ("Bob", 1, 2)]
        labels = session.scalars(text("SELECT label FROM result_voices ORDER BY label")).all()
        assert labels == [BETA, BETA, GAMMA, GAMMA]
        naming.forget(session, "Bob")
        assert [one.name for one in speakers.people(session)] == ["Ann"]
        assert count(session, "speaker_voiceprints") == 0
        assert voice_prints.forget_all(session) == 2
        assert count(session, "result_voices") == 0


def test_prints_outlive_the_file_that_they_were_made_of(database: Database) -> None:
    with database.transaction() as session:
        result = enrolled(session, database, "Ann")
        session.execute(text("DELETE FROM media_files WHERE id = :id"), {"id": result.media_file_id})
        assert session.execute(text("SELECT result_id, label FROM speaker_voiceprints")).all() == [(None, ALPHA)]
        assert count(session, "result_voices") == 0
        _, found = talk(session, database)
        assert said(found) == [(ALPHA, "Ann", "recognised")]


def test_a_new_diarization_keeps_names_and_recognises_the_rest(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        enrolled(session, embedded_database, "Ann", "Bob")
        first = talks.store(session, media_id)
        naming.rename(session, first, ALPHA, "Dora")  # who sounds like Ann
        result, found = talk(session, embedded_database, media_id=media_id)
        assert said(found) == [(BETA, "Bob", "recognised")]
        assert speakers.names_of(session, result.id) == {ALPHA: "Dora", BETA: "Bob"}
