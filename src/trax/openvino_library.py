"""OpenVINO where it is installed, loaded without what Trax doesn't use of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

CONVERTER = "openvino.tools.ovc"  # of other formats; loads a telemetry client


def is_installed() -> bool:
    """Whether OpenVINO is there, found without importing it."""
    return find_spec("openvino") is not None


def import_openvino() -> Any:
    """The package `openvino` without its converter, which takes half of the import's time."""
    with _left_out(CONVERTER):
        import openvino
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
