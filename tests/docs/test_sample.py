"""The sample conversation: recording, words and turns belong together, and are what the script makes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import av
import pytest

from tests.conftest import REPOSITORY

SAMPLES = REPOSITORY / "samples"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    import sys

    name = "make_conversation"
    spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_words_and_turns_are_those_of_the_script(script: ModuleType) -> None:
    turns = json.loads((SAMPLES / "conversation.json").read_text("utf-8"))["turns"]
    assert [(turn["speaker"], turn["text"]) for turn in turns] == list(script.TURNS)
    assert (SAMPLES / "conversation.txt").read_text("utf-8").splitlines() == [text for _, text in script.TURNS]


def test_rttm_and_json_say_the_same() -> None:
    turns = json.loads((SAMPLES / "conversation.json").read_text("utf-8"))["turns"]
    rows = [line.split() for line in (SAMPLES / "conversation.rttm").read_text("utf-8").splitlines()]
    assert [row[7] for row in rows] == [turn["speaker"] for turn in turns]
    for row, turn in zip(rows, turns, strict=True):
        assert float(row[3]) == turn["start"]
        assert float(row[3]) + float(row[4]) == pytest.approx(turn["end"], abs=0.0011)


def test_turns_are_in_order_apart_and_within_the_recording() -> None:
    document = json.loads((SAMPLES / "conversation.json").read_text("utf-8"))
    times = [time for turn in document["turns"] for time in (turn["start"], turn["end"])]
    assert times == sorted(times)
    with av.open(str(SAMPLES / "conversation.ogg")) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert times[-1] < document["duration"] == pytest.approx(seconds, abs=0.05)


def test_the_recording_is_small() -> None:
    assert (SAMPLES / "conversation.ogg").stat().st_size < 150_000


def test_without_flite_the_script_says_what_to_install(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.main([str(tmp_path / "made")]) == 1
    assert "apt-get install flite" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
