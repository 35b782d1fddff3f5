"""Coverage from the sound to the terminal: stored with each version, shown, and told where speech has no words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.coverage.faults import Faulty
from tests.jobs.conftest import SAMPLE
from tests.jobs.voices import TakesTurns, engines_with
from trax import archive as facade
from trax.archive import Archive
from trax.coverage.values import KINDS
from trax.database import transcripts
from trax.result import Result
from trax.transcription.engines import Engines
from trax.transcription.transcriber import Transcriber

MODEL = "tiny.en"


@pytest.fixture
def faulty() -> Faulty:
    return Faulty()


@pytest.fixture
def engines(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> Engines:
    """What every archive of the test hears with."""
    loaded: dict[tuple[str, str], Transcriber] = {(MODEL, "auto"): faulty}
    engines = replace(engines_with(TakesTurns()), _loaded=loaded)
    monkeypatch.setattr(facade, "engines_for", lambda *_: engines)
    return engines


@pytest.fixture
def heard(faulty: Faulty, engines: Engines, database_url: str) -> Result:
    """The sample without the words of its first window."""
    faulty.blank.add(0)
    with Archive() as archive:
        return archive.transcribe(SAMPLE, model=MODEL)


def test_speech_without_words_is_shown(run: Run, heard: Result) -> None:
    coverage = heard.coverage
    assert coverage is not None
    assert coverage.seconds["unexplained"] > 5
    shown = run("show", str(heard.media_id), "--coverage")
    assert shown.code == 0
    lines = [line.split() for line in shown.out.splitlines()]
    assert [line[0] for line in lines if line and line[0] in KINDS] == list(KINDS)
    assert sum(line[-1] == "s" and line[0].startswith("00:00:") for line in lines if line) == len(coverage.unexplained)
    assert f"`trax passes {str(heard.id)[:8]}`" in shown.out
    document = run("show", str(heard.media_id), "--coverage", "--json").json
    assert sum(document["seconds"].values()) == pytest.approx(document["duration"])
    assert sum(document["shares"].values()) == pytest.approx(1, abs=1e-5)
    assert [(one["start"], one["end"]) for one in document["unexplained"]] == [
        (one.start, one.end) for one in coverage.unexplained
    ]
    assert document["stretches"][-1]["end"] == document["duration"]
    assert {one["kind"] for one in document["stretches"]} <= set(KINDS)


def test_show_says_it_above_the_text_and_only_where_it_is_true(
    run: Run, heard: Result, faulty: Faulty, engines: Engines
) -> None:
    assert "have no words" in run("show", str(heard.media_id)).out
    assert "no words" not in run("show", str(heard.media_id), "--around", "0:30").out, "a part is not the whole"
    assert json.loads(run("show", str(heard.media_id), "--json").out)["segments"]
    faulty.blank.clear()
    with Archive() as archive:
        archive.transcribe(SAMPLE, model=MODEL, force=True)
    shown = run("show", str(heard.media_id))
    assert "version 2" in shown.out
    assert "no words" not in shown.out
    assert "All speech has words." in run("show", str(heard.media_id), "--coverage").out


def test_transcribe_says_it_as_it_ends(run: Run, heard: Result, tmp_path: Path) -> None:
    again = run("transcribe", str(SAMPLE), "--model", MODEL)
    assert again.code == 0
    assert "conversation.ogg: " in again.err
    assert "have no words (0:01, " in again.err
    assert f"`trax show {str(heard.id)[:8]} --coverage`" in again.err
    assert "no words" not in again.out
    assert "no words" not in run("transcribe", str(SAMPLE), "--model", MODEL, "--quiet").err


def test_versions_that_are_made_of_it_have_the_same_sound(heard: Result, engines: Engines) -> None:
    with Archive() as archive:
        (outcome,) = archive.diarize([str(heard.id)])
        told = archive.result(str(outcome.result.id)) if outcome.result else None
        assert told is not None
        assert told.pipeline_version == "v4"
        assert told.coverage == heard.coverage
        new = transcripts.NewResult(
            told.job_id, told.media_id, "edit", replace(told.transcript, segments=()), None, None, MODEL, {},
            parent_id=told.id,
        )  # fmt: skip
        with archive.database.transaction() as session:
            emptied = transcripts.store(session, new).id
        coverage = archive.result(str(emptied)).coverage
    assert coverage is not None
    assert heard.coverage is not None
    assert coverage.heard == heard.coverage.heard
    assert coverage.seconds["text"] == 0
    assert coverage.seconds["unexplained"] > heard.coverage.seconds["unexplained"]


def test_where_nobody_knows_it_says_so(run: Run, heard: Result) -> None:
    with Archive() as archive, archive.database.transaction() as session:
        for version in ("v1", "import"):
            new = transcripts.NewResult(heard.job_id, heard.media_id, version, heard.transcript, None, None, MODEL, {})
            transcripts.store(session, new)
    old = run("show", str(heard.media_id), "--version", "2", "--coverage")
    assert old.code == 1
    assert "not known" in old.err
    assert f"`trax transcribe --force {SAMPLE}`" in old.err
    assert "no words" not in run("show", str(heard.media_id), "--version", "2").out
    others = run("show", str(heard.media_id), "--version", "3", "--coverage", "--json")
    assert (others.code, others.out) == (1, "")
    assert "others made it" in others.err


def test_coverage_is_that_of_the_whole(run: Run, heard: Result) -> None:
    for option in (("--around", "0:10"), ("--speaker", "1")):
        refused = run("show", str(heard.media_id), "--coverage", *option)
        assert refused.code == 2
        assert "whole recording" in refused.err
