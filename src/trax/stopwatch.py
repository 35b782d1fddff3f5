"""Where the time goes: seconds by stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from trax.timeline import Seconds

# In the order in which they are shown
STAGES = (
    *("load", "decode", "vad", "language", "features", "encode", "generate", "align"),
    *("ask", "edits", "judge"),
    *("diarize", "segmentation", "embedding", "clustering", "assign"),
    *("wait", "store"),
)

T = TypeVar("T")


class Stopwatch:
    """Seconds by stage; for one thread at a time."""

    def __init__(self) -> None:
        self.seconds: dict[str, Seconds] = {}

    def add(self, seconds: Mapping[str, Seconds]) -> None:
        """Count what another watch has measured."""
        for stage, spent in seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time within the block as the stage's, without what inner blocks count as theirs."""
        before, began = sum(self.seconds.values()), perf_counter()
        try:
            yield
        finally:
            inner = sum(self.seconds.values()) - before
            self.add({name: perf_counter() - began - inner})

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """The items; the time that it takes to get them counts as the stage's."""
        iterator = iter(items)
        while True:
            try:
                with self.stage(name):
                    item = next(iterator)
            except StopIteration:
                return
            yield item
