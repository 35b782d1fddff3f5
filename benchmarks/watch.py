"""What a process costs, seen from outside: time, CPU and memory, with its children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from trax.timeline import Seconds

SAMPLING_SECONDS = 0.1  # looking costs CPU, too
STDERR_SHOWN = 3000  # characters


class Failed(Exception):
    """A measured process didn't do what it was for."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a process printed as JSON, and what it cost from its start to its end."""

    printed: dict[str, Any]
    wall: Seconds
    cpu: Seconds  # of its children, too
    peak_mb: float  # resident; the children's added, shared pages counted for each


def watch(module: str, arguments: Sequence[str], *, timeout: Seconds) -> Watched:
    """Run `python -m module` and wait for it; the last line of its output is its answer.

    Raises: Failed: with the end of what it wrote to stderr.
    """
    with TemporaryDirectory(prefix="trax-watch-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            began = time.perf_counter()
            process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=stdout, stderr=stderr)
            code, cpu, peak, wall = _followed(process, began, timeout)
        if code != 0:
            reason = f"took more than {timeout:.0f} s" if wall >= timeout else f"ended with exit code {code}"
            said = err.read_text(errors="replace")[-STDERR_SHOWN:]
            raise Failed(f"{module} {' '.join(arguments)} {reason}:\n{said}")
        return Watched(_answer(out.read_text().splitlines(), module), wall, cpu, peak / 1e6)


def cpu_of_server(process_id: int) -> Seconds:
    """CPU seconds of a server and all its processes, those included that have ended."""
    server, total = psutil.Process(process_id), 0.0
    for process in [server, *server.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if process == server:
            total += times.children_user + times.children_system
    return float(total)


def resident(process: psutil.Process) -> int:
    """Bytes of a process and its children."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # a child that ended between the two looks
    return total


def _followed(process: subprocess.Popen[bytes], began: float, timeout: Seconds) -> tuple[int, Seconds, float, Seconds]:
    """Exit code, CPU seconds, peak memory in bytes and wall seconds of a process that has ended."""
    sampler = _Sampler(process.pid)
    alarm = threading.Timer(timeout, process.kill)
    sampler.start()
    alarm.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        alarm.cancel()
        sampler.over.set()
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it again
    sampler.join()
    return process.returncode, usage.ru_utime + usage.ru_stime, sampler.peak, wall


class _Sampler(threading.Thread):
    """Looks at the memory of a process and its children until it is over."""

    def __init__(self, process_id: int) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.peak = 0
        self._process = psutil.Process(process_id)

    def run(self) -> None:
        while not self.over.wait(SAMPLING_SECONDS):
            self.peak = max(self.peak, resident(self._process))


def _answer(lines: Sequence[str], module: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise Failed(f"{module} printed no JSON: {lines[-1:]}") from error
    return answer
