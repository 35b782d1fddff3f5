"""Tensors from a safetensors file: a length, a JSON header, and the bytes (https://github.com/huggingface/safetensors)."""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"F32": np.float32, "F16": np.float16}  # others, such as lists of positions, are no weights
LONGEST_HEADER = 100_000_000  # the format's own limit


class Unreadable(ValueError):
    """Not a safetensors file, or not a whole one."""


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor of floating-point numbers by its name.

    Raises: Unreadable. OSError.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= LONGEST_HEADER:
            raise Unreadable("its header has no sensible length")
        header = file.read(length)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        entries = json.loads(header)
        return {
            name: _tensor(data, 8 + length, entry)
            for name, entry in entries.items()
            if name != "__metadata__" and entry["dtype"] in TYPES
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("it is damaged or not whole") from error


def _tensor(data: mmap.mmap, offset: int, entry: dict[str, Any]) -> NDArray[np.float32]:
    begin, end = entry["data_offsets"]
    values = np.frombuffer(data[offset + begin : offset + end], TYPES[entry["dtype"]])
    return values.reshape(entry["shape"]).astype(np.float32, copy=False)
