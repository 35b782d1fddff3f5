"""`trax diarize`, and speakers in `trax transcribe` and `trax add`, as a person or a script meets them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.jobs.voices import Hears, TakesTurns, engines_with, without_whisper
from trax.turns import SpeakerCount

SAMPLE = str(REPOSITORY / "samples" / "conversation.ogg")


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Hears:
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")
    return without_whisper(monkeypatch)


@pytest.fixture
def voices(monkeypatch: pytest.MonkeyPatch, hears: Hears) -> TakesTurns:
    voices = TakesTurns()
    monkeypatch.setattr("trax.archive.engines_for", lambda *_: engines_with(voices))
    return voices


def test_speakers_of_a_stored_transcript(run: Run, voices: TakesTurns) -> None:
    assert run("transcribe", SAMPLE).code == 0
    (media,) = run("media", "list", "--json").json
    done = run("diarize", media["id"][:10])
    assert done.code == 0
    assert "conversation.ogg: 2 speakers (SPEAKER_00 " in done.out
    again = run("diarize", media["id"], "--json")
    assert [speaker["label"] for speaker in again.json[0]["speakers"]] == ["SPEAKER_00", "SPEAKER_01"]
    assert (again.json[0]["existed"], again.json[0]["version"]) == (True, 2)
    assert "--again does it once more" in run("diarize", media["id"]).err
    assert run("diarize", media["id"], "--again", "--min-speakers", "1", "--max-speakers", "4").code == 0
    assert voices.counts == [SpeakerCount(), SpeakerCount(least=1, most=4)]
    shown = run("show", media["id"]).out
    assert "SPEAKER_00: word0 word1 word2" in shown
    assert "v4" in shown


def test_speakers_at_once(run: Run, voices: TakesTurns, hears: Hears) -> None:
    for options in (["--diarize"], ["--pipeline", "v4", "--max-speakers", "3"]):
        done = run("transcribe", SAMPLE, "--format", "json", *options)
        assert (done.code, '"speaker": "SPEAKER_01"' in done.out) == (0, True), done.err
    assert (len(voices.counts), hears.runs) == (2, 1)
    answered = run("add", SAMPLE, "--diarize")
    assert "was transcribed before" in answered.out
    assert run("add", SAMPLE, "--speakers", "4").code == 0
    (job,) = run("jobs", "list", "--status", "pending", "--json").json
    assert job["pipeline"] == "v4"
    done = run("batch", "run", SAMPLE, "--diarize", "--speakers", "2", "--json")
    assert (done.code, done.json["successful_items"]) == (0, 1)


def test_what_contradicts_itself(run: Run, hears: Hears) -> None:
    for options, message in (
        (["--speakers", "2", "--min-speakers", "1"], "given twice"),
        (["--min-speakers", "3", "--max-speakers", "2"], "can't be"),
        (["--pipeline", "v1", "--diarize"], "tells no speakers apart"),
        (["--pipeline", "diarize"], "needs a transcript"),
        (["--channels", "split", "--speakers", "2"], "each of them is a speaker"),
    ):
        done = run("transcribe", SAMPLE, *options)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
    assert run("diarize", "0" * 32, "--speakers", "0").code == 2
    missing = run("diarize", "0" * 32)
    assert (missing.code, missing.out) == (1, "")
    assert "No media file or transcript" in missing.err


def test_without_weights(run: Run, monkeypatch: pytest.MonkeyPatch, hears: Hears) -> None:
    monkeypatch.setattr("trax.archive.engines_for", lambda *_: engines_with(None))
    done = run("transcribe", SAMPLE, "--diarize")
    assert (done.code, done.out, hears.runs) == (1, "", 0)
    assert "weights of community-1" in done.err
