"""`trax import`: a transcript that somebody else has made, kept beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trax.cli.console import one_line, print_json, say, short
from trax.cli.options import AsJson


def import_(
    media: Annotated[
        str, typer.Argument(metavar="MEDIA", help="ID of a media file, or its beginning; or the path of one.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="SRT, WebVTT, or JSON of Whisper or a podcast.")],
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Code, such as en. [default: what the file says]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store an existing transcript as a version of a media file's, never taken for one that Trax has made.

    It is shown only where there is no other, or by its version: `trax show ID --version N`.
    """
    from trax.archive import Archive
    from trax.cli.console import say_progress
    from trax.jobs.imports import import_file

    with Archive(announce=say_progress) as archive:
        imported, read = import_file(archive.database, media, file, language)
    transcript = read.transcript
    if as_json:
        facts = {"media_id": imported.media_id, "result_id": imported.result_id, "version": imported.version}
        print_json(
            {
                **{name: str(value) if name != "version" else value for name, value in facts.items()},
                "format": transcript.format,
                "segments": len(transcript.segments),
                "left_out": transcript.left_out,
                "existed": imported.existed,
            }
        )
    else:
        typer.echo(_line(imported.existed, one_line(read.name), short(imported.media_id), imported.version))
    if transcript.left_out:
        say(f"Left out, for their times make no sense: {transcript.left_out} of its segments.")


def _line(existed: bool, name: str, media: str, version: int) -> str:
    if existed:
        return f"{name} was imported before: it is version {version} of {media}."
    return f"Imported {name} as version {version} of {media}."
