"""`trax show`: a transcript, or a part of it, to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from trax.cli.console import clock, one_line, say, say_progress, short
from trax.cli.coverage import show_coverage, unexplained_notice
from trax.cli.delivery import lacks_notice
from trax.cli.options import AsJson, Id, Version, seconds_of
from trax.errors import RecordNotFound, UsageError
from trax.timeline import Interval, Seconds

if TYPE_CHECKING:
    from trax.archive import Archive
    from trax.result import Result
    from trax.transcript import Segment

WINDOW: Seconds = 120.0  # that --around shows

Around = Annotated[
    str | None, typer.Option("--around", metavar="TIME", help="Only the minute before and after: 90, 12:30, 1:02:03.")
]
For = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="With --around: so much in all. [default: 2:00]")
]
Covered = Annotated[
    bool, typer.Option("--coverage", help="How much is text, silence, music, noise, or speech without words; no text.")
]
Speaker = Annotated[str | None, typer.Option(metavar="NAME", help="Only what they say; a part of the name is enough.")]


def show(
    id: Id,
    version: Version = None,
    around: Around = None,
    length: For = None,
    speaker: Speaker = None,
    coverage: Covered = False,
    as_json: AsJson = False,
) -> None:
    """Show a transcript with times (~: estimated) and speakers; the newest version unless another is named."""
    from trax.archive import Archive

    window = _window(around, length)
    if coverage and (window is not None or speaker is not None):
        raise UsageError("Coverage is that of the whole recording.", "Leave out --around and --speaker.")
    with Archive(announce=say_progress) as archive:
        result = archive.result(id, version)
        is_estimated = _is_estimated(archive, result)
        is_measured = _is_measured(archive, result)
    if (notice := lacks_notice(result)) is not None:
        say(notice)
    if coverage:
        show_coverage(result, as_json=as_json)
        return
    segments: Sequence[Segment] = result.transcript.segments
    if speaker is not None:
        segments = _said_by(speaker, segments)
    if window is not None:
        segments = _within(window, segments, result.transcript.duration)
    if as_json:
        typer.echo(replace(result, transcript=replace(result.transcript, segments=tuple(segments))).export("json"))
        return
    is_part = window is not None or speaker is not None
    _print(result, segments, is_part=is_part, is_estimated=is_estimated, accuracy=_accuracy(result, is_measured))


def _is_estimated(archive: Archive, result: Result) -> bool:
    from trax.database import transcripts

    with archive.database.transaction() as session:
        return transcripts.has_estimated_times(session, result.id)


def _is_measured(archive: Archive, result: Result) -> bool:
    from trax.database import measuring

    with archive.database.transaction() as session:
        return bool(measuring.of_results(session, [result.id]))


def _accuracy(result: Result, is_measured: bool) -> str:
    if result.accuracy is None:
        return ""
    if is_measured:
        return f", {result.accuracy:.1%} of words right by its reference"
    return f", about {result.accuracy:.0%} of words right"


def _print(result: Result, segments: Sequence[Segment], *, is_part: bool, is_estimated: bool, accuracy: str) -> None:
    typer.echo(
        f"{one_line(result.title)}  ({clock(result.transcript.duration)}, {result.transcript.language}, "
        f"version {result.version}, {result.pipeline_version}, {result.model_used}{accuracy}, "
        f"{'times are estimated, ' if is_estimated else ''}{short(result.id)})\n"
    )
    if not is_part and (notice := unexplained_notice(result)) is not None:
        typer.echo(f"({notice})\n")
    if not segments:
        typer.echo("(nothing is said there)" if is_part else "(no speech)")
    for segment in segments:
        speaker = f"{one_line(segment.speaker)}: " if segment.speaker else ""
        typer.echo(f"[{'~' if is_estimated else ''}{_moment(segment.start)}]  {speaker}{one_line(segment.text)}")


def _window(around: str | None, length: str | None) -> Interval | None:
    """The part of the media that is asked for; None: all."""
    if around is None:
        if length is not None:
            raise UsageError("--for says how much --around shows.", "Name a time with --around.")
        return None
    middle, whole = seconds_of(around), WINDOW if length is None else seconds_of(length)
    if whole <= 0:
        raise UsageError("--for 0 shows nothing.", "Give a longer time.")
    return Interval(max(0.0, middle - whole / 2), middle + whole / 2)


def _within(window: Interval, segments: Sequence[Segment], duration: Seconds) -> list[Segment]:
    """The segments that are being said in the window."""
    if window.start >= max([duration, *(segment.end for segment in segments)]):
        raise UsageError(f"The media is only {clock(duration)} long.", "Name an earlier time with --around.")
    return [segment for segment in segments if segment.start < window.end and segment.end > window.start]


def _said_by(named: str, segments: Sequence[Segment]) -> list[Segment]:
    """What a speaker of that name says; where there is none, those whose names contain it."""
    wanted = named.strip().casefold()
    names = dict.fromkeys(segment.speaker for segment in segments if segment.speaker)
    meant = [name for name in names if name.casefold() == wanted] or [
        name for name in names if wanted in name.casefold()
    ]
    if not wanted or not meant:
        raise RecordNotFound(f"Nobody called {one_line(named)!r} speaks there.", _who(list(names)))
    return [segment for segment in segments if segment.speaker in meant]


def _who(names: Sequence[str]) -> str:
    if not names:
        return "The transcript doesn't say who speaks; leave out --speaker."
    return f"The speakers are {', '.join(one_line(name) for name in names)}."


def _moment(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60):02}:{int(minutes % 60):02}:{rest:05.2f}"
