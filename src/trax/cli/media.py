"""`trax media`: what is in the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import clock, local, one_line, print_json, print_table, say, short, size
from trax.cli.options import AsJson

if TYPE_CHECKING:
    from trax.database import MediaFile

app = typer.Typer(help="Media files in the archive.", no_args_is_help=True)

ROWS = 100  # that a table has unless --limit says otherwise
STATUSES = ("pending", "downloading", "processing", "ready", "failed")


@app.command("list")
def list_media(
    status: Annotated[str | None, typer.Option(help=f"Only files that are {', '.join(STATUSES)}.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Show at most this many. [default: 100; with --json: all]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List media files, newest first."""
    from trax.archive import Archive
    from trax.cli.console import say_progress
    from trax.errors import UsageError

    if status is not None and status not in STATUSES:
        raise UsageError(f"There is no status {status!r}.", f"Choose one of {', '.join(STATUSES)}.")
    with Archive(announce=say_progress) as archive:
        if as_json:
            found = archive.media(status=status, limit=limit)
        else:
            limit = limit or ROWS
            found = archive.media(status=status, limit=limit + 1)
    if as_json:
        print_json([{**_facts(item.media), "versions": item.versions} for item in found])
        return
    print_table(
        ("id", "status", "length", "size", "versions", "added", "file"),
        [
            (
                short(item.media.id),
                item.media.status,
                clock(item.media.duration),
                size(item.media.file_size),
                item.versions,
                local(item.media.created_at),
                one_line(item.media.filename),
            )
            for item in found[:limit]
        ],
    )
    if limit is not None and len(found) > limit:
        say(f"These are the newest {limit}; there are more (--limit shows more, --json all of them).")


@app.command("show")
def show_media(
    id: Annotated[str, typer.Argument(metavar="ID", help="ID of a media file, or the beginning of one.")],
    as_json: AsJson = False,
) -> None:
    """Show everything known of a media file."""
    from trax.archive import Archive
    from trax.cli.console import say_progress

    with Archive(announce=say_progress) as archive:
        media = archive.media_file(id)
    facts = _facts(media)
    if as_json:
        print_json(facts)
        return
    metadata = facts.pop("file_metadata") or {}
    container = metadata.pop("ffmpeg_info", None)
    facts |= {"created_at": local(media.created_at), "updated_at": local(media.updated_at)}
    rows = [*facts.items(), *metadata.items()]
    print_table(("fact", "value"), [(name, one_line(str(value))) for name, value in rows if value is not None])
    if container:
        typer.echo("\nWhat the container says (ffmpeg_info):")
        print_json(container)


def _facts(media: MediaFile) -> dict[str, Any]:
    return {
        "id": str(media.id),
        "filename": media.filename,
        "status": media.status,
        "duration": media.duration,
        "file_size": media.file_size,
        "mime_type": media.mime_type,
        "source_path": media.source_path,
        "local_path": media.local_path,
        "file_hash": media.file_hash,
        "created_at": media.created_at.isoformat(),
        "updated_at": media.updated_at.isoformat(),
        "file_metadata": media.file_metadata,
    }
