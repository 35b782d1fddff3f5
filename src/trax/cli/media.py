"""`trax media`: what is in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from trax.cli.console import clock, local, one_line, print_json, print_table, say, say_progress, short, size
from trax.cli.options import ROWS, AsJson, Limit, seconds_of
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.database import MediaFile
    from trax.database.media_views import MediaOrder, MediaSummary

app = typer.Typer(help="Media files in the archive.", no_args_is_help=True)

STATUSES = ("pending", "downloading", "processing", "ready", "failed")
ORDERS = ("added", "title", "duration", "size", "words", "accuracy")

Status = Annotated[str | None, typer.Option(help=f"Only files that are {', '.join(STATUSES)}.")]
Format = Annotated[str | None, typer.Option("--format", metavar="NAME", help="Only of that container, such as mp3.")]
Codec = Annotated[str | None, typer.Option(metavar="NAME", help="Only of that codec, such as opus.")]
Channel = Annotated[str | None, typer.Option(metavar="NAME", help="Only of that channel or podcast.")]
Language = Annotated[str | None, typer.Option("--language", "-l", help="Only spoken in it: a code, such as en.")]
WithoutTranscript = Annotated[bool, typer.Option("--without-transcript", help="Only files that have none.")]
Longer = Annotated[str | None, typer.Option(metavar="TIME", help="Only of at least that length: 90, 1:30:00.")]
Shorter = Annotated[str | None, typer.Option(metavar="TIME", help="Only of at most that length.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only published then or later; added, if that is unknown."),
]
Title = Annotated[str | None, typer.Option(metavar="TEXT", help="Only with that in the title or the file's name.")]
Sort = Annotated[str, typer.Option(metavar="WHAT", help=f"Order by {', '.join(ORDERS)}.")]
Reverse = Annotated[bool, typer.Option("--reverse", help="The other way round; what is not known stays last.")]


@app.command("list")
def list_media(
    status: Status = None,
    format: Format = None,
    codec: Codec = None,
    channel: Channel = None,
    language: Language = None,
    without_transcript: WithoutTranscript = False,
    longer: Longer = None,
    shorter: Shorter = None,
    since: Since = None,
    title: Title = None,
    sort: Sort = "added",
    reverse: Reverse = False,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """List media files: the newest, longest or highest first, titles from A on."""
    from trax.archive import Archive
    from trax.database.media_views import MediaFilter

    wanted = MediaFilter(
        status=_one_of(status, STATUSES, "status"),
        format=format,
        codec=codec,
        channel=channel,
        language=_code(language),
        title=title,
        since=None if since is None else since.date(),
        min_duration=None if longer is None else seconds_of(longer),
        max_duration=None if shorter is None else seconds_of(shorter),
        without_transcript=without_transcript,
        order=_order(sort),
        reverse=reverse,
    )
    most = limit if as_json else (limit or ROWS) + 1  # one more tells whether there are more
    with Archive(announce=say_progress) as archive:
        found = archive.media(wanted, limit=most)
    if as_json:
        print_json([_summary(item) for item in found])
        return
    _print(found[: limit or ROWS])
    if len(found) > (limit or ROWS):
        say(f"These are the first {limit or ROWS}; there are more (--limit shows more, --json all of them).")
    if not found and wanted != MediaFilter():
        say("No media file is like that. Leave out a filter.")


def _print(found: Sequence[MediaSummary]) -> None:
    print_table(
        ("id", "status", "length", "size", "language", "words", "accuracy", "versions", "added", "file"),
        [
            (
                short(item.media.id),
                item.media.status,
                clock(item.media.duration),
                size(item.media.file_size),
                one_line(item.language or "-"),
                "-" if item.words is None else f"{item.words:,}",
                _accuracy(item),
                item.versions,
                local(item.media.created_at),
                one_line(item.title),
            )
            for item in found
        ],
    )


def _accuracy(item: MediaSummary) -> str:
    if item.accuracy is None:
        return "-"
    return f"{item.accuracy:.1%} measured" if item.is_measured else f"{item.accuracy:.0%}"


def _one_of(value: str | None, known: Sequence[str], what: str) -> str | None:
    if value is not None and value not in known:
        raise UsageError(f"There is no {what} {one_line(value)!r}.", f"Choose one of {', '.join(known)}.")
    return value


def _order(sort: str) -> MediaOrder:
    _one_of(sort, ORDERS, "order")
    return cast("MediaOrder", sort)


def _code(language: str | None) -> str | None:
    from trax.ingest.languages import language_code

    code = language_code(language)
    if language is not None and code is None:
        raise UsageError(f"{one_line(language)!r} is no language.", "Give a code such as en, or a name.")
    return code


@app.command("show")
def show_media(
    id: Annotated[str, typer.Argument(metavar="ID", help="ID of a media file, or the beginning of one.")],
    as_json: AsJson = False,
) -> None:
    """Show everything known of a media file."""
    from trax.archive import Archive

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


def _summary(item: MediaSummary) -> dict[str, Any]:
    return {
        **_facts(item.media),
        "title": item.title,
        "channel": item.channel,
        "published": item.published,
        "language": item.language,
        "versions": item.versions,
        "newest_version": item.newest_version,
        "result_id": None if item.result_id is None else str(item.result_id),
        "words": item.words,
        "accuracy": item.accuracy,
        "accuracy_measured": item.is_measured,
    }


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
