"""Whisper's weights as whisper.cpp reads them, made from the CTranslate2 folder that all other systems run.

The file is of whisper.cpp's first format (`ggml-tiny.en.bin`): sizes, mel filters, vocabulary, tensors under OpenAI's
names. So every system of a comparison runs the same weights, and no model hub is needed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from trax.transcription.ct2_weights import read_weights

MAGIC = 0x67676D6C
HALF, QUANTISED = 1, 8  # ggml's types: f16, and q8_0: 32 signed bytes with one scale
FILE_TYPES = {HALF: 1, QUANTISED: 2007}  # of the header: mostly of that type, second version of quantisation
BLOCK = 32
HEAD_SIZE = 64  # of every Whisper
AUDIO_CONTEXT, TEXT_CONTEXT = 1500, 448
FFT_SIZE = 400

Weights = Mapping[str, NDArray[Any]]  # under CTranslate2's names, as floats
Tensors = Iterator[tuple[str, NDArray[np.float32]]]


def write(model_folder: Path, target: Path, kind: int = HALF) -> None:
    """The model of a CTranslate2 folder as a file for whisper.cpp."""
    tensors = dict(_tensors(read_weights(model_folder / "model.bin")))
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        _write_sizes(file, tensors, kind)
        _write_filters(file, tensors["encoder.conv1.weight"].shape[1])
        _write_vocabulary(file, _vocabulary(model_folder))
        for name, tensor in tensors.items():
            _write_tensor(file, name, tensor, kind)
    part.replace(target)


def _tensors(weights: Weights) -> Tensors:
    """Every tensor under OpenAI's name, as 32-bit floats."""
    for conv in ("conv1", "conv2"):
        yield f"encoder.{conv}.weight", _float(weights[f"encoder/{conv}/weight"])
        yield f"encoder.{conv}.bias", _float(weights[f"encoder/{conv}/bias"]).reshape(-1, 1)
    yield "encoder.positional_embedding", _float(weights["encoder/position_encodings/encodings"])
    yield "decoder.positional_embedding", _float(weights["decoder/position_encodings/encodings"])
    yield "decoder.token_embedding.weight", _float(weights["decoder/embeddings/weight"])
    yield from _norm("encoder.ln_post", "encoder/layer_norm", weights)
    yield from _norm("decoder.ln", "decoder/layer_norm", weights)
    for side in ("encoder", "decoder"):
        for layer in range(_layers(weights, side)):
            yield from _block(f"{side}.blocks.{layer}", f"{side}/layer_{layer}", weights)


def _block(target: str, source: str, weights: Weights) -> Tensors:
    yield from _norm(f"{target}.attn_ln", f"{source}/self_attention/layer_norm", weights)
    yield from _parts(f"{target}.attn", ("query", "key", "value"), f"{source}/self_attention/linear_0", weights)
    yield from _parts(f"{target}.attn", ("out",), f"{source}/self_attention/linear_1", weights)
    if f"{source}/attention/linear_0/weight" in weights:
        yield from _norm(f"{target}.cross_attn_ln", f"{source}/attention/layer_norm", weights)
        yield from _parts(f"{target}.cross_attn", ("query",), f"{source}/attention/linear_0", weights)
        yield from _parts(f"{target}.cross_attn", ("key", "value"), f"{source}/attention/linear_1", weights)
        yield from _parts(f"{target}.cross_attn", ("out",), f"{source}/attention/linear_2", weights)
    yield from _norm(f"{target}.mlp_ln", f"{source}/ffn/layer_norm", weights)
    for number in (0, 1):
        yield from _parts(f"{target}.mlp", (str(2 * number),), f"{source}/ffn/linear_{number}", weights)


def _parts(target: str, names: tuple[str, ...], source: str, weights: Weights) -> Tensors:
    """The linear layers that CTranslate2 keeps in one; Whisper's key has no bias."""
    matrices = np.split(_float(weights[f"{source}/weight"]), len(names))
    biases = np.split(_float(weights[f"{source}/bias"]), len(names))
    for name, matrix, bias in zip(names, matrices, biases, strict=True):
        yield f"{target}.{name}.weight", matrix
        if name != "key":
            yield f"{target}.{name}.bias", bias


def _norm(target: str, source: str, weights: Weights) -> Tensors:
    yield f"{target}.weight", _float(weights[f"{source}/gamma"])
    yield f"{target}.bias", _float(weights[f"{source}/beta"])


def _layers(weights: Weights, side: str) -> int:
    return sum(name.startswith(f"{side}/layer_") and name.endswith("ffn/layer_norm/gamma") for name in weights)


def _float(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)


def _write_sizes(file: BinaryIO, tensors: Mapping[str, NDArray[np.float32]], kind: int) -> None:
    tokens, width = tensors["decoder.token_embedding.weight"].shape
    layers = {
        side: sum(name.startswith(side) and name.endswith(".mlp_ln.bias") for name in tensors)
        for side in ("encoder", "decoder")
    }
    heads, mels = width // HEAD_SIZE, tensors["encoder.conv1.weight"].shape[1]
    encoder = (AUDIO_CONTEXT, width, heads, layers["encoder"])
    decoder = (TEXT_CONTEXT, width, heads, layers["decoder"])
    file.write(struct.pack("<I11i", MAGIC, tokens, *encoder, *decoder, mels, FILE_TYPES[kind]))


def _write_filters(file: BinaryIO, mels: int) -> None:
    from faster_whisper.feature_extractor import FeatureExtractor

    filters = _float(FeatureExtractor(mels).mel_filters)
    assert filters.shape == (mels, FFT_SIZE // 2 + 1)
    file.write(struct.pack("<2i", *filters.shape))
    file.write(filters.tobytes())


def _write_vocabulary(file: BinaryIO, words: list[bytes]) -> None:
    file.write(struct.pack("<i", len(words)))
    for word in words:
        file.write(struct.pack("<I", len(word)) + word)


def _vocabulary(model_folder: Path) -> list[bytes]:
    """The bytes of each token but the special ones, which whisper.cpp adds itself."""
    document = json.loads((model_folder / "tokenizer.json").read_text("utf-8"))
    special = {token["content"] for token in document["added_tokens"]}
    numbers = {number: word for word, number in document["model"]["vocab"].items() if word not in special}
    letters = _byte_letters()
    return [bytes(letters[letter] for letter in numbers[number]) for number in range(len(numbers))]


def _byte_letters() -> dict[str, int]:
    """GPT-2's vocabulary writes each byte as a visible letter."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {chr(byte): byte for byte in visible} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


def _write_tensor(file: BinaryIO, name: str, tensor: NDArray[np.float32], kind: int) -> None:
    is_matrix = tensor.ndim == 2 and not name.endswith(("bias", "positional_embedding"))
    if is_matrix and kind == QUANTISED:
        written, data = QUANTISED, quantised(tensor)
    elif is_matrix or tensor.ndim == 3:
        written, data = HALF, tensor.astype("<f2").tobytes()
    else:
        written, data = 0, tensor.astype("<f4").tobytes()
    encoded = name.encode()
    file.write(struct.pack("<3i", tensor.ndim, len(encoded), written))
    file.write(struct.pack(f"<{tensor.ndim}i", *reversed(tensor.shape)) + encoded + data)


def quantised(tensor: NDArray[np.float32]) -> bytes:
    """q8_0: of each 32 numbers in a row the scale as f16, then the numbers as signed bytes."""
    blocks = tensor.reshape(-1, BLOCK)
    scales = np.abs(blocks).max(axis=1, keepdims=True) / 127
    safe = np.where(scales == 0, 1, scales)
    packed = np.empty(len(blocks), dtype=[("scale", "<f2"), ("numbers", "i1", BLOCK)])
    packed["scale"] = scales[:, 0].astype("<f2")
    packed["numbers"] = np.rint(blocks / safe).astype("i1")
    return packed.tobytes()
