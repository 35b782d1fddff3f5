"""Progress bars, where somebody watches: Rich is loaded for nobody else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from trax.cli.console import clock, one_line, size
from trax.cli.progress import OfFile, Watcher
from trax.flow import Hook
from trax.flow import Progress as Advance
from trax.timeline import Seconds

if TYPE_CHECKING:
    from trax.jobs.batches import BatchReport


# stages whose progress goes from one end of the bar to the other
SHOWN = ("transcribe", "passes", "diarize", "enhance", "judge")


class Bar(Watcher):
    """A line per file in work: part done, speed in times real time, time left."""

    def __init__(self, bars: Progress) -> None:
        super().__init__(quiet=False)
        self._bars = bars
        self._tasks: dict[Path, TaskID] = {}
        self._terminal = RLock()  # workers' threads show progress, the main thread prints transcripts

    def announce(self, text: str) -> None:
        self._bars.console.print(text, style="dim", markup=False, highlight=False)

    def notice(self, text: str) -> None:
        self._bars.console.print(text, style="yellow", markup=False, highlight=False)

    def begin(self, source: Path) -> Hook:
        name = one_line(source.name)
        with self._terminal:
            self._bars.start()
            task = self._tasks[source] = self._bars.add_task(name, total=None, speed="", left="")
        return _LineOfFile(self, name, lambda facts: self._show(task, facts))

    def _show(self, task: TaskID, facts: dict[str, Any]) -> None:
        if not self._terminal.acquire(blocking=False):
            return  # somebody else's for a moment, or for as long as a pager stands still: the work doesn't wait for it
        try:
            if task in self._bars.task_ids:
                self._bars.update(task, **facts, refresh=True)
        finally:
            self._terminal.release()

    def finish(self, source: Path) -> None:
        with self._terminal:
            if (task := self._tasks.pop(source, None)) is not None:
                self._bars.remove_task(task)
            if not self._tasks:
                self._bars.stop()  # the line is gone before the transcript is printed

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._terminal:
            self._bars.stop()
            yield
            if self._tasks:
                self._bars.start()


class _LineOfFile(OfFile):
    """The line of one file; speed and time left count from the first words, for until then it may only have waited."""

    def __init__(self, watcher: Hook, name: str, show: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(watcher, name)
        self._show = show
        self._first: tuple[float, Seconds] | None = None  # when, and how far
        self._stage = ""

    def progress(self, progress: Advance) -> None:
        if progress.stage == "download":
            self._download(progress)
        if progress.stage not in SHOWN:
            return
        now = time.monotonic()
        if self._first is None or progress.stage != self._stage:
            self._stage = progress.stage
            self._first = now, progress.done
        elapsed = now - self._first[0]
        speed = (progress.done - self._first[1]) / elapsed if elapsed > 0 else 0.0
        left = ""
        if progress.total and speed > 0:
            left = f"{clock(max(0.0, progress.total - progress.done) / speed)} left"
        shown = f"{speed:.1f}x" if speed else ""
        self._show(
            {
                "completed": progress.done,
                "total": progress.total,
                "speed": shown,
                "left": left,
            }
        )

    def _download(self, progress: Advance) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now, progress.done
        elapsed = now - self._first[0]
        rate = (progress.done - self._first[1]) / elapsed if elapsed > 0 else 0.0
        left = f"{clock(max(0.0, progress.total - progress.done) / rate)} left" if progress.total and rate else ""
        speed = f"{size(round(rate))}/s" if rate else "fetching"
        self._show({"completed": progress.done, "total": progress.total, "speed": speed, "left": left})


@contextmanager
def file_bars() -> Iterator[Bar]:
    """Bars on standard error, gone when the block ends."""
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
