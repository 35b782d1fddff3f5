"""`trax passes`: what is doubtful in transcripts that are there is heard again."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, say, say_cause, short
from trax.cli.enhance_options import Glossary, enhance_options
from trax.cli.options import AsJson, SecondModel, Version

if TYPE_CHECKING:
    from trax.archive import Outcome
    from trax.result import Result


def passes(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Media files or transcripts, by their IDs.")],
    second_model: SecondModel = None,
    glossary: Glossary = None,
    version: Version = None,
    again: Annotated[bool, typer.Option("--again", help="Also where that has been done before.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages but errors.")] = False,
) -> None:
    """Hear again what is doubtful in stored transcripts: a new version of each, made from the one that is named.

    What sounds unsure is heard with its noise turned down, and by a second model where one is named; of all that was
    heard the best stands. `trax diff` shows what changed. Exit code 1 if one of them can't be done.
    """
    from trax.media.fence import warm_up
    from trax.settings import load_settings

    options = {"second_model": second_model, **enhance_options(glossary, None)}
    settings = load_settings()
    warm_up()

    from trax.archive import Archive
    from trax.cli.progress import watching

    outcomes = []
    with (
        watching(quiet=quiet) as hook,
        Archive(settings, hook.announce) as archive,
        closing(archive.passes(ids, version=version, hook=hook, force=again, **options)) as done,
    ):
        for outcome in done:
            outcomes.append(outcome)
            with hook.aside():
                _show(outcome, as_json=as_json, quiet=quiet)
    if as_json:
        print_json([_facts(outcome) for outcome in outcomes])
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _show(outcome: Outcome, *, as_json: bool, quiet: bool) -> None:
    from trax.cli.delivery import lacks_notice, named

    if outcome.error is not None:
        say(f"trax: {named(outcome.source, str(outcome.error))}")
        say_cause(outcome.error)
    elif outcome.result is not None and not as_json:
        typer.echo(_line(outcome.result))
        if outcome.result.existed and not quiet:
            say(f"{one_line(outcome.result.title)} was heard again so before; --again does it once more.")
        if not quiet and (notice := lacks_notice(outcome.result)) is not None:
            say(notice)


def _line(result: Result) -> str:
    """The new version, how much was heard again, and what that changed."""
    done = result.content.get("passes", {})
    changes = len(done.get("changes", []))
    heard = f"{done.get('heard_again', 0)} of {done.get('windows', 0)} windows heard again"
    return f"{short(result.id)}  {one_line(result.title)}: {heard}, {changes} change{'' if changes == 1 else 's'}"


def _facts(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    return {
        "source": str(outcome.source),
        "media_id": result and str(result.media_id),
        "result_id": result and str(result.id),
        "parent_id": result and result.parent_id and str(result.parent_id),
        "version": result and result.version,
        "existed": bool(result and result.existed),
        "passes": None if result is None else result.content.get("passes"),
        "error": outcome.error and str(outcome.error),
    }
