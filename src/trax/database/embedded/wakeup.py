"""Waiting that ends when a signal arrives."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from types import FrameType

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Wakeup:
    """Catches the signals that ask a process to stop, and those of its children that end."""

    def __init__(self) -> None:
        self.stop_requested = False
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, self._ignore)
        for number in _STOP_SIGNALS:
            signal.signal(number, self._request_stop)

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or at once when a signal came since the last call."""
        select.select([self._reader], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_requested = True

    def _ignore(self, number: int, frame: FrameType | None) -> None:
        pass
