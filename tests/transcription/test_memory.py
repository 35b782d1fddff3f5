"""What an engine is thought to need, and what becomes of its plan where there is less."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.errors import UsageError
from trax.settings import bytes_of, load_settings
from trax.transcription import memory
from trax.transcription.ct2_weights import read_weights
from trax.transcription.device import EnginePlan
from trax.transcription.faster_whisper import load
from trax.transcription.memory import ModelShape, budget, fit, needed, shape_of
from trax.transcription.models import resolve

SMALL = ModelShape(90_000_000, 384, 6, 4, 51864)
PLANS = st.builds(
    EnginePlan, st.just("cpu"), st.just("int8"), st.integers(1, 8), st.integers(1, 8), st.sampled_from([1, 2, 4, 16])
)


@given(PLANS, st.integers(0, 8 * 1024**3))
def test_a_plan_is_cut_to_the_memory(chosen: EnginePlan, limit: int) -> None:
    fitted = fit(chosen, SMALL, limit)
    assert 1 <= fitted.workers <= chosen.workers
    assert 1 <= fitted.batch_size <= chosen.batch_size
    assert fitted.workers * fitted.threads_per_worker <= chosen.workers * chosen.threads_per_worker
    fits = needed(fitted, SMALL) <= limit * memory.SHARE_OF_ENGINE
    assert fits or (fitted.workers == fitted.batch_size == 1 and "TRAX_MEMORY" in fitted.notes[-1])
    if needed(chosen, SMALL) <= limit * memory.SHARE_OF_ENGINE:
        assert fitted == chosen, "nothing is cut that fits"


def test_the_shape_is_read_from_the_weights(tiny_model: str, tmp_path: Path) -> None:
    path = resolve(tiny_model, models_folder=tmp_path, offline=True).path / "model.bin"
    shape = shape_of(read_weights(path), "int8")
    assert (shape.width, shape.heads, shape.decoder_layers, shape.vocabulary) == (384, 6, 4, 51864)
    assert 60e6 < shape.weights < 120e6


def test_an_engine_is_loaded_within_its_memory(tiny_model: str, tmp_path: Path) -> None:
    model = resolve(tiny_model, models_folder=tmp_path, offline=True)
    described = load(model, threads=2, batch_size=8, memory=1_300_000_000).description()
    assert described["batch_size"] < 8
    assert load(model, threads=2, batch_size=8, memory=10**11).description()["batch_size"] == 8
    assert "TRAX_MEMORY" in load(model, threads=1, memory=1).description()["notes"][-1]


def test_half_the_machine_unless_said_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CGROUP_LIMIT", tmp_path / "memory.max")
    assert budget(None) == psutil.virtual_memory().total // 2
    (tmp_path / "memory.max").write_text("max\n")
    assert budget(None) == psutil.virtual_memory().total // 2
    (tmp_path / "memory.max").write_text("1000000\n")
    assert budget(None) == 500_000
    assert budget(7) == 7


@pytest.mark.parametrize(
    ("size", "number"),
    [
        ("4G", 4 * 1024**3),
        ("512M", 512 * 1024**2),
        ("1.5 GiB", 1536 * 1024**2),
        ("100", 100),
        ("2kb", 2048),
        ("", None),
    ],
)
def test_sizes_are_read_as_people_write_them(size: str, number: int | None) -> None:
    assert bytes_of(size) == number


def test_a_size_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_MEMORY", "a lot")
    with pytest.raises(UsageError, match=r"TRAX_MEMORY.*'a lot' is no size"):
        load_settings()
