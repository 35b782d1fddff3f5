"""`trax edit`: corrections by a person, in an editor or by replacing texts."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, say, say_progress, short
from trax.cli.options import AsJson, Id
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.jobs.edits import Edited, Newer, Opened, Wanted

Replace = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="OLD", help="With --with: what is wrong, wherever it stands as whole words."),
]
With = Annotated[list[str] | None, typer.Option("--with", metavar="NEW", help="What is right; one for each --replace.")]
File = Annotated[
    str | None, typer.Option("--file", metavar="FILE", help="Take the text from a file (-: standard input).")
]
Print = Annotated[bool, typer.Option("--print", help="Print the text as --file takes it, and store nothing.")]
Checked = Annotated[
    bool | None,
    typer.Option(
        "--checked/--not-checked",
        help="Somebody has read all of it, so that other versions are measured by it. [default: unless --replace]",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and store nothing.")]


def edit(
    id: Id,
    replace: Replace = None,
    right: With = None,
    file: File = None,
    printed: Print = False,
    checked: Checked = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Correct a transcript by hand, in $VISUAL or $EDITOR: a new version, made from the one that is named.

    Words that stay keep their times. What was typed is never lost: where it can't be stored, it is kept in a file.
    """
    pairs = _pairs(replace or [], right or [])
    _check(pairs, file, printed=printed, dry_run=dry_run, checked=checked)
    if printed:
        typer.echo(_opened(id).document, nl=False)
    elif pairs:
        from trax.jobs.edits import Wanted

        _store(id, Wanted("replace", pairs=pairs, checked=checked), dry_run=dry_run, as_json=as_json)
    else:
        _edit_document(id, file, checked, dry_run=dry_run, as_json=as_json)


def _pairs(old: list[str], new: list[str]) -> tuple[tuple[str, str], ...]:
    if len(old) != len(new):
        raise UsageError("Each --replace needs a --with.", "Say `--replace Jon --with John`, several times if need be.")
    return tuple(zip(old, new, strict=True))


def _check(
    pairs: tuple[tuple[str, str], ...], file: str | None, *, printed: bool, dry_run: bool, checked: bool | None
) -> None:
    if sum((bool(pairs), file is not None, printed)) > 1:
        raise UsageError("--replace, --file and --print are three ways to do it.", "Name one of them.")
    if printed and (dry_run or checked is not None):
        raise UsageError("--print stores nothing.", "Leave out the other options.")


def _edit_document(id: str, file: str | None, checked: bool | None, *, dry_run: bool, as_json: bool) -> None:
    from trax.cli.editor import editor, in_editor
    from trax.jobs.edits import Wanted

    if file is not None:
        wanted = Wanted("file", _read(file), checked=checked)
        _store(id, wanted, dry_run=dry_run, as_json=as_json)
        return
    editor()  # first: without one nothing needs to be opened
    opened = _opened(id)
    with in_editor(opened.document, str(opened.result_id), keep=dry_run) as typed:
        wanted = Wanted("editor", typed, checked=checked)
        _store(str(opened.result_id), wanted, dry_run=dry_run, as_json=as_json)


def _opened(id: str) -> Opened:
    from trax.archive import Archive
    from trax.jobs.edits import open_for_editing

    with Archive(announce=say_progress) as archive:
        return open_for_editing(archive.database, id)


def _store(id: str, wanted: Wanted, *, dry_run: bool, as_json: bool) -> None:
    from trax.archive import Archive
    from trax.jobs.edits import edit

    with Archive(announce=say_progress) as archive:
        edited = edit(archive.database, id, wanted, dry_run=dry_run)
        result = None if edited.result_id is None else archive.result(str(edited.result_id))
    if as_json:
        facts = _facts(edited, dry_run=dry_run)
        print_json(
            facts if result is None else {**facts, "version": result.version, "edited": result.content["edited"]}
        )
    elif dry_run:
        _show(edited)
    elif result is None:
        say(f"Nothing was changed in version {edited.version} of {one_line(edited.title)}.")
    else:
        typer.echo(f"{short(result.id)}  {one_line(result.title)}: version {result.version}, {_counts(edited)}")
    if edited.newer is not None:
        say(_hint(edited, edited.newer))


def _show(edited: Edited) -> None:
    """What would change."""
    from trax.cli.diff import print_changes, replaced, time_of
    from trax.evaluation.difference import differences

    print_changes(differences(edited.before, edited.after))
    for segment, before, after in edited.speakers:
        start = edited.before.segments[segment].start
        typer.echo(f"{time_of(start)}  speaker: {replaced(before or '', after or '') or '-'}")
    say(f"{_counts(edited)} would change; nothing was stored.")


def _counts(edited: Edited) -> str:
    segments = f"{edited.segments} segment{'' if edited.segments == 1 else 's'}"
    if edited.places is None:
        return f"{segments} corrected"
    return f"{edited.places} place{'' if edited.places == 1 else 's'} in {segments}"


def _hint(edited: Edited, newer: Newer) -> str:
    onto = f"{short(edited.result_id)} --onto {short(newer.id)}" if newer.is_edit else short(edited.media_id)
    return f"Version {newer.version} is newer than the one that was corrected: trax rebase {onto}"


def _facts(edited: Edited, *, dry_run: bool) -> dict[str, Any]:
    from trax.evaluation.difference import differences

    return {
        "media_id": str(edited.media_id),
        "result_id": edited.result_id and str(edited.result_id),
        "parent_id": str(edited.parent_id),
        "changed": edited.is_changed,
        "stored": edited.result_id is not None,
        "dry_run": dry_run,
        "differences": [asdict(change) for change in differences(edited.before, edited.after)],
        "speakers": [
            {"segment": segment, "before": before, "after": after} for segment, before, after in edited.speakers
        ],
        "newer": edited.newer and edited.newer.version,
    }


def _read(file: str) -> str:
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).expanduser().open("rb") as stream:
            return stream.read().decode()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.", "Name another file.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not in UTF-8.", "Save it in UTF-8.") from error
