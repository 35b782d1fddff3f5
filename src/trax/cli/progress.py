"""Progress on standard error: how far, how fast, how much longer; nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trax.cli.console import one_line, say
from trax.flow import Hook


class Watcher(Hook):
    """Passes on what the user should know; this one without a progress bar."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def begin(self, source: Path) -> Hook:
        return OfFile(self, one_line(source.name))

    def announce(self, text: str) -> None:
        """A step that takes a while, such as a download or the start of the database."""
        if not self._quiet and sys.stderr.isatty():
            say(text)

    def notice(self, text: str) -> None:
        if not self._quiet:
            say(text)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The terminal is somebody else's for a moment: the work goes on, and nothing shows it."""
        yield


class OfFile(Hook):
    """What happens to one file, told with its name."""

    def __init__(self, watcher: Hook, name: str) -> None:
        self._watcher = watcher
        self._name = name

    def notice(self, text: str) -> None:
        self._watcher.notice(f"{self._name}: {text}")


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher]:
    """A hook with a progress bar where standard error is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield Watcher(quiet=quiet)
        return
    from trax.cli.bars import file_bars

    with file_bars() as bar:
        yield bar
