"""What `trax doctor` says of the encoder: what was chosen, and from which figures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from trax.transcription import encoder_choice
from trax.transcription.engines import EngineOptions, Engines


def encoder_check(run: Run) -> dict[str, str]:
    (check,) = [check for check in run("doctor", "--json").json if check["name"] == "encoder"]
    assert check["state"] == "ok"
    return dict(check)


def engine_check(run: Run) -> dict[str, str]:
    (check,) = [check for check in run("doctor", "--json").json if check["name"] == "engine"]
    return dict(check)


def test_doctor_tells_of_the_encoder(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")
    monkeypatch.setenv("TRAX_DEVICE", "cpu")
    assert "as TRAX_ENCODER says" in encoder_check(run)["found"]
    monkeypatch.setenv("TRAX_ENCODER", "auto")
    assert "is compared with ctranslate2 when tiny.en is first loaded" in encoder_check(run)["found"]

    times = {"ctranslate2 int8": {"1500": 0.2, "3000": 0.9}, "openvino bf16": {"1500": 0.1, "3000": 0.4}}
    monkeypatch.setattr(encoder_choice, "compare", lambda *_: times)
    home = Path(os.environ["TRAX_HOME"])
    options = EngineOptions(home / "models", offline=True, device="cpu", cache_folder=home / "cache")
    Engines(options, lambda _: None).get("tiny.en")
    found = encoder_check(run)["found"]
    assert found.startswith("openvino bf16 for tiny.en; measured on ")
    assert found.endswith("of 30 s at once: ctranslate2 int8 0.90 s, openvino bf16 0.40 s")

    monkeypatch.setenv("TRAX_MEMORY", "1")
    assert engine_check(run)["found"].endswith("1 windows at once"), "as little as an engine can do with"
    monkeypatch.setenv("TRAX_THREADS", "2")
    options = replace(options, threads=2, memory=1)
    assert Engines(options, lambda _: None).get("tiny.en").description()["workers"] == 1
    assert "cpu, int8, 1 x 2 threads" in engine_check(run)["found"]
    monkeypatch.delenv("TRAX_THREADS")
    monkeypatch.delenv("TRAX_MEMORY")

    monkeypatch.setattr("trax.openvino_library.is_installed", lambda: False)
    assert "pip install 'trax-transcripts[fast-cpu]'" in encoder_check(run)["next_step"]


def test_doctor_names_an_encoder_that_is_missing(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trax.transcription.encoder_choice.is_installed", lambda: False)
    monkeypatch.setenv("TRAX_ENCODER", "openvino")
    done = run("doctor", "--json")
    assert done.code == 1
    (check,) = [check for check in done.json if check["name"] == "encoder"]
    assert check["state"] == "problem"
    assert "fast-cpu" in check["next_step"]
