"""`trax diarize`: who says what, in transcripts that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trax.cli.console import clock, one_line
from trax.cli.further import Again, Ids, Telling, run
from trax.cli.options import AsJson, LeastSpeakers, MostSpeakers, Quiet, Speakers, Version

if TYPE_CHECKING:
    from trax.result import Result


def diarize(
    ids: Ids,
    speakers: Speakers = None,
    min_speakers: LeastSpeakers = None,
    max_speakers: MostSpeakers = None,
    version: Version = None,
    again: Again = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell the speakers of stored transcripts apart: a new version of each, made from the one that is named.

    Nothing is transcribed anew. Exit code 1 if one of them can't be done.
    """
    from trax.turns import SpeakerCount

    count = SpeakerCount(speakers, min_speakers, max_speakers)
    run(
        lambda archive, hook: archive.diarize(ids, speakers=count, version=version, hook=hook, force=again),
        Telling(_done, _facts, "had its speakers told"),
        as_json=as_json,
        quiet=quiet,
    )


def _done(result: Result) -> str:
    """Who speaks for how long."""
    found = _speakers(result)
    noun = "speaker" if len(found) == 1 else "speakers"
    who = ", ".join(f"{one_line(speaker['name'] or speaker['label'])} {clock(speaker['seconds'])}" for speaker in found)
    return f"{len(found)} {noun}{f' ({who})' if who else ''}"


def _facts(result: Result | None) -> dict[str, Any]:
    return {"speakers": [] if result is None else _speakers(result)}


def _speakers(result: Result) -> list[dict[str, Any]]:
    known = (result.speaker_info or {}).get("speakers", [])
    names = ("label", "name", "seconds", "turns", "first_at", "words")
    return [{name: speaker.get(name) for name in names} for speaker in known]
