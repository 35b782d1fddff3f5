"""`trax benchmark` as a person or a script meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from trax.speeds.record import Memory

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures are worth nothing then, and all the rest is as ever."""
    monkeypatch.setattr("trax.speeds.measure.LONG_ENOUGH", 0.1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "trax-home"


def test_a_model_is_measured_in_both_modes_and_remembered(run: Run, home: Path) -> None:
    done = run("benchmark", "--model", "tiny.en", "--json")
    assert done.code == 0, done.err
    assert [entry["mode"] for entry in done.json] == ["quality", "fast"]
    for entry in done.json:
        assert (entry["model"], entry["device"], entry["sound"]) == ("tiny.en", "cpu", "conversation.ogg")
        assert entry["speed"] > 1
        assert entry["load_seconds"] > 0
        assert entry["peak_bytes"] > 50_000_000
    assert {speed.mode for speed in Memory(home).recall()} == {"quality", "fast"}
    assert not (home / "postgres").exists(), "no database is needed"


def test_the_user_s_own_file_is_measured_on(run: Run, home: Path) -> None:
    done = run("benchmark", "--model", "tiny.en", "--file", str(SAMPLE), "--device", "cpu")
    assert done.code == 0, done.err
    heading, *rows = done.out.splitlines()
    assert "times real time" in heading
    assert len(rows) == 2
    assert all(row.startswith("tiny.en") for row in rows)
    assert {speed.sound for speed in Memory(home).recall()} == {"conversation.ogg"}


def test_a_model_that_fails_spares_the_others(run: Run, home: Path) -> None:
    done = run("benchmark", "--model", "small", "--model", "tiny.en", "--json")
    assert done.code == 1
    assert "small" in done.err
    assert {entry["model"] for entry in done.json} == {"tiny.en"}
    assert {speed.model for speed in Memory(home).recall()} == {"tiny.en"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--model", "tinyy.en"), 2, "tiny.en"),
        (("--model", "tiny.en", "--device", "tpu"), 2, "TRAX_DEVICE"),
        (("--model", "tiny.en", "--encoder", "abacus"), 2, "TRAX_ENCODER"),
        (("--model", "tiny.en", "--file", "no-such-file.mp3"), 1, "no-such-file.mp3"),
        (("--model", "tiny.en", "--file", str(REPOSITORY / "README.md")), 1, "README.md"),
    ],
)
def test_errors_say_what_to_do(run: Run, home: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = run("benchmark", *arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert Memory(home).recall() == []


def test_without_any_model_one_is_to_be_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.transcription.models.stored", lambda *_: None)
    done = run("benchmark")
    assert done.code == 1
    assert "--model" in done.err


def test_a_busy_machine_is_mentioned(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.transcription.models.stored", lambda *_: None)
    for load, mentioned in ((64_000.0, True), (0.0, False)):
        monkeypatch.setattr("os.getloadavg", lambda load=load: (load, load, load))
        assert ("busy" in run("benchmark", "--model", "small").err) is mentioned
