"""What takes long to hear is kept in a file of the user's own, and found there the next time."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def kept(path: Path | None, make: Callable[[], Iterable[T]]) -> list[T]:
    """What was kept there, else what is made; None: it is not kept."""
    if path is not None and path.exists():
        found: list[T] = pickle.loads(path.read_bytes())
        return found
    made = list(make())
    if path is not None:
        path.write_bytes(pickle.dumps(made))
    return made
