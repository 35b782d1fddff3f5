"""`trax diff`: what two versions of a transcript have differently, and which corrections were taken over."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import clock, one_line, print_json, say, short
from trax.cli.options import AsJson
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.archive import Archive
    from trax.enhancement.values import Decision
    from trax.evaluation.difference import Difference
    from trax.result import Result
    from trax.transcript import Transcript

RED, GREEN, DIM = "red", "green", "bright_black"
NOTHING = "(nothing)"


def diff(
    id: Annotated[str, typer.Argument(metavar="ID", help="A media file or transcript, or the beginning of its ID.")],
    other: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The newer one. [default: of the first, what it was made from]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which words differ between two versions of a transcript, with the moments.

    Of one that a language model has corrected, all edits are shown, the refused ones and the reasons among them.
    """
    from trax.archive import Archive
    from trax.cli.console import say_progress

    with Archive(announce=say_progress) as archive:
        old, new = _pair(archive, id, other)
        base = _base(archive, old)
    found, decisions = _differences(old, new), _decisions(old, new)
    if as_json:
        print_json(_document(old, new, found, [_facts(base, decision) for decision in decisions]))
    elif decisions:
        _print_decisions(base, decisions)
    else:
        _print_differences(old, new, found)


def _pair(archive: Archive, id: str, other: str | None) -> tuple[Result, Result]:
    """The older and the newer one.

    Raises: UsageError: it was made from none.
    """
    first = archive.result(id)
    if other is not None:
        return first, archive.result(other)
    if first.parent_id is None:
        raise UsageError(
            f"Version {first.version} of {one_line(first.title)} was made from no other.",
            "Name two transcripts; `trax versions` lists them.",
        )
    return archive.result(str(first.parent_id)), first


def _base(archive: Archive, result: Result) -> Transcript:
    """The words that were corrected: edits that were taken back since have made versions between these and the result.

    They are as `Edit` counts them.
    """
    from trax.enhancement.apply import with_words
    from trax.jobs.revert import VERSION

    while result.pipeline_version == VERSION and result.parent_id is not None:
        result = archive.result(str(result.parent_id))
    return with_words(result.transcript)


def _differences(old: Result, new: Result) -> list[Difference]:
    from trax.evaluation.difference import differences

    return differences(old.transcript, new.transcript)


def _decisions(old: Result, new: Result) -> tuple[Decision, ...]:
    """All edits, where the newer one is the older one's correction."""
    from trax.enhancement.content import decisions_of

    return decisions_of(new.content) if new.parent_id == old.id else ()


def _print_differences(old: Result, new: Result, found: list[Difference]) -> None:
    print_changes(found)
    noun = "place" if len(found) == 1 else "places"
    say(f"{_named(old)} and {_named(new)} differ in {len(found)} {noun}.")


def print_changes(found: Sequence[Difference]) -> None:
    """A line for each, with its moment."""
    for change in found:
        typer.echo(f"{time_of(change.start)}  {replaced(change.before, change.after)}")


def _print_decisions(base: Transcript, decisions: tuple[Decision, ...]) -> None:
    from trax.enhancement.content import moment_of

    width = max(len(decision.edit.id) for decision in decisions)
    for decision in decisions:
        edit = decision.edit
        line = f"{time_of(moment_of(base, edit))}  {edit.id:{width}}  "
        line += replaced(edit.before, edit.after) if decision.accepted else _left(edit.before, edit.after)
        typer.echo(line + in_colour(f"  ({edit.kind}) {one_line(decision.reason)}", DIM))
    accepted = sum(decision.accepted for decision in decisions)
    say(f"{accepted} of {len(decisions)} edits were accepted; `trax revert-edit ID EDIT` takes one back.")


def replaced(before: str, after: str) -> str:
    """What is gone and what has come, for the terminal."""
    parts = [in_colour(f"-{one_line(before)}", RED)] if before else []
    parts += [in_colour(f"+{one_line(after)}", GREEN)] if after else []
    return " ".join(parts)


def _left(before: str, after: str) -> str:
    """An edit that was refused."""
    wanted = in_colour(f"refused: {one_line(after) or NOTHING}", DIM)
    return f"{one_line(before) or NOTHING} {wanted}"


def in_colour(text: str, colour: str) -> str:
    """The text, in that colour where standard output is a terminal."""
    return typer.style(text, fg=colour) if sys.stdout.isatty() else text


def time_of(seconds: float) -> str:
    """A moment, in a column."""
    return f"{clock(int(seconds)):>7}"


def _named(result: Result) -> str:
    return f"{short(result.id)} (version {result.version}, {result.pipeline_version})"


def _document(old: Result, new: Result, found: list[Difference], edits: list[dict[str, Any]]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "before": {"id": str(old.id), "version": old.version, "pipeline_version": old.pipeline_version},
        "after": {"id": str(new.id), "version": new.version, "pipeline_version": new.pipeline_version},
        "differences": [asdict(change) for change in found],
        "edits": edits,
    }


def _facts(base: Transcript, decision: Decision) -> dict[str, Any]:
    from trax.enhancement.content import moment_of

    edit = decision.edit
    return {
        "id": edit.id,
        "segment": edit.segment,
        "time": moment_of(base, edit),
        "kind": edit.kind,
        "before": edit.before,
        "after": edit.after,
        "accepted": decision.accepted,
        "by": decision.by,
        "reason": decision.reason,
        "scores": None if decision.scores is None else dict(decision.scores),
    }
