"""Models in onnxruntime's own format, read as operations and tensors, so that a part of a network can be run.

The format is FlatBuffers; field numbers are those of
https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/flatbuffers/schema/ort.fbs.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IDENTIFIER = b"ORTM"
FLOAT, INT, INTS = 1, 2, 7  # AttributeType
TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 11: "<f8"}  # TensorDataType
SCALARS = {"u": "<I", "i": "<i", "q": "<q", "f": "<f"}

Tensor = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a network."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, int | float | tuple[int, ...]]  # without those of other types


@dataclass(frozen=True, slots=True)
class Graph:
    """A network: its operations in an order in which they can be done, and its constant tensors by name."""

    operations: tuple[Operation, ...]
    tensors: Mapping[str, Tensor]


def read_graph(data: bytes) -> Graph:
    """The network in a file of this format.

    Raises: ValueError: it is no such file.
    """
    if data[4:8] != IDENTIFIER:
        raise ValueError("not a model in onnxruntime's format")
    try:
        graph = _Table(data, struct.unpack_from("<I", data, 0)[0]).table(1).table(7)
        operations = sorted(graph.tables(2), key=lambda node: node.number(4, "u"))
        tensors = {tensor.text(0): _tensor(tensor) for tensor in graph.tables(0)}
    except (struct.error, OverflowError, IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError("a damaged model in onnxruntime's format") from error
    return Graph(tuple(_operation(node) for node in operations), tensors)


def unpacked(graph: Graph) -> Graph:
    """The same network with weights that were stored in 8 bits written out: nothing is computed of constants alone."""
    tensors, operations = dict(graph.tensors), []
    for operation in graph.operations:
        known = [tensors[name] for name in operation.inputs if name in tensors]
        if operation.kind not in ("Cast", "Mul", "Add") or len(known) < len(operation.inputs):
            operations.append(operation)
        elif operation.kind == "Cast":
            tensors[operation.outputs[0]] = known[0].astype(TYPES[int(operation.attributes["to"])])  # type: ignore[arg-type]
        else:
            tensors[operation.outputs[0]] = known[0] * known[1] if operation.kind == "Mul" else known[0] + known[1]
    return Graph(tuple(operations), tensors)


def leading_to(graph: Graph, output: str) -> list[Operation]:
    """The operations that this tensor is made by, in order."""
    wanted, found = {output}, []
    for operation in reversed(graph.operations):
        if wanted.intersection(operation.outputs):
            wanted.update(operation.inputs)
            found.append(operation)
    return found[::-1]


def _operation(node: _Table) -> Operation:
    attributes = {attribute.text(0): _attribute(attribute) for attribute in node.tables(10)}
    known = {name: value for name, value in attributes.items() if value is not None}
    return Operation(node.text(5), tuple(node.texts(8)), tuple(node.texts(9)), known)


def _attribute(attribute: _Table) -> int | float | tuple[int, ...] | None:
    kind = attribute.number(2, "i")
    if kind == FLOAT:
        return float(attribute.number(3, "f"))
    if kind == INT:
        return int(attribute.number(4, "q"))
    return tuple(attribute.numbers(9)) if kind == INTS else None


def _tensor(tensor: _Table) -> Tensor:
    values = np.frombuffer(tensor.raw(4), TYPES[int(tensor.number(3, "i"))])
    return values.reshape(tensor.numbers(2))


class _Table:
    """A table of a FlatBuffer: its fields by number; one that isn't there is empty, or zero."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - self._get("<i", at)

    def _get(self, form: str, at: int) -> Any:
        return struct.unpack_from(form, self._data, at)[0]

    def _field(self, number: int) -> int | None:
        """Where the field is."""
        place = 4 + 2 * number
        if place >= self._get("<H", self._fields):
            return None
        offset = self._get("<H", self._fields + place)
        return self._at + offset if offset else None

    def _pointed(self, number: int) -> int | None:
        at = self._field(number)
        return None if at is None else at + self._get("<I", at)

    def number(self, number: int, form: str) -> int | float:
        at = self._field(number)
        value: int | float = 0 if at is None else self._get(SCALARS[form], at)
        return value

    def text(self, number: int) -> str:
        return self.raw(number).decode()

    def raw(self, number: int) -> bytes:
        at = self._pointed(number)
        return b"" if at is None else self._bytes(at)

    def _bytes(self, at: int) -> bytes:
        length = self._get("<I", at)
        return self._data[at + 4 : at + 4 + length]

    def numbers(self, number: int) -> list[int]:
        """Of 64 bits each."""
        at = self._pointed(number)
        if at is None:
            return []
        return list(struct.unpack_from(f"<{self._get('<I', at)}q", self._data, at + 4))

    def _targets(self, number: int) -> list[int]:
        at = self._pointed(number)
        if at is None:
            return []
        places = (at + 4 + 4 * n for n in range(self._get("<I", at)))
        return [place + self._get("<I", place) for place in places]

    def texts(self, number: int) -> list[str]:
        return [self._bytes(at).decode() for at in self._targets(number)]

    def tables(self, number: int) -> list[_Table]:
        return [_Table(self._data, at) for at in self._targets(number)]

    def table(self, number: int) -> _Table:
        at = self._pointed(number)
        if at is None:
            raise KeyError(number)
        return _Table(self._data, at)
