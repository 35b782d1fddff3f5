"""OpenVINO where it is installed, loaded without what Trax doesn't use of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

CONVERTER = "openvino.tools.ovc"  # of other formats; loads a telemetry client


def is_installed() -> bool:
    """Whether OpenVINO is there, found without importing it."""
    return find_spec("openvino") is not None


_first = Lock()


def import_openvino() -> Any:
    """The package `openvino` without its converter, which takes half of the import's time.

    It is ready to be used by several threads. OpenVINO's binding makes its tables of number types when it first needs
    them, and lets go of Python's lock in the middle of it: two threads that need them first at once would wait for each
    other for ever.
    """
    with _first:
        with _left_out(CONVERTER):
            import openvino
        for kind in (np.float32, np.int64):
            assert openvino.Tensor(np.zeros(1, kind)).data.dtype == kind
    return openvino


@contextmanager
def _left_out(module: str) -> Iterator[None]:
    if module in sys.modules:
        yield
        return
    barred: Any = None  # an import of it fails, which OpenVINO takes for its absence
    sys.modules[module] = barred
    try:
        yield
    finally:
        sys.modules.pop(module, None)  # another thread may have been as far
