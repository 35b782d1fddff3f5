"""`trax rebase`: corrections by hand, carried over to a newer version of a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from trax.cli.console import one_line, print_json, say, say_progress, short
from trax.cli.edit import DryRun
from trax.cli.options import AsJson, Id
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.editing.merge import Conflict
    from trax.jobs.rebase import Rebased

Onto = Annotated[
    str | None, typer.Option("--onto", metavar="ID", help="The version that gets them. [default: the newest machine's]")
]
Take = Annotated[
    str, typer.Option("--take", metavar="edit|machine", help="Who has its way where both changed the same words.")
]
Conflicts = Annotated[bool, typer.Option("--conflicts", help="List the conflicts of a version that has been made so.")]


def rebase(
    id: Id,
    onto: Onto = None,
    take: Take = "edit",
    conflicts: Conflicts = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Carry corrections by hand over to a newer version of a machine: a new version with what both know better.

    ID is that of a media file, whose newest corrections are meant, or of a corrected transcript. Words that both
    changed are conflicts, and are listed.
    """
    if take not in ("edit", "machine"):
        raise UsageError(f"--take {take} is neither edit nor machine.", "Take one of them.")
    if conflicts:
        if onto is not None or dry_run:
            raise UsageError("--conflicts lists what was stored.", "Leave out --onto and --dry-run.")
        _list(id, as_json=as_json)
    else:
        _rebase(id, onto, cast('Literal["edit", "machine"]', take), dry_run=dry_run, as_json=as_json)


def _rebase(id: str, onto: str | None, take: Literal["edit", "machine"], *, dry_run: bool, as_json: bool) -> None:
    from trax.archive import Archive
    from trax.jobs.rebase import rebase

    with Archive(announce=say_progress) as archive:
        rebased = rebase(archive.database, id, onto, take, dry_run=dry_run)
        result = None if rebased.result_id is None else archive.result(str(rebased.result_id))
    version = None if result is None else result.version
    if as_json:
        print_json(_facts(rebased, version, dry_run=dry_run))
    elif rebased.nothing is not None:
        say(f"Nothing to do: {rebased.nothing}")
    else:
        _show(rebased, version)


def _show(rebased: Rebased, version: int | None) -> None:
    from trax.cli.diff import print_changes
    from trax.evaluation.difference import differences

    made, before, onto = rebased.merged, rebased.before, rebased.onto
    assert made is not None, "it was merged"
    assert before is not None, "it was merged"
    assert onto is not None, "it was merged"
    counts = f"{_number(made.edits, 'correction')} of version {rebased.edit.version} in version {onto.version}"
    if rebased.result_id is None:
        print_changes(differences(before, made.transcript))
        _print_conflicts(made.conflicts)
        say(f"{counts}, {_number(len(made.conflicts), 'conflict')}; nothing was stored.")
        return
    typer.echo(f"{short(rebased.result_id)}  {one_line(rebased.title)}: version {version}, {counts}")
    if made.known:
        say(f"{_number(made.known, 'correction')} had been made there, too.")
    if made.conflicts:
        again = f"`trax rebase {short(rebased.result_id)} --conflicts` lists them again"
        say(f"{_number(len(made.conflicts), 'conflict')}; {again}:")
    _print_conflicts(made.conflicts)


def _list(id: str, *, as_json: bool) -> None:
    from trax.archive import Archive
    from trax.jobs.rebase import conflicts_of

    with Archive(announce=say_progress) as archive:
        result = archive.result(id)
    found = conflicts_of(result.content)
    if as_json:
        print_json([asdict(conflict) for conflict in found])
        return
    _print_conflicts(found)
    say(f"{_number(len(found), 'conflict')} in version {result.version} of {one_line(result.title)}.")


def _print_conflicts(conflicts: Sequence[Conflict]) -> None:
    """A line for each: when, what the person and the machine made of it, what was there, and who has their way."""
    from trax.cli.diff import DIM, GREEN, NOTHING, RED, in_colour, time_of

    for conflict in conflicts:
        said = [
            in_colour(f"{side}: {one_line(text) or NOTHING}", GREEN if conflict.taken == side else RED)
            for side, text in (("edit", conflict.edit), ("machine", conflict.machine))
        ]
        was = in_colour(f"was: {one_line(conflict.base) or NOTHING}", DIM)
        typer.echo(f"{time_of(conflict.start)}  {'  '.join(said)}  {was}  taken: {conflict.taken}")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _facts(rebased: Rebased, version: int | None, *, dry_run: bool) -> dict[str, Any]:
    made = rebased.merged
    return {
        "media_id": str(rebased.media_id),
        "result_id": rebased.result_id and str(rebased.result_id),
        "version": version,
        "stored": rebased.result_id is not None,
        "dry_run": dry_run,
        "nothing": rebased.nothing,
        "edit": {"id": str(rebased.edit.id), "version": rebased.edit.version},
        "onto": rebased.onto and {"id": str(rebased.onto.id), "version": rebased.onto.version},
        "changes": 0 if made is None else made.edits,
        "known": 0 if made is None else made.known,
        "conflicts": [] if made is None else [asdict(conflict) for conflict in made.conflicts],
    }
