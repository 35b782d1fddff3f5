"""References of media files, and results whose accuracy is measured by them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.conftest import REPOSITORY
from tests.finding.archive import add_media, segments
from tests.jobs import queued
from trax.database import Database, measuring, media_views, references, transcripts
from trax.database.engine import Transaction
from trax.database.media_views import MediaFilter
from trax.database.models import TranscriptionResult
from trax.database.references import NewReference
from trax.evaluation import score as scoring
from trax.evaluation.reference import Reference, Utterance
from trax.transcript import Transcript
from trax.turns import SpeakerTurn

SAID = ("The river runs fast.", "Boats stay on the shore today.")
HEARD = ("The river runs fast.", "Boats stay on the store.")  # of 10 words, one is wrong and one is missing
RIGHT = 0.8
LANGUAGE = "en"


def store(session: Transaction, media_id: UUID, *lines: str, **options: Any) -> TranscriptionResult:
    spoken = segments(lines)
    transcript = Transcript(options.pop("language", LANGUAGE), spoken[-1].end, spoken)
    job_id, _ = queued.begin(session, media_id)
    given: dict[str, Any] = {"pipeline_version": "v1", "accuracy": 0.5, "model_config": {}, **options}
    new = transcripts.NewResult(
        job_id, media_id, transcript=transcript, processing_time=1.0, model_used="tiny.en", **given
    )
    return transcripts.store(session, new)


def reference(media_id: UUID, *lines: str, name: str = "talk.txt", **parts: Any) -> NewReference:
    utterances = tuple(Utterance(line, 5.0 * n, 5.0 * n + 5.0) for n, line in enumerate(lines))
    said = Reference(**{"utterances": utterances, "language": LANGUAGE, **parts})
    return NewReference(media_id, name, "srt", name.rjust(64, "0"), said)


def accuracy(database: Database, result: TranscriptionResult) -> float | None:
    with database.transaction() as session:
        return session.get_one(TranscriptionResult, result.id).accuracy


def test_results_are_measured_when_a_reference_comes_and_when_they_come(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        before = store(session, media_id, *HEARD)
        imported = store(session, media_id, *SAID, pipeline_version="import", accuracy=None)
    assert accuracy(database, before) == 0.5
    with database.transaction() as session:
        row, existed = references.add(session, reference(media_id, *SAID))
        measured = measuring.remeasure(session, media_id)
        assert references.add(session, reference(media_id, *SAID)) == (row, True)
    assert not existed
    assert [(one.version, one.accuracy, one.words) for one in measured] == [(1, RIGHT, 10), (2, 1.0, 10)]
    with database.transaction() as session:
        after = store(session, media_id, *SAID, accuracy=0.4)
        child = store(session, media_id, *SAID, pipeline_version="v4", accuracy=after.accuracy, parent_id=after.id)
        found = measuring.of_results(session, [before.id, imported.id, after.id, child.id])
        assert {id: (one.estimate, one.words, one.substitutions, one.deletions) for id, one in found.items()} == {
            before.id: (0.5, 10, 1, 1),
            imported.id: (None, 10, 0, 0),
            after.id: (0.4, 10, 0, 0),
            child.id: (0.4, 10, 0, 0),  # and not what was measured of its parent
        }
        summary = measuring.summary(session)
        assert (summary.results, summary.mean_accuracy) == (4, (RIGHT + 3) / 4)
        (listed,) = media_views.listing(session, MediaFilter())
        assert (listed.accuracy, listed.is_measured) == (1.0, True)
    with database.transaction() as session:
        references.remove(session, row.id)
        assert measuring.remeasure(session, media_id) == []
    assert [accuracy(database, one) for one in (before, imported, after, child)] == [0.5, None, 0.4, 0.4]


def test_whoever_takes_a_measurement_away_gets_the_estimate_back(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        references.add(session, reference(media_id, *SAID))
        result = store(session, media_id, *HEARD)
        assert result.accuracy == RIGHT
    with database.transaction() as session:
        session.execute(text("DELETE FROM media_references"))
    assert accuracy(database, result) == 0.5
    with database.transaction() as session:
        references.add(session, reference(media_id, *SAID))
        measuring.remeasure(session, media_id)
    assert accuracy(database, result) == RIGHT
    with database.transaction() as session:
        session.execute(text("DELETE FROM media_files"))  # with all that hangs on them
        for table in ("media_references", "result_measurements", "transcription_results"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_the_newest_words_and_the_newest_turns_stand(database: Database) -> None:
    media_id = queued.add_media(database)
    turns = (SpeakerTurn(0.0, 5.0, "ann"), SpeakerTurn(5.0, 10.0, "bob"))
    with database.transaction() as session:
        assert references.standing(session, media_id) is None
        references.add(session, reference(media_id, "Older.", name="old.txt"))
    with database.transaction() as session:
        references.add(session, reference(media_id, *SAID, name="new.txt"))
    with database.transaction() as session:
        references.add(session, reference(media_id, name="who.rttm", turns=turns))
    with database.transaction() as session:
        standing = references.standing(session, media_id)
        assert standing is not None
        assert standing.reference.texts == SAID
        assert standing.reference.turns == turns
        assert standing.reference.utterances[1] == Utterance(SAID[1], 5.0, 10.0)
        assert standing.names == ("new.txt", "who.rttm")
        listed = references.listing(session, media_id)
        assert [(one.name, one.words, one.turns, one.is_timed) for one in listed] == [
            ("who.rttm", 0, 2, False),
            ("new.txt", 10, 0, True),
            ("old.txt", 1, 0, True),
        ]


def test_a_result_that_somebody_has_corrected_is_a_reference(database: Database) -> None:
    media_id = queued.add_media(database)
    with database.transaction() as session:
        first = store(session, media_id, *HEARD)
        edit = store(session, media_id, *SAID, pipeline_version="edit", parent_id=first.id, accuracy=None)
        later = store(session, media_id, *HEARD)
        assert references.to_be_judged(session, media_id).id == later.id
        assert references.media_with_reference(session) == [media_id]
        found = measuring.of_results(session, [first.id, edit.id, later.id])
        assert {id: one.against_id for id, one in found.items()} == {first.id: edit.id, later.id: edit.id}
    assert [accuracy(database, one) for one in (first, edit, later)] == [RIGHT, None, RIGHT]
    with database.transaction() as session:  # a second correction takes its place
        again = store(session, media_id, *HEARD, pipeline_version="edit", parent_id=edit.id, accuracy=None)
    assert [accuracy(database, one) for one in (first, again)] == [1.0, None]
    with database.transaction() as session:  # and a file that of both
        references.add(session, reference(media_id, *SAID))
        measuring.remeasure(session, media_id)
        assert references.standing(session, media_id).names == ("talk.txt",)  # type: ignore[union-attr]
    assert [accuracy(database, one) for one in (first, again)] == [RIGHT, RIGHT]


def test_a_result_that_is_named_as_reference_is_not_measured_by_itself(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        right = store(session, media_id, *SAID)
        other = store(session, media_id, *HEARD)
        row, existed = references.add_result(session, right)
        assert references.add_result(session, right) == (row, True)
        assert [one.version for one in measuring.remeasure(session, media_id)] == [2]
        assert references.to_be_judged(session, media_id).id == other.id
    assert not existed
    assert [accuracy(embedded_database, one) for one in (right, other)] == [0.5, RIGHT]


def test_what_can_not_be_compared_keeps_its_estimate(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    decode = {"start": 5.0, "end": None}
    with embedded_database.transaction() as session:
        references.add(session, reference(media_id, *SAID))
        german = store(session, media_id, *HEARD, language="de")
        track = store(session, media_id, *HEARD, model_config={"request": {"decode": {"track": 1}}})
        stretch = store(session, media_id, SAID[1], model_config={"request": {"decode": decode}})
        reasons = {one.version: one.reason for one in measuring.remeasure(session, media_id)}
    assert [accuracy(embedded_database, one) for one in (german, track, stretch)] == [0.5, 0.5, 1.0]
    assert reasons[1] == "The reference is in the language en, and the transcript in de."
    assert reasons[2] == "It is of one track or channel, and the reference of the whole."


def test_no_result_is_lost_because_it_could_not_be_measured(
    embedded_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of that")

    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        references.add(session, reference(media_id, *SAID))
        monkeypatch.setattr(measuring, "score", fails)
        result = store(session, media_id, *HEARD)
    assert accuracy(embedded_database, result) == 0.5
    assert "could not be measured" in caplog.text
    assert scoring.score(SAID, " ".join(HEARD), "whisper", LANGUAGE) is not None


def test_the_statement_of_the_documentation(database: Database) -> None:
    media_id = add_media(database, "river.mp3", duration=10.0)
    with database.transaction() as session:
        references.add(session, reference(media_id, *SAID))
        store(session, media_id, *HEARD)
    page = (REPOSITORY / "docs" / "evaluate.md").read_text("utf-8")
    (statement,) = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)
    with database.transaction() as session:
        (row,) = session.execute(text(statement)).mappings()
    assert dict(row) == {
        "model_used": "tiny.en",
        "pipeline_version": "v1",
        "results": 1,
        "words": 10,
        "wer_percent": 20,
        "mean_estimate": 0.5,
        "mean_accuracy": pytest.approx(RIGHT),
    }
