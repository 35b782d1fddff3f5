"""Engines that are shared: each model is loaded once, and what can't be had is looked for once."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from trax.errors import ModelUnavailable, UnknownModel, UsageError
from trax.transcription import encoder_choice, faster_whisper
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.models import ResolvedModel


@pytest.fixture(autouse=True)
def no_other_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The developer's own cache of models plays no part."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no-cache"))


def engines_in(folder: Path, said: list[str]) -> Engines:
    return Engines(EngineOptions(models_folder=folder, offline=True, device="cpu", encoder="ctranslate2"), said.append)


def test_threads_share_one_engine(tmp_path: Path, tiny_model: str) -> None:
    said: list[str] = []
    engines = engines_in(tmp_path, said)
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(engines.get, [tiny_model] * 4))
    assert len(said) == 1, "it was loaded more than once"
    assert all(engine is loaded[0] for engine in loaded)


def test_a_detector_is_looked_for_once(tmp_path: Path, base_model: Path) -> None:
    engines = engines_in(tmp_path, [])
    assert engines.detector(may_download=True) is None
    (tmp_path / "base").symlink_to(base_model)
    assert engines.detector(may_download=True) is None
    assert engines.get("base") is engines.detector(may_download=False), "what is loaded anyway serves"


@pytest.mark.parametrize(("language", "meant"), [("enn", "en"), ("EN", "en"), ("english", "ISO 639-1"), ("", "639")])
def test_an_unknown_language_is_refused_before_any_work(tmp_path: Path, language: str, meant: str) -> None:
    with pytest.raises(UsageError) as raised:
        engines_in(tmp_path, []).check("tiny.en", language)
    assert meant in raised.value.next_step


def test_what_can_be_run_is_not_refused(tmp_path: Path) -> None:
    engines = engines_in(tmp_path, [])
    for language in (None, "en", "yue"):
        engines.check("turbo", language)
    with pytest.raises(UnknownModel):
        engines.check("no-such-model")


def test_what_was_loaded_ahead_is_taken_and_announced_then(
    tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    load = faster_whisper.load

    def counted(model: ResolvedModel, **options: Any) -> Any:
        loads.append(threading.current_thread().name)
        return load(model, **options)

    monkeypatch.setattr(faster_whisper, "load", counted)
    said: list[str] = []
    engines = engines_in(tmp_path, said)
    engines.load_ahead(tiny_model)
    engines.load_ahead(tiny_model)
    engines._ahead[tiny_model, "auto"].result(60)
    assert said == [], "nobody has asked for it yet"
    engine = engines.get(tiny_model)
    engines.load_ahead(tiny_model)
    assert engines.get(tiny_model) is engine
    assert loads == ["trax-load"]
    assert len(said) == 1


def test_it_is_too_late_to_load_ahead_what_is_being_loaded(
    tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    engines = engines_in(tmp_path, [])

    def ask_meanwhile(_: ResolvedModel, **__: Any) -> Any:
        loads.append(threading.current_thread().name)
        engines.load_ahead(tiny_model)
        raise ModelUnavailable("It can't be loaded.")

    monkeypatch.setattr(faster_whisper, "load", ask_meanwhile)
    with pytest.raises(ModelUnavailable):
        engines.get(tiny_model)
    assert engines._ahead[tiny_model, "auto"].result(60) is None
    assert loads == [threading.current_thread().name]


def test_trouble_in_loading_ahead_is_told_by_whoever_asks(tmp_path: Path, base_model: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(base_model, broken)
    (broken / "model.bin").write_bytes(b"no weights")
    messages = []
    for ahead in (False, True):
        engines = engines_in(tmp_path, [])
        if ahead:
            engines.load_ahead(str(broken))
        with pytest.raises(ModelUnavailable) as raised:
            engines.get(str(broken))
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
    assert "can't be loaded" in messages[0]


def test_only_what_is_ready_is_loaded_ahead(tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faster_whisper, "load", lambda *_, **__: pytest.fail("nothing was to be loaded"))
    engines = engines_in(tmp_path, [])
    engines.load_ahead("no-such-model")
    assert not engines._ahead
    engines.load_ahead("small")  # would have to be downloaded
    assert engines._ahead["small", "auto"].result(60) is None
    monkeypatch.setattr(encoder_choice, "is_to_be_compared", lambda *_: True)  # needs the machine for itself
    engines.load_ahead(tiny_model)
    assert engines._ahead[tiny_model, "auto"].result(60) is None


def test_encoders_are_to_be_compared_until_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_choice, "is_installed", lambda: True)
    assert encoder_choice.is_to_be_compared("auto", tmp_path)
    assert not encoder_choice.is_to_be_compared("ctranslate2", tmp_path)
    (tmp_path / encoder_choice.RECORDS).write_text("{}")
    assert not encoder_choice.is_to_be_compared("auto", tmp_path)
    monkeypatch.setattr(encoder_choice, "is_installed", lambda: False)
    assert not encoder_choice.is_to_be_compared("auto", None)
