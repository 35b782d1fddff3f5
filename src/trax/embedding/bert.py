"""The network of BERT (Devlin et al., 2018), and the mean of its last layer with unit length, for onnxruntime.

Names of weights are those of the transformers library, in which such models are published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trax.onnx_model import Network

MASKED = -10_000.0  # added to the score of padding: its share becomes exactly 0
INPUTS = {"tokens": ("texts", "length"), "mask": ("texts", "length")}

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Shape:
    layers: int
    heads: int
    width: int  # of a token's vector
    epsilon: float  # of the layer normalisation


def build(weights: Tensors, shape: Shape) -> bytes:
    """The model, in ONNX: `tokens` and `mask` (texts x length) to vectors (texts x width).

    Raises: KeyError: a weight is missing.
    """
    return _Bert(weights, shape).model()


class _Bert:
    def __init__(self, weights: Tensors, shape: Shape) -> None:
        self._weights = weights
        self._shape = shape
        self._net = Network()

    def model(self) -> bytes:
        net = self._net
        mask = net.apply("Cast", "mask", to=1)
        padding = net.apply("Unsqueeze", net.apply("Sub", net.scalar(1.0), mask), net.integers(1, 2))
        bias = net.apply("Mul", padding, net.scalar(MASKED))
        states = self._embedded()
        for layer in range(self._shape.layers):
            states = self._layer(f"encoder.layer.{layer}", states, bias)
        output = net.apply("LpNormalization", self._mean(states, mask), axis=1, p=2)
        return net.model(INPUTS, output, ("texts", self._shape.width))

    def _embedded(self) -> str:
        """Each token's vector and that of its place; every token is of the first of BERT's two sentences."""
        net, place = self._net, "embeddings"
        words = net.apply("Gather", self._weight(f"{place}.word_embeddings.weight"), "tokens")
        length = net.apply("Shape", "tokens", start=1)
        places = net.apply("Slice", self._weight(f"{place}.position_embeddings.weight"), net.integers(0), length)
        first = net.constant(self._weights[f"{place}.token_type_embeddings.weight"][0])
        return self._normalised(f"{place}.LayerNorm", net.apply("Add", net.apply("Add", words, places), first))

    def _layer(self, place: str, states: str, bias: str) -> str:
        net = self._net
        heard = self._linear(f"{place}.attention.output.dense", self._attention(place, states, bias))
        states = self._normalised(f"{place}.attention.output.LayerNorm", net.apply("Add", heard, states))
        inner = net.apply("Gelu", self._linear(f"{place}.intermediate.dense", states))
        thought = self._linear(f"{place}.output.dense", inner)
        return self._normalised(f"{place}.output.LayerNorm", net.apply("Add", thought, states))

    def _attention(self, place: str, states: str, bias: str) -> str:
        net, shape = self._net, self._shape
        query = self._heads(f"{place}.attention.self.query", states, (0, 2, 1, 3))
        key = self._heads(f"{place}.attention.self.key", states, (0, 2, 3, 1))
        value = self._heads(f"{place}.attention.self.value", states, (0, 2, 1, 3))
        scale = net.scalar(1 / math.sqrt(shape.width / shape.heads))
        scores = net.apply("Add", net.apply("Mul", net.apply("MatMul", query, key), scale), bias)
        mixed = net.apply("MatMul", net.apply("Softmax", scores, axis=-1), value)
        joined = net.apply("Transpose", mixed, perm=(0, 2, 1, 3))
        return net.apply("Reshape", joined, net.integers(0, 0, shape.width))

    def _heads(self, name: str, states: str, order: tuple[int, ...]) -> str:
        """What each head sees: texts x length x heads x width of a head, in that order."""
        net, shape = self._net, self._shape
        split = net.integers(0, 0, shape.heads, shape.width // shape.heads)
        return net.apply("Transpose", net.apply("Reshape", self._linear(name, states), split), perm=order)

    def _linear(self, name: str, states: str) -> str:
        turned = self._net.constant(self._weights[f"{name}.weight"].T)
        return self._net.apply("Add", self._net.apply("MatMul", states, turned), self._weight(f"{name}.bias"))

    def _normalised(self, name: str, states: str) -> str:
        scale, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._net.apply("LayerNormalization", states, scale, bias, axis=-1, epsilon=self._shape.epsilon)

    def _mean(self, states: str, mask: str) -> str:
        """The mean over the tokens, without padding."""
        net = self._net
        kept = net.apply("Mul", states, net.apply("Unsqueeze", mask, net.integers(2)))
        count = net.apply("ReduceSum", mask, net.integers(1), keepdims=1)
        return net.apply("Div", net.apply("ReduceSum", kept, net.integers(1), keepdims=0), count)

    def _weight(self, name: str) -> str:
        return self._net.constant(self._weights[name])
