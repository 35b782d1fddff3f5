"""A real model written again with other weights, by CTranslate2's own converter."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import WhisperSpec
from ctranslate2.specs.model_spec import NumpyVariable, index_spec, visit_spec

from trax.transcription.ct2_weights import Weights, read_weights

ENDS = ("encoder", "decoder")


class HalvedVariable(NumpyVariable):  # type: ignore[misc]
    """bfloat16 without torch: the upper halves of float32."""

    @property
    def dtype(self) -> str:
        return "bfloat16"

    def num_bytes(self) -> int:
        return 2 * int(self.array.size)

    def to_bytes(self) -> bytes:
        halves: Any = self.array.astype("<f4").view("<u2")[..., 1::2]
        return bytes(np.ascontiguousarray(halves).tobytes())


def requantised(source: Path, target: Path, quantization: str) -> Path:
    """A folder with the same model, its weights in `quantization`: a word of CTranslate2's, such as int8_float32."""
    target.mkdir()
    weights = read_weights(source / "model.bin")
    spec = _spec(weights)
    if quantization == "bfloat16":
        visit_spec(spec, _halve)
    else:
        spec.optimize(quantization)
    spec.save(str(target))
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(source / name, target / name)
    (target / "vocabulary.json").unlink()
    return target


def _spec(weights: Weights) -> Any:
    layers = [len({name.split("/")[1] for name in weights if re.match(rf"{end}/layer_\d", name)}) for end in ENDS]
    heads = [weights.number(f"{end}/num_heads") for end in ENDS]
    spec = WhisperSpec(layers[0], heads[0], layers[1], heads[1])
    for name in weights:
        if weights.shape(name):  # the rest are settings, which the specification has already
            *scope, attribute = name.split("/")
            setattr(index_spec(spec, "/".join(scope)), attribute, weights[name].copy())
    spec.register_vocabulary([str(token) for token in range(weights.shape("decoder/embeddings/weight")[0])])
    spec.validate()
    return spec


def _halve(spec: Any, name: str, value: Any) -> None:
    if isinstance(value, NumpyVariable) and value.shape and value.dtype.startswith("float"):
        setattr(spec, name.split("/")[-1], HalvedVariable(value.numpy()))
