"""Engines that are shared: each model is loaded once, and what can't be had is looked for once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trax.errors import UnknownModel, UsageError
from trax.transcription.engines import EngineOptions, Engines


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
