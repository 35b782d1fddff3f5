"""Hearing again, whole: real sound, the real small models, a real database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.conftest import REPOSITORY
from trax.archive import Archive, Outcome
from trax.database import TranscriptionResult
from trax.errors import UsageError
from trax.result import Result
from trax.settings import load_settings
from trax.transcription.engines import Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
MODEL = "tiny.en"


@pytest.fixture
def archive(tiny_engines: Engines, database_url: str) -> Iterator[Archive]:
    with Archive(load_settings(model=MODEL), engines=tiny_engines) as opened:
        yield opened


def only(outcomes: Iterable[Outcome]) -> Result:
    [outcome] = outcomes
    assert outcome.error is None, outcome.error
    assert outcome.result is not None
    return outcome.result


def test_v3_is_a_child_of_v1(archive: Archive) -> None:
    result = only(archive.transcribe_all([str(SAMPLE)], pipeline="v3"))
    with archive.database.transaction() as session:
        rows = session.scalars(select(TranscriptionResult).order_by(TranscriptionResult.version)).all()
        kept = [(row.pipeline_version, row.parent_result_id) for row in rows]
        first = rows[0]
        assert kept == [("v1", None), ("v3", first.id)]
        assert "passes" not in first.content
    assert (result.pipeline_version, result.parent_id) == ("v3", first.id)
    facts = result.content["passes"]
    assert 1 <= facts["windows"] >= facts["heard_again"]
    assert "old radio station" in result.transcript.text
    assert json.dumps(facts)


def test_what_is_there_is_heard_again_once(archive: Archive) -> None:
    first = only(archive.transcribe_all([str(SAMPLE)]))
    second = only(archive.passes([str(first.id)]))
    assert (second.parent_id, second.pipeline_version, second.existed) == (first.id, "v3", False)
    assert only(archive.passes([str(first.media_id)])).existed
    assert only(archive.passes([str(second.id)], force=True)).parent_id == first.id


def test_a_second_model_hears_what_is_doubtful(archive: Archive, base_model: Path) -> None:
    first = only(archive.transcribe_all([str(SAMPLE)]))
    result = only(archive.passes([str(first.id)], second_model=str(base_model)))
    with archive.database.transaction() as session:
        row = session.get(TranscriptionResult, result.id)
        assert row is not None
        hearings = (row.model_config or {})["hearings"]
        assert set(hearings) == {"again", "second", "second again"}
        assert row.model_config["request"]["passes"]["second_model"] == str(base_model)  # type: ignore[index]
    assert "old radio station" in result.transcript.text


def test_a_second_model_needs_a_pipeline_that_uses_it(archive: Archive) -> None:
    with pytest.raises(UsageError, match="hears nothing twice"):
        list(archive.transcribe_all([str(SAMPLE)], pipeline="v1", second_model="tiny.en"))
    assert archive.request(second_model="tiny.en").pipeline == "v3"
