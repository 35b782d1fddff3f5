"""`trax export`: a transcript as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trax.cli.options import FormatName, Id, Version


def export(
    id: Id,
    format: FormatName = "txt",
    version: Version = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File to write, or a folder. [default: standard output]")
    ] = None,
) -> None:
    """Write a transcript as text, subtitles (srt, vtt), JSON or Markdown."""
    from trax.archive import Archive
    from trax.cli.console import say, say_progress
    from trax.cli.output import shortened, write_file, write_text
    from trax.export import format_named

    chosen = format_named(format)
    with Archive(announce=say_progress) as archive:
        result = archive.result(id, version)
    text = result.export(chosen.name)
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
    elif Path(output).is_dir() or output.endswith("/"):
        name = f"{shortened(Path(result.title).stem)}{chosen.suffix}"
        say(f"Wrote {write_file(Path(output), name, text)}")
    else:
        write_text(Path(output), text)
