"""Waiting for an engine, and ceasing to: no call into a model can be broken off, but nobody has to wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
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
