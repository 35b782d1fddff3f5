"""`trax plan` as a person or a script meets it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.speeds.figures import FAST, LARGE, SPEED
from trax.speeds.record import Memory
from trax.speeds.sample import write_sound


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name, seconds in (("a.wav", 100), ("b.wav", 50)):
        write_sound(folder / name, np.zeros(16_000, dtype=np.int16), seconds)
    return folder


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "trax-home")


def test_hours_files_and_room_are_told_and_nothing_is_done(run: Run, recordings: Path, tmp_path: Path) -> None:
    done = run("plan", str(recordings))
    assert done.code == 0, done.err
    facts = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert (facts["files"].strip(), facts["sound"].strip()) == ("2", "2:30")
    assert "in the database" in facts["transcripts"]
    assert "trax benchmark --model distil-large-v3" in done.err
    assert not (tmp_path / "trax-home" / "postgres").exists()


def test_times_come_from_what_was_measured(run: Run, recordings: Path, memory: Memory) -> None:
    memory.remember([SPEED, FAST, LARGE])
    done = run("plan", str(recordings), "--json")
    assert done.code == 0, done.err
    assert done.json["files"] == 2
    assert done.json["sound_seconds"] == pytest.approx(150, abs=0.1)
    assert done.json["unmeasured"] == done.json["unusable"] == []
    assert done.json["free_bytes"] > 0
    seconds = {(entry["model"], entry["mode"]): entry["seconds"] for entry in done.json["estimates"]}
    assert seconds == {
        ("large-v3", "quality"): pytest.approx(10 + 150 + 0.2, abs=0.2),
        ("tiny.en", "quality"): pytest.approx(2 + 3 + 0.2, abs=0.2),
        ("tiny.en", "fast"): pytest.approx(2 + 1.9 + 0.2, abs=0.2),
    }
    table = run("plan", str(recordings)).out
    assert "large-v3" in table
    assert "2:40" in table


def test_a_deadline_gives_a_number_of_machines(run: Run, recordings: Path, memory: Memory) -> None:
    memory.remember([LARGE, SPEED])
    done = run("plan", str(recordings), "--within", "2m", "--json")
    assert {entry["model"]: entry["machines"] for entry in done.json["estimates"]} == {"large-v3": 2, "tiny.en": 1}
    assert done.json["within_seconds"] == 120
    table = run("plan", str(recordings), "--within", "2m")
    assert "machines for 2m" in table.out
    assert ["at least 2" in line for line in table.out.splitlines() if line.startswith("large-v3")] == [True]
    assert ["at least" in line for line in table.out.splitlines() if line.startswith("tiny.en")] == [False]
    assert "no number of machines" not in table.err
    assert "no number of machines is done in 90s" in run("plan", str(recordings), "--within", "90s").err
    hopeless = run("plan", str(recordings), "--within", "5s", "--json").json["estimates"]
    assert [entry["machines"] for entry in hopeless if entry["model"] == "large-v3"] == [None]


def test_one_model_of_several_and_one_that_was_never_measured(run: Run, recordings: Path, memory: Memory) -> None:
    memory.remember([SPEED, LARGE])
    done = run("plan", str(recordings), "--model", "tiny.en", "--model", "turbo", "--json")
    assert {entry["model"] for entry in done.json["estimates"]} == {"tiny.en"}
    assert done.json["unmeasured"] == ["large-v3-turbo"]
    assert "trax benchmark --model large-v3-turbo" in run("plan", str(recordings), "--model", "turbo").err


def test_what_can_not_be_used_is_listed_with_the_reason(run: Run, recordings: Path) -> None:
    (recordings / "broken.mp3").write_text("no sound")
    done = run("plan", str(recordings), str(recordings / "absent.mp3"))
    assert done.code == 1
    assert "broken.mp3" in done.out
    assert "absent.mp3" in done.out
    document = run("plan", str(recordings), "--json").json
    assert document["files"] == 2
    assert [entry["path"] for entry in document["unusable"]] == [str(recordings / "broken.mp3")]


def test_speeds_of_another_version_are_told_from_ours(run: Run, recordings: Path, memory: Memory) -> None:
    memory.remember([replace(SPEED, version="0.0.1")])
    assert "another version" in run("plan", str(recordings)).err
    memory.remember([SPEED])
    assert run("plan", str(recordings)).err == ""


@pytest.mark.parametrize("within", ["", "soon", "24", "1h and a half", "-5h", "0h"])
def test_a_deadline_that_is_none_is_refused(run: Run, recordings: Path, within: str) -> None:
    done = run("plan", str(recordings), "--within", within)
    assert done.code == 2
    assert "24h" in done.err


def test_a_model_that_nobody_knows_is_refused(run: Run, recordings: Path) -> None:
    done = run("plan", str(recordings), "--model", "tinyy.en")
    assert done.code == 2
    assert "tiny.en" in done.err
