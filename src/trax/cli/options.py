"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="ID of a media file or a transcript, or the beginning of one.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Version to take; default: the newest.")]
FormatName = Annotated[str, typer.Option("--format", "-f", help="txt, srt, vtt, json or md.")]
