"""The weights that whisper.cpp is given are those of the model, in its own format."""

from __future__ import annotations

import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from benchmarks.scoring import errors
from numpy.typing import NDArray

from benchmarks import ggml
from trax.transcription.ct2_weights import read_weights
from trax.transcription.models import resolve


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return resolve("tiny.en", models_folder=tmp_path_factory.mktemp("no-models"), offline=True).path


@pytest.fixture(scope="module", params=[ggml.HALF, ggml.QUANTISED], ids=["f16", "q8_0"])
def written(request: pytest.FixtureRequest, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ggml") / "model.bin"
    ggml.write(model_folder, path, request.param)
    return path


class Reader:
    """The format as whisper.cpp's loader reads it."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.at = 0

    def numbers(self, count: int) -> tuple[int, ...]:
        found = struct.unpack_from(f"<{count}i", self.data, self.at)
        self.at += 4 * count
        return found

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def tensor(self) -> tuple[str, NDArray[np.float32]]:
        dimensions, length, kind = self.numbers(3)
        shape = tuple(reversed(self.numbers(dimensions)))
        name, count = self.take(length).decode(), int(np.prod(shape))
        if kind == ggml.QUANTISED:
            blocks = np.frombuffer(self.take(count // 32 * 34), dtype=[("scale", "<f2"), ("numbers", "i1", 32)])
            values = blocks["scale"][:, np.newaxis].astype(np.float32) * blocks["numbers"]
        else:
            dtype = np.dtype("<f2" if kind == ggml.HALF else "<f4")
            values = np.frombuffer(self.take(count * dtype.itemsize), dtype)
        return name, values.astype(np.float32).reshape(shape)


def test_file_holds_every_weight_of_the_model(written: Path, model_folder: Path) -> None:
    reader = Reader(written)
    assert reader.numbers(1)[0] == ggml.MAGIC
    tokens, *sizes, _ = reader.numbers(11)
    assert (tokens, *sizes) == (51864, 1500, 384, 6, 4, 448, 384, 6, 4, 80)
    filters = np.frombuffer(reader.take(4 * int(np.prod(reader.numbers(2)))), "<f4")
    assert filters.max() > 0
    words = [reader.take(reader.numbers(1)[0]) for _ in range(reader.numbers(1)[0])]
    assert (len(words), words[0], words[262]) == (50257 - 1, b"!", b" the")
    tensors = {}
    while reader.at < len(reader.data):
        name, tensor = reader.tensor()
        tensors[name] = tensor
    assert len(tensors) == 167  # as whisper.cpp counts them in ggml-tiny.en.bin
    weights = read_weights(model_folder / "model.bin")
    fused = weights["decoder/layer_3/attention/linear_1/weight"].astype(np.float32)
    _assert_close(tensors["decoder.blocks.3.cross_attn.value.weight"], fused[384:])
    _assert_close(tensors["decoder.token_embedding.weight"], weights["decoder/embeddings/weight"].astype(np.float32))
    assert "decoder.blocks.3.cross_attn.key.bias" not in tensors


def test_quantised_numbers_are_off_by_half_a_step_at_most() -> None:
    numbers = np.random.default_rng(1).normal(size=(3, 64)).astype(np.float32)
    numbers[0, :32] = 0
    blocks = np.frombuffer(ggml.quantised(numbers), dtype=[("scale", "<f2"), ("numbers", "i1", 32)])
    _assert_close((blocks["scale"][:, np.newaxis].astype(np.float32) * blocks["numbers"]).reshape(3, 64), numbers)


def test_whisper_cpp_reads_the_file_and_understands(written: Path, shared_data: Path) -> None:
    if find_spec("pywhispercpp") is None:
        pytest.skip("pywhispercpp is not installed: it is in the group `benchmarks`, which no other test needs")
    from faster_whisper.audio import decode_audio
    from pywhispercpp.model import Model

    sound = decode_audio(str(shared_data / "speech" / "read" / "1898-145715-0036.flac"))
    heard = Model(str(written), redirect_whispercpp_logs_to=None, print_progress=False, n_threads=2).transcribe(sound)
    reference = (
        "that they wished their houses and garments to be equally alike their occupation consisted in helping those in "
        "misfortune and they were as gentle and benevolent as lagree had been cruel and spiteful the third fairy "
        "comforted the poor traveller"
    )
    assert errors(reference, " ".join(segment.text for segment in heard)).wer < 0.3


def _assert_close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    """Within half a step of q8_0, the scale of which is an f16."""
    step = np.abs(expected).max() / 127
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 0.51 * step + 1e-3 * np.abs(expected).max()
