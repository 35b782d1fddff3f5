"""What the commands share that make further versions of transcripts which are there."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, say, say_cause, short

if TYPE_CHECKING:
    from trax.archive import Archive, Outcome
    from trax.flow import Hook
    from trax.result import Result

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Media files or transcripts, by their IDs.")]
Again = Annotated[bool, typer.Option("--again", help="Also where that has been done before.")]


@dataclass(frozen=True, slots=True)
class Telling:
    """How a command tells of a version."""

    done: Callable[[Result], str]  # what was done, in a few words
    facts: Callable[[Result | None], dict[str, Any]]  # of its own, for `--json`; None: nothing was made
    existed: str  # of a title: what had been done before


def run(
    make: Callable[[Archive, Hook], Generator[Outcome, None, None]], telling: Telling, *, as_json: bool, quiet: bool
) -> None:
    """Make the versions and tell of each as soon as it is there; exit code 1 if one of them can't be made."""
    from trax.media.fence import warm_up
    from trax.settings import load_settings

    settings = load_settings()
    warm_up()

    from trax.archive import Archive
    from trax.cli.progress import watching

    outcomes = []
    with (
        watching(quiet=quiet) as hook,
        Archive(settings, hook.announce) as archive,
        closing(make(archive, hook)) as made,
    ):
        for outcome in made:
            outcomes.append(outcome)
            with hook.aside():
                _show(outcome, telling, as_json=as_json, quiet=quiet)
    if as_json:
        print_json([_facts(outcome, telling) for outcome in outcomes])
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _show(outcome: Outcome, telling: Telling, *, as_json: bool, quiet: bool) -> None:
    from trax.cli.delivery import lacks_notice, named

    result = outcome.result
    if outcome.error is not None:
        say(f"trax: {named(outcome.source, str(outcome.error))}")
        say_cause(outcome.error)
    elif result is not None and not as_json:
        title = one_line(result.title)
        typer.echo(f"{short(result.id)}  {title}: {telling.done(result)}")
        if result.existed and not quiet:
            say(f"{title} {telling.existed} so before; --again does it once more.")
        if not quiet and (notice := lacks_notice(result)) is not None:
            say(notice)


def _facts(outcome: Outcome, telling: Telling) -> dict[str, Any]:
    result = outcome.result
    return {
        "source": str(outcome.source),
        "media_id": result and str(result.media_id),
        "result_id": result and str(result.id),
        "parent_id": result and result.parent_id and str(result.parent_id),
        "version": result and result.version,
        "existed": bool(result and result.existed),
        **telling.facts(result),
        "error": outcome.error and str(outcome.error),
    }
