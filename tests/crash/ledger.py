"""What an engine was put to, written down as it happens: it survives the process, whatever ends it."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACE = "CRASH_LEDGER"  # of the environment: where a worker of the suite keeps its ledger


@dataclass(frozen=True)
class EngineWork:
    """Work of the engine's threads in one process."""

    finished: int  # windows whose batch came to its end
    begun: list[tuple[int, float]]  # windows and seconds of each batch that didn't
    seconds: float  # sum over all batches, unfinished ones included


def keep(path: Path) -> None:
    """From now on each window and each batch of this process is written down."""
    from trax.transcription.hearing import Ears

    ledger = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    hear = Ears.hear

    def noted(ears: Any, windows: Any, *others: Any) -> Any:
        def write(mark: str) -> None:
            os.write(ledger, f"{mark} {threading.get_ident()} {len(windows)} {time.monotonic()}\n".encode())

        write("begin")
        results = hear(ears, windows, *others)
        write("end")
        return results

    Ears.hear = noted  # type: ignore[method-assign,assignment]


def read(path: Path, until: float) -> EngineWork:
    """What a process did until it ended, at that time of the monotonic clock."""
    finished, seconds, running = 0, 0.0, dict[str, tuple[int, float]]()
    for mark, thread, windows, at in (line.split() for line in path.read_text().splitlines()):
        if mark == "begin":
            running[thread] = int(windows), float(at)
        else:
            finished += int(windows)
            seconds += float(at) - running.pop(thread)[1]
    begun = [(windows, until - at) for windows, at in running.values()]
    return EngineWork(finished, begun, seconds + sum(spent for _, spent in begun))
