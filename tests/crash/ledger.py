"""What an engine was put to, written down as it happens: it survives the process, whatever ends it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACE = "CRASH_LEDGER"  # of the environment: where a worker of the suite keeps its ledger


@dataclass(frozen=True)
class EngineWork:
    """Work of the engine's threads in one process."""

    windows: int  # given to the encoder, those of second hearings included
    seconds: float  # sum over the engine's workers, unfinished batches included


def keep(path: Path) -> None:
    """From now on each window and each batch of this process is written down."""
    from trax.transcription import faster_whisper

    ledger = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    encode, timed_batch = faster_whisper.encode, faster_whisper.FasterWhisperTranscriber._timed_batch

    def write(mark: str) -> None:
        os.write(ledger, f"{mark} {time.monotonic()}\n".encode())

    def noted_encode(engine: Any, windows: Any) -> Any:
        for _ in windows:
            write("window")
        return encode(engine, windows)

    def noted_batch(*arguments: Any) -> Any:
        write("begin")
        try:
            return timed_batch(*arguments)
        finally:
            write("end")

    faster_whisper.encode = noted_encode
    faster_whisper.FasterWhisperTranscriber._timed_batch = noted_batch  # type: ignore[method-assign,assignment]


def read(path: Path, until: float) -> EngineWork:
    """What a process did until it ended, at that time of the monotonic clock."""
    windows, seconds, open_batches = 0, 0.0, 0
    for mark, at in (line.split() for line in path.read_text().splitlines()):
        windows += mark == "window"
        seconds += {"window": 0.0, "begin": -float(at), "end": float(at)}[mark]
        open_batches += {"window": 0, "begin": 1, "end": -1}[mark]
    return EngineWork(windows, seconds + open_batches * until)
