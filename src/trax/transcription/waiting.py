"""Waiting for an engine, and ceasing to: no call into a model can be broken off, but nobody has to wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from trax.timeline import Seconds

CHECK_EVERY: Seconds = 0.2

T = TypeVar("T")


def result_of(future: Future[T], check: Callable[[], None]) -> T:
    """The future's result; what `check` raises, called now and several times a second, ends the waiting."""
    check()
    while not wait([future], timeout=CHECK_EVERY).done:
        check()
    return future.result()


@dataclass(frozen=True, slots=True)
class Stop:
    """Tells the engine's threads, between two calls into the model, that nobody waits for the rest."""

    _stopped: Event = field(default_factory=Event)

    def set(self) -> None:
        self._stopped.set()

    def check(self) -> None:
        """Raises: CancelledError."""
        if self._stopped.is_set():
            raise CancelledError
