"""ONNX models written byte by byte: the few message types that a network needs, without the `onnx` package.

The format is Protocol Buffers; field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

OPSET = 20  # the first with Gelu; onnxruntime 1.17 and newer
IR_VERSION = 9
FLOAT, INT64 = 1, 7  # TensorProto.DataType
TYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.int64): INT64}
OF_FLOAT, OF_INT, OF_INTS = 1, 2, 7  # AttributeProto.AttributeType

Attribute = int | float | Sequence[int]


class Network:
    """Constants and operations in order; what an operation gives has a name, which the next one takes."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Name of a tensor with those values."""
        name = f"c{len(self._constants)}"
        tensor = [_number(1, size) for size in values.shape]
        tensor += [_number(2, TYPES[values.dtype]), _text(8, name), _bytes(9, values.tobytes())]
        self._constants.append(_bytes(5, b"".join(tensor)))
        return name

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def apply(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Name of what the operator makes of the inputs."""
        output = f"n{len(self._nodes)}"
        node = [_text(1, name) for name in inputs]
        node += [_text(2, output), _text(4, operator)]
        node += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(_bytes(1, b"".join(node)))
        return output

    def model(
        self, inputs: Mapping[str, Sequence[str | int]], output: str, sizes: Sequence[str | int], kind: int = INT64
    ) -> bytes:
        """The whole model. `inputs`: the axes of each, all numbers of one kind; `sizes`: of the output, of floats."""
        graph = [*self._nodes, _text(2, "trax"), *self._constants]
        graph += [_bytes(11, _described(name, kind, axes)) for name, axes in inputs.items()]
        graph.append(_bytes(12, _described(output, FLOAT, sizes)))
        return b"".join((_number(1, IR_VERSION), _bytes(8, _number(2, OPSET)), _bytes(7, b"".join(graph))))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, OF_FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, OF_INT)
    return _text(1, name) + b"".join(_number(8, item) for item in value) + _number(20, OF_INTS)


def _described(name: str, kind: int, axes: Sequence[str | int]) -> bytes:
    """ValueInfoProto: a name with the type and the axes, each a size or the name of one."""
    sizes = (_number(1, axis) if isinstance(axis, int) else _text(2, axis) for axis in axes)
    shape = b"".join(_bytes(1, size) for size in sizes)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)  # negative ones in two's complement


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, 2) + _varint(len(value)) + value


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Seven bits a byte, least significant first; the eighth says that more follow."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
