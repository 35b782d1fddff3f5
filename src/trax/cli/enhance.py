"""`trax enhance`: a language model corrects transcripts that are there, as far as the sound agrees."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, say, say_cause, short
from trax.cli.enhance_options import Glossary, MaxCost, enhance_options
from trax.cli.options import AsJson, Version

if TYPE_CHECKING:
    from trax.archive import Outcome
    from trax.result import Result


def enhance(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Media files or transcripts, by their IDs.")],
    glossary: Glossary = None,
    max_cost: MaxCost = None,
    version: Version = None,
    again: Annotated[bool, typer.Option("--again", help="Also where that has been done before.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages but errors.")] = False,
) -> None:
    """Have a language model correct stored transcripts: a new version of each, made from the one that is named.

    The text is sent to the language model of TRAX_LLM_BASE_URL, the sound never. What changes the words is taken over
    only if the sound agrees; `trax diff` shows what was, and `trax revert-edit` takes it back. Exit code 1 if one of
    them can't be done.
    """
    from trax.media.fence import warm_up
    from trax.settings import load_settings

    options = enhance_options(glossary, max_cost)
    settings = load_settings()
    warm_up()

    from trax.archive import Archive
    from trax.cli.progress import watching

    outcomes = []
    with (
        watching(quiet=quiet) as hook,
        Archive(settings, hook.announce) as archive,
        closing(archive.enhance(ids, version=version, hook=hook, force=again, **options)) as done,
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
            say(f"{one_line(outcome.result.title)} had been corrected so before; --again does it once more.")
        if not quiet and (notice := lacks_notice(outcome.result)) is not None:
            say(notice)


def _line(result: Result) -> str:
    """The new version, what was taken over, and what it cost."""
    metadata = _metadata(result)
    counts = f"{metadata.get('accepted', 0)} edits accepted, {metadata.get('refused', 0)} refused"
    return f"{short(result.id)}  {one_line(result.title)}: {counts}{money(metadata.get('cost'))}"


def money(cost: float | None) -> str:
    """What it cost, after a comma; nothing where no price is known."""
    return "" if cost is None else f", ${cost:.4f}"


def _metadata(result: Result) -> dict[str, Any]:
    return dict(result.content.get("enhancement_metadata") or {})


def _facts(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    metadata = {} if result is None else _metadata(result)
    return {
        "source": str(outcome.source),
        "media_id": result and str(result.media_id),
        "result_id": result and str(result.id),
        "parent_id": result and result.parent_id and str(result.parent_id),
        "version": result and result.version,
        "existed": bool(result and result.existed),
        "improvements": [] if result is None else list(result.content.get("improvements", [])),
        "enhancement_metadata": metadata or None,
        "error": outcome.error and str(outcome.error),
    }
