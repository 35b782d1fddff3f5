"""Somebody who measures is interrupted: `python -m tests.speeds.interrupted FILE` ends with 7 if that ends the wait.

A process of its own, as an interrupt of the one that runs the tests may reach it anywhere.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from trax.speeds import measure

INTERRUPTED = 7


def interrupt_and_go_on(finished: Path) -> None:
    os.kill(os.getppid(), signal.SIGINT)
    threading.Event().wait(20)
    finished.touch()


if __name__ == "__main__":
    try:
        measure._in_a_new_process(interrupt_and_go_on, Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
