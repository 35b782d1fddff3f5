"""`trax diarize`: who says what, in transcripts that are there."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import clock, one_line, print_json, say, say_cause, short
from trax.cli.options import AsJson, LeastSpeakers, MostSpeakers, Speakers, Version

if TYPE_CHECKING:
    from trax.archive import Outcome
    from trax.result import Result


def diarize(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Media files or transcripts, by their IDs.")],
    speakers: Speakers = None,
    min_speakers: LeastSpeakers = None,
    max_speakers: MostSpeakers = None,
    version: Version = None,
    again: Annotated[bool, typer.Option("--again", help="Also where that has been done before.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages but errors.")] = False,
) -> None:
    """Tell the speakers of stored transcripts apart: a new version of each, made from the one that is named.

    Nothing is transcribed anew. Exit code 1 if one of them can't be done.
    """
    from trax.media.fence import warm_up
    from trax.settings import load_settings
    from trax.turns import SpeakerCount

    count = SpeakerCount(speakers, min_speakers, max_speakers)
    settings = load_settings()
    warm_up()

    from trax.archive import Archive
    from trax.cli.progress import watching

    outcomes = []
    with (
        watching(quiet=quiet) as hook,
        Archive(settings, hook.announce) as archive,
        closing(archive.diarize(ids, speakers=count, version=version, hook=hook, force=again)) as done,
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
            say(f"{one_line(outcome.result.title)} had its speakers told so before; --again does it once more.")
        if not quiet and (notice := lacks_notice(outcome.result)) is not None:
            say(notice)


def _line(result: Result) -> str:
    """The new version, and who speaks for how long."""
    found = _speakers(result)
    noun = "speaker" if len(found) == 1 else "speakers"
    who = ", ".join(f"{one_line(speaker['name'] or speaker['label'])} {clock(speaker['seconds'])}" for speaker in found)
    return f"{short(result.id)}  {one_line(result.title)}: {len(found)} {noun}{f' ({who})' if who else ''}"


def _facts(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    return {
        "source": str(outcome.source),
        "media_id": result and str(result.media_id),
        "result_id": result and str(result.id),
        "parent_id": result and result.parent_id and str(result.parent_id),
        "version": result and result.version,
        "existed": bool(result and result.existed),
        "speakers": [] if result is None else _speakers(result),
        "error": outcome.error and str(outcome.error),
    }


def _speakers(result: Result) -> list[dict[str, Any]]:
    known = (result.speaker_info or {}).get("speakers", [])
    names = ("label", "name", "seconds", "turns", "first_at", "words")
    return [{name: speaker.get(name) for name in names} for speaker in known]
