"""Whisper's encoder as an OpenVINO graph, made from the weights of a CTranslate2 model.

Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", §2.2.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.transcription.ct2_weights import UnknownWeights, Weights

EPSILON = 1e-5  # of layer normalisation
LAYER = r"encoder/layer_(\d+)/"
PARTS = ("self_attention/layer_norm", "self_attention/linear_0", "self_attention/linear_1")
PARTS_AFTER = ("ffn/layer_norm", "ffn/linear_0", "ffn/linear_1")


def encoder_graph(weights: Weights) -> Any:
    """An `openvino.Model` from features (n, n_mels, frames) to states (n, frames / 2, width), both of any length.

    Raises: UnknownWeights: these aren't the weights of Whisper's encoder.
    """
    return _Graph(weights).model()


def encoder_size(weights: Weights) -> int:
    """Number of parameters of the encoder."""
    return sum(int(np.prod(weights.shape(name))) for name in weights if name.startswith("encoder/"))


def _names(layers: int) -> set[str]:
    """Every variable of an encoder of so many layers."""
    linear = ["encoder/conv1", "encoder/conv2"]
    normal = ["encoder/layer_norm"]
    for layer in range(layers):
        for part in (*PARTS, *PARTS_AFTER):
            (normal if part.endswith("norm") else linear).append(f"encoder/layer_{layer}/{part}")
    names = {f"{part}/{kind}" for part in linear for kind in ("weight", "bias")}
    names |= {f"{part}/{kind}" for part in normal for kind in ("gamma", "beta")}
    return names | {"encoder/num_heads", "encoder/position_encodings/encodings"}


class _Graph:
    """One encoder while it is put together."""

    def __init__(self, weights: Weights) -> None:
        from openvino import opset13

        self._ops = opset13
        self._weights = weights
        present = {name for name in weights if name.startswith("encoder/")}
        self._layers = len({found[1] for name in present if (found := re.match(LAYER, name))})
        if different := present ^ _names(self._layers):
            raise UnknownWeights(f"its encoder is not as Whisper's: {', '.join(sorted(different)[:3])}")
        self._heads = weights.number("encoder/num_heads")
        self._width = weights.shape("encoder/position_encodings/encodings")[1]

    def model(self) -> Any:
        from openvino import Model

        ops, mels = self._ops, self._weights.shape("encoder/conv1/weight")[1]
        features = ops.parameter([-1, mels, -1], np.float32, name="features")
        states = self._convolution(features, "encoder/conv1", stride=1)
        states = self._convolution(states, "encoder/conv2", stride=2)
        states = self._placed(ops.transpose(states, [0, 2, 1]))
        for layer in range(self._layers):
            states = ops.add(states, self._attention(states, f"encoder/layer_{layer}/self_attention"))
            states = ops.add(states, self._feed_forward(states, f"encoder/layer_{layer}/ffn"))
        return Model([self._normal(states, "encoder/layer_norm")], [features], "whisper_encoder")

    def _constant(self, values: NDArray[Any]) -> Any:
        return self._ops.constant(np.ascontiguousarray(values, dtype=np.float32))

    def _convolution(self, states: Any, name: str, *, stride: int) -> Any:
        ops = self._ops  # in two dimensions, one of them of size 1: OpenVINO has faster kernels for these
        weight = self._constant(self._weights[f"{name}/weight"][:, :, None, :])
        bias = self._constant(self._weights[f"{name}/bias"].reshape(1, -1, 1, 1))
        flat = ops.unsqueeze(states, ops.constant(2))
        convolved = ops.convolution(flat, weight, [1, stride], [0, 1], [0, 1], [1, 1])
        return ops.gelu(ops.squeeze(ops.add(convolved, bias), ops.constant(2)), "erf")

    def _placed(self, states: Any) -> Any:
        """The states with the encodings of their places added, as many as there are states."""
        ops = self._ops
        encodings = self._constant(self._weights["encoder/position_encodings/encodings"])
        length = ops.gather(ops.shape_of(states), ops.constant([1]), ops.constant(0))
        return ops.add(states, ops.slice(encodings, [0], length, [1], [0]))

    def _attention(self, states: Any, name: str) -> Any:
        ops, width = self._ops, self._width
        normal = self._normal(states, f"{name}/layer_norm")
        weight, bias = self._weights[f"{name}/linear_0/weight"], self._weights[f"{name}/linear_0/bias"]
        thirds = [slice(start, start + width) for start in (0, width, 2 * width)]  # queries, keys, values
        queries, keys, values = (self._by_head(self._linear(normal, weight[part], bias[part])) for part in thirds)
        attended = ops.scaled_dot_product_attention(queries, keys, values)
        joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [0, 0, width], True)
        return self._named_linear(joined, f"{name}/linear_1")

    def _by_head(self, states: Any) -> Any:
        shape = [0, 0, self._heads, self._width // self._heads]  # 0: as it is
        return self._ops.transpose(self._ops.reshape(states, shape, True), [0, 2, 1, 3])

    def _feed_forward(self, states: Any, name: str) -> Any:
        inner = self._named_linear(self._normal(states, f"{name}/layer_norm"), f"{name}/linear_0")
        return self._named_linear(self._ops.gelu(inner, "erf"), f"{name}/linear_1")

    def _normal(self, states: Any, name: str) -> Any:
        ops = self._ops
        normal = ops.mvn(states, ops.constant([-1]), True, EPSILON, "inside_sqrt")
        scaled = ops.multiply(normal, self._constant(self._weights[f"{name}/gamma"]))
        return ops.add(scaled, self._constant(self._weights[f"{name}/beta"]))

    def _named_linear(self, states: Any, name: str) -> Any:
        return self._linear(states, self._weights[f"{name}/weight"], self._weights[f"{name}/bias"])

    def _linear(self, states: Any, weight: NDArray[Any], bias: NDArray[Any]) -> Any:
        product = self._ops.matmul(states, self._constant(weight), False, True)
        return self._ops.add(product, self._constant(bias))
