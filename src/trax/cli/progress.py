"""Progress on standard error: how far, how fast, how much longer; nothing where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from trax.cli.console import clock, one_line, say
from trax.pipeline import Hook
from trax.pipeline import Progress as Advance

if TYPE_CHECKING:
    from trax.jobs.batches import BatchReport


class Watcher(Hook):
    """Passes on what the user should know; this one without a progress bar."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._file = ""

    def begin(self, source: Path) -> None:
        self._file = one_line(source.name)

    def announce(self, text: str) -> None:
        """A step that takes a while, such as a download or the start of the database."""
        if not self._quiet and sys.stderr.isatty():
            say(text)

    def notice(self, text: str) -> None:
        if not self._quiet:
            say(self._about_the_file(text))

    def finish(self, source: Path) -> None:
        self._file = ""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The terminal is somebody else's for a moment: the work goes on, and nothing shows it."""
        yield

    def _about_the_file(self, text: str) -> str:
        return f"{self._file}: {text}" if self._file else text


class Bar(Watcher):
    """A line per file in work: part done, speed in times real time, time left."""

    def __init__(self, bars: Progress) -> None:
        super().__init__(quiet=False)
        self._bars = bars
        self._task: TaskID | None = None
        self._started = 0.0
        self._terminal = RLock()  # the worker's thread shows progress, the main thread prints transcripts

    def announce(self, text: str) -> None:
        self._bars.console.print(text, style="dim", markup=False, highlight=False)

    def notice(self, text: str) -> None:
        self._bars.console.print(self._about_the_file(text), style="yellow", markup=False, highlight=False)

    def begin(self, source: Path) -> None:
        super().begin(source)
        self._started = time.monotonic()
        with self._terminal:
            self._bars.start()
            self._task = self._bars.add_task(self._file, total=None, speed="", left="")

    def progress(self, progress: Advance) -> None:
        if self._task is None or progress.stage != "transcribe":
            return
        elapsed = max(0.01, time.monotonic() - self._started)
        speed = progress.done / elapsed
        left = ""
        if progress.total and speed > 0:
            left = f"{clock(max(0.0, progress.total - progress.done) / speed)} left"
        facts: dict[str, Any] = {
            "completed": progress.done,
            "total": progress.total,
            "speed": f"{speed:.1f}x",
            "left": left,
        }
        with self._terminal:
            self._bars.update(self._task, **facts, refresh=True)

    def finish(self, source: Path) -> None:
        super().finish(source)
        with self._terminal:
            if self._task is not None:
                self._bars.remove_task(self._task)
                self._task = None
            self._bars.stop()  # the line is gone before the transcript is printed

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._terminal:
            self._bars.stop()
            yield
            if self._task is not None:
                self._bars.start()


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher]:
    """A hook with a progress bar where standard error is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield Watcher(quiet=quiet)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[left]}"),
    )
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    try:
        yield Bar(bars)
    finally:
        bars.stop()


class BatchBar:
    """One line for a whole batch: files done, speed, time left; nothing where nobody watches."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed} of {task.total}"),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[left]}"),
        )
        self._bars = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
        self._task: TaskID | None = None

    def __enter__(self) -> BatchBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, report: BatchReport) -> None:
        """How the batch stands now."""
        if not sys.stderr.isatty():
            return
        batch, progress = report.batch, report.progress
        if self._task is None:
            self._bars.start()
            self._task = self._bars.add_task("files", total=batch.total, speed="", left="")
        rate, left = progress.audio_per_second, progress.seconds_left
        self._bars.update(
            self._task,
            description="files (paused)" if batch.status == "paused" else "files",
            completed=batch.processed,
            total=batch.total,
            speed="" if rate is None else f"{rate:.1f}x",
            left="" if left is None else f"{clock(left)} left",
            refresh=True,
        )
