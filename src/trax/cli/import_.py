"""`trax import`: a transcript that somebody else has made, kept beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, say, say_cause, short
from trax.cli.options import AsJson
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.ingest.transcript_files import TranscriptFile
    from trax.jobs.imports import Imported, ImportOutcome


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="MEDIA FILE | FILE...",
            help="ID or path of a media file, and a transcript: SRT, WebVTT, JSON, Markdown or text. "
            "With --without-media: transcripts alone.",
            show_default=False,
        ),
    ],
    without_media: Annotated[
        bool, typer.Option("--without-media", help="There is no recording here: a row for each transcript.")
    ] = False,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Code, such as en. [default: what the file says]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store an existing transcript as a version of a media file's, never taken for one that Trax has made.

    It is shown only where there is no other, or by its version: `trax show ID --version N`. Text without times is read
    from .txt and .md files: its times are estimated, from those that it tells and the number of words.
    """
    if without_media:
        _import_alone(files, language, as_json=as_json)
        return
    if len(files) != 2:
        what = "Name a media file and one transcript" if len(files) > 2 else "Name the transcript, too"
        raise UsageError(f"{what}.", "Use --without-media for transcripts of which there is no recording here.")
    from trax.archive import Archive
    from trax.cli.console import say_progress
    from trax.jobs.imports import import_file

    with Archive(announce=say_progress) as archive:
        imported, read = import_file(archive.database, str(files[0]), files[1], language)
    if as_json:
        print_json(_facts(imported, read))
    _tell(imported, read, as_json=as_json)


def _import_alone(files: list[Path], language: str | None, *, as_json: bool) -> None:
    """Store transcripts without a recording. Exit code 1 if one can't be read."""
    from trax.archive import Archive
    from trax.cli.console import say_progress
    from trax.jobs.imports import import_files_alone

    outcomes: list[ImportOutcome] = []
    with Archive(announce=say_progress) as archive:
        for outcome in import_files_alone(archive.database, files, language):
            outcomes.append(outcome)
            if outcome.imported is not None and outcome.file is not None:
                _tell(outcome.imported, outcome.file, as_json=as_json)
            else:
                say(f"trax: {outcome.error}")
                say_cause(outcome.error)
    if as_json:
        print_json([_outcome(outcome) for outcome in outcomes])
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _outcome(outcome: ImportOutcome) -> dict[str, Any]:
    if outcome.imported is None or outcome.file is None:
        return {"file": one_line(str(outcome.path)), "error": str(outcome.error)}
    return {"file": one_line(str(outcome.path)), **_facts(outcome.imported, outcome.file), "error": None}


def _facts(imported: Imported, read: TranscriptFile) -> dict[str, Any]:
    transcript = read.transcript
    return {
        "media_id": str(imported.media_id),
        "result_id": str(imported.result_id),
        "version": imported.version,
        "format": transcript.format,
        "segments": len(transcript.segments),
        "left_out": transcript.left_out,
        "estimated": transcript.is_estimated,
        "existed": imported.existed,
    }


def _tell(imported: Imported, read: TranscriptFile, *, as_json: bool) -> None:
    if not as_json:
        typer.echo(_line(imported, one_line(read.name), is_estimated=read.transcript.is_estimated))
    if read.transcript.left_out:
        say(f"Left out, for their times make no sense: {read.transcript.left_out} of its segments.")


def _line(imported: Imported, name: str, *, is_estimated: bool) -> str:
    where = f"version {imported.version} of {short(imported.media_id)}"
    if imported.existed:
        return f"{name} was imported before: it is {where}."
    return f"Imported {name} as {where}{'; its times are estimated' if is_estimated else ''}."
