"""Work that hands over what it gets, in a thread of its own: whoever waits can leave although nothing comes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final

LOOKING: Final = 0.25  # seconds between two looks whether somebody wants to leave
MOST_WAITING: Final = 32  # things handed over and not yet taken
LINGERING: Final = 0.1  # seconds that the work has to notice that nobody waits any more

Take = Callable[[bytes], int]
HandOver = Callable[[Take, bytes], int]


def run_errand(work: Callable[[HandOver], None], check: Callable[[], None]) -> None:
    """Have `work` done; what it hands over is taken in the caller's thread, where `check` may raise to leave.

    Raises: what `work` raises, a taker, or `check`.
    """
    errand = _Errand()
    thread = Thread(target=errand.run, args=(work,), name="trax-web", daemon=True)
    thread.start()
    try:
        errand.wait(check)
    finally:
        errand.left.set()
        thread.join(LINGERING)  # where bytes come it ends at once; where none do, at the end of its own patience


class _Left(Exception):
    """Nobody waits any more."""


class _Errand:
    def __init__(self) -> None:
        self.left = Event()
        self._things: Queue[tuple[Take, bytes] | BaseException | None] = Queue(MOST_WAITING)

    def run(self, work: Callable[[HandOver], None]) -> None:
        end: BaseException | None = None
        try:
            work(self._hand_over)
        except BaseException as error:
            end = error
        with suppress(_Left):
            self._put(end)

    def wait(self, check: Callable[[], None]) -> None:
        while True:
            try:
                thing = self._things.get(timeout=LOOKING)
            except Empty:
                check()
                continue
            if not isinstance(thing, tuple):
                break
            take, data = thing
            take(data)
        if thing is not None:
            raise thing

    def _hand_over(self, take: Take, data: bytes) -> int:
        self._put((take, data))
        return len(data)

    def _put(self, thing: tuple[Take, bytes] | BaseException | None) -> None:
        while not self.left.is_set():
            with suppress(Full):
                return self._things.put(thing, timeout=LOOKING)
        raise _Left
