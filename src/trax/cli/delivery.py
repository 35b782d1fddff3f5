"""Transcripts on their way to the user, and errors with the name of their file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trax.cli.console import one_line, say, short
from trax.cli.coverage import unexplained_notice
from trax.errors import OutputError

if TYPE_CHECKING:
    from trax.cli.output import OutputFolder
    from trax.export import Format
    from trax.result import Result


@dataclass(slots=True)
class Delivery:
    """Where transcripts go: into a folder, or one after another to standard output."""

    format: Format
    folder: OutputFolder | None
    quiet: bool
    _printed: int = 0

    def deliver(self, source: Path, result: Result) -> OutputError | None:
        """Print or write a transcript; the error, if it can't be written."""
        try:
            text = result.export(self.format.name)
            if self.folder is not None:
                path = self.folder.write(source.stem, self.format.suffix, text, distinction=short(result.media_id))
        except OutputError as error:
            return error
        if self.folder is None:
            typer.echo(("\n" if self._printed else "") + text, nl=not text.endswith("\n"))
            self._printed += 1
        else:
            self._say(f"Wrote {one_line(str(path))}")
        if result.existed:
            self._say(
                f"{one_line(source.name)} was transcribed with these options before (version {result.version} of "
                f"{short(result.media_id)}); --force does it again."
            )
        if (notice := unexplained_notice(result)) is not None:
            self._say(named(source, notice))
        if (notice := lacks_notice(result)) is not None:
            self._say(named(source, notice))
        return None

    def _say(self, message: str) -> None:
        if not self.quiet:
            say(message)


def lacks_notice(result: Result) -> str | None:
    """That somebody's corrections are in an older version alone, and what to do about it."""
    if result.lacks is None:
        return None
    return f"Version {result.lacks} has corrections by hand that this one lacks: trax rebase {short(result.media_id)}"


def named(source: Path, error: str) -> str:
    """The error with the file's name, unless it names the file itself."""
    from trax.media.files import display_name

    if not source.name:
        return error
    name = display_name(source)
    # a name without a suffix may be a word of the sentence
    before = r"(?<![\w.-])" if source.suffix else "(?<=/)"
    return error if re.search(rf"{before}{re.escape(name)}(?![\w-]|\.\w)", error) else f"{name}: {error}"
