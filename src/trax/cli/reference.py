"""`trax reference`: what really was said in a recording, kept to measure its transcripts by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import local, one_line, print_json, print_table, say, say_progress, short
from trax.cli.options import AsJson

if TYPE_CHECKING:
    from trax.database.measuring import Measured
    from trax.database.references import Listed
    from trax.jobs.references import Added, Removed

app = typer.Typer(help="What really was said, to measure transcripts by.", no_args_is_help=True)


@app.command("add")
def add_reference(
    media: Annotated[str, typer.Argument(metavar="ID", help="ID or path of a media file.", show_default=False)],
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Text, SRT, WebVTT, STM or RTTM; or the ID of a transcript that is right.",
            show_default=False,
        ),
    ],
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Code, such as en. [default: what the file says]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store a reference of a media file: from then on the accuracy of its transcripts is measured, not estimated."""
    from trax.archive import Archive
    from trax.jobs import references

    with Archive(announce=say_progress) as archive:
        added = references.add(archive.database, media, source, language)
    if as_json:
        print_json(_facts(added))
    else:
        typer.echo(_line(added))
    _tell(added.measured, as_json=as_json)


@app.command("list")
def list_references(
    media: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only those of this media file.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the stored references."""
    from trax.archive import Archive
    from trax.jobs import references

    with Archive(announce=say_progress) as archive:
        found = references.listing(archive.database, media)
    if as_json:
        print_json([_listed(one) for one in found])
        return
    print_table(
        ("id", "media", "format", "language", "words", "times", "turns", "added", "reference", "file"),
        [
            (
                short(one.id),
                short(one.media_id),
                one.format,
                one.language or "-",
                f"{one.words:,}",
                "yes" if one.is_timed else "no",
                one.turns,
                local(one.added_at),
                one_line(one.name),
                one_line(one.filename),
            )
            for one in found
        ],
    )


@app.command("remove")
def remove_reference(
    id: Annotated[str, typer.Argument(metavar="ID", help="ID of a reference; or of a media file that has one.")],
    as_json: AsJson = False,
) -> None:
    """Take a reference away: what was measured by it is an estimate again."""
    from trax.archive import Archive
    from trax.jobs import references

    with Archive(announce=say_progress) as archive:
        removed = references.remove(archive.database, id)
    if as_json:
        print_json(_removed(removed))
    else:
        typer.echo(f"Removed {one_line(removed.name)}, a reference of {one_line(removed.filename)}.")
    _tell(removed.measured, as_json=as_json)


def _line(added: Added) -> str:
    what = " and ".join(
        part
        for part in (
            f"{added.words:,} words" if added.words else "",
            f"{added.turns:,} turns of speakers" if added.turns else "",
        )
        if part
    )
    verb = "was stored before" if added.existed else "is now stored"
    return f"{short(added.id)}  {one_line(added.name)} {verb} as a reference of {one_line(added.filename)}: {what}."


def _tell(measured: Sequence[Measured], *, as_json: bool) -> None:
    """How right each version is, and why that can't be said of some."""
    for one in measured:
        if one.accuracy is None:
            say(f"Version {one.version} is not measured: {one_line(one.reason or '')}")
        elif not as_json:
            typer.echo(f"version {one.version}: {one.accuracy:.1%} of words right")


def _facts(added: Added) -> dict[str, Any]:
    return {
        "id": str(added.id),
        "media_id": str(added.media_id),
        "filename": added.filename,
        "name": added.name,
        "existed": added.existed,
        "words": added.words,
        "turns": added.turns,
        "measured": _measured(added.measured),
    }


def _removed(removed: Removed) -> dict[str, Any]:
    return {
        "id": str(removed.id),
        "media_id": str(removed.media_id),
        "filename": removed.filename,
        "name": removed.name,
        "measured": _measured(removed.measured),
    }


def _measured(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    return [
        {
            "result_id": str(one.result_id),
            "version": one.version,
            "accuracy": one.accuracy,
            "reason": one.reason,
        }
        for one in measured
    ]


def _listed(one: Listed) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "media_id": str(one.media_id),
        "filename": one.filename,
        "name": one.name,
        "format": one.format,
        "language": one.language,
        "utterances": one.utterances,
        "words": one.words,
        "turns": one.turns,
        "has_times": one.is_timed,
        "result_id": one.result_id and str(one.result_id),
        "added_at": one.added_at.isoformat(),
    }
