"""Weights are read as CTranslate2 wrote them, quantised ones as what they stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.transcription.requantised import requantised
from trax.transcription.ct2_weights import UnknownWeights, Weights, read_weights
from trax.transcription.models import resolve


@pytest.fixture(scope="module")
def folder(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resolve(tiny_model, models_folder=tmp_path_factory.mktemp("none"), offline=True).path


@pytest.fixture(scope="module")
def weights(folder: Path) -> Weights:
    return read_weights(folder / "model.bin")


@pytest.mark.parametrize(
    ("quantization", "error"),  # the most that rounding can change, as a share of the largest value
    [
        ("float32", 0.0),
        ("float16", 0.0),
        ("bfloat16", 2**-7),
        ("int16", 0.51 / 2**10),
        ("int8", 0.51 / 127),
        ("int8_float32", 0.51 / 127),
    ],
)
def test_every_kind_of_weights_is_read(
    folder: Path, weights: Weights, quantization: str, error: float, tmp_path: Path
) -> None:
    written = read_weights(requantised(folder, tmp_path / "model", quantization) / "model.bin")
    for name in weights:
        if weights.shape(name):
            values = weights[name].astype(np.float32)
            assert np.abs(written[name] - values).max() <= error * np.abs(values).max(), name
    assert written.number("encoder/num_heads") == weights.number("encoder/num_heads") == 6


def test_half_precision_stays_as_small_as_it_is(weights: Weights) -> None:
    assert weights["encoder/conv1/weight"].dtype == np.float16
    assert weights["encoder/conv1/weight"].base is not None, "it is a view of the file"


def test_an_alias_is_what_it_stands_for(weights: Weights) -> None:
    assert np.array_equal(weights["decoder/projection/weight"], weights["decoder/embeddings/weight"])


def test_a_file_that_was_cut_off_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "model.bin").read_bytes()
    part = tmp_path / "model.bin"
    for size in (0, 3, 30, 100, 5_000_000, len(whole) - 1):
        part.write_bytes(whole[:size])
        with pytest.raises(UnknownWeights):
            read_weights(part)


@pytest.mark.parametrize("content", [b"\x07\0\0\0" + b"\0" * 100, b"GGUF" * 50, b"\x06\0\0\0" + b"\xff" * 200])
def test_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(UnknownWeights):
        read_weights(tmp_path / "model.bin")


def test_whole_numbers_without_a_scale_are_refused(weights: Weights) -> None:
    with pytest.raises(UnknownWeights, match="without a scale"):
        weights["encoder/num_heads"]
