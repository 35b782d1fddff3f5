"""The weights in a CTranslate2 `model.bin`, read one by one out of the mapped file.

The layout is that of `ctranslate2.specs.ModelSpec._serialize`, version 6 of the format; quantised weights are given
back as what they stand for.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 6
TYPES = ("float32", "int8", "int16", "int32", "float16", "bfloat16")  # in the order of CTranslate2's DataType
WIDTHS = {"float32": 4, "int8": 1, "int16": 2, "int32": 4, "float16": 2, "bfloat16": 2}


class UnknownWeights(ValueError):
    """The file is not laid out as it should be, or holds weights of a kind that isn't known here."""


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str  # its own, where an alias leads to it
    shape: tuple[int, ...]
    kind: str
    offset: int  # bytes from the beginning of the file


@dataclass(slots=True)
class _Reader:
    """The place in the file up to which it has been read."""

    data: mmap.mmap
    at: int = 0

    def number(self, form: str) -> int:
        try:
            (value,) = struct.unpack_from(f"<{form}", self.data, self.at)
        except struct.error as error:
            raise UnknownWeights(f"it ends too early, after {len(self.data)} bytes") from error
        self.at += struct.calcsize(form)
        return int(value)

    def skip(self, size: int) -> int:
        """The place of the next `size` bytes."""
        start, self.at = self.at, self.at + size
        if self.at > len(self.data):
            raise UnknownWeights(f"it ends too early, after {len(self.data)} bytes")
        return start

    def text(self) -> str:
        size = self.number("H")
        start = self.skip(size)
        return self.data[start : start + size].rstrip(b"\0").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Weights(Mapping[str, NDArray[Any]]):
    """Arrays by name, float16 where the file has float16 and else float32; each is read when it is asked for."""

    _data: mmap.mmap
    _variables: Mapping[str, _Variable]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._variables if not name.endswith("_scale"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, name: str) -> NDArray[Any]:
        stored = self._stored(name)
        kind, own_name = self._variables[name].kind, self._variables[name].name
        if kind in ("float16", "float32"):
            return stored
        if kind == "bfloat16":  # the upper half of a float32
            return (stored.astype(np.uint32) << 16).view(np.float32)
        if f"{own_name}_scale" in self._variables:
            scale = self._stored(f"{own_name}_scale").astype(np.float32)
            whole: NDArray[Any] = stored.astype(np.float32) / scale.reshape(-1, *[1] * (stored.ndim - 1))
            return whole
        raise UnknownWeights(f"{name} is {kind} without a scale")

    def number(self, name: str) -> int:
        """A setting of the model, such as its number of attention heads."""
        return int(self._stored(name).item())

    def shape(self, name: str) -> tuple[int, ...]:
        return self._variables[name].shape

    def _stored(self, name: str) -> NDArray[Any]:
        variable = self._variables[name]
        kind = "uint16" if variable.kind == "bfloat16" else variable.kind
        count = int(np.prod(variable.shape, dtype=np.int64))
        return np.frombuffer(self._data, np.dtype(kind), count, variable.offset).reshape(variable.shape)


def read_weights(path: Path) -> Weights:
    """The weights in a `model.bin`.

    Raises: UnknownWeights: it is damaged, or not of the version that is known here. OSError.
    """
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:  # an empty file can't be mapped
            raise UnknownWeights(str(error)) from error
    reader = _Reader(data)
    if (version := reader.number("I")) != VERSION:
        raise UnknownWeights(f"its format has the version {version}, and {VERSION} is the one that is known")
    reader.text()  # what kind of model it is
    reader.number("I")  # and the revision of that
    variables = dict(_variable(reader) for _ in range(reader.number("I")))
    for _ in range(reader.number("I")):
        alias, name = reader.text(), reader.text()
        if name not in variables:
            raise UnknownWeights(f"{alias} stands for {name}, which isn't there")
        variables[alias] = variables[name]
    return Weights(data, variables)


def _variable(reader: _Reader) -> tuple[str, _Variable]:
    name = reader.text()
    shape = tuple(reader.number("I") for _ in range(reader.number("B")))
    code = reader.number("B")
    if code >= len(TYPES):
        raise UnknownWeights(f"{name} is of a type that isn't known, number {code}")
    size = reader.number("I")
    if size != WIDTHS[TYPES[code]] * int(np.prod(shape, dtype=np.int64)):
        raise UnknownWeights(f"{name} has {size} bytes, which its shape {shape} doesn't take")
    return name, _Variable(name, shape, TYPES[code], reader.skip(size))
