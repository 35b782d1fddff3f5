"""Options that several commands take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from trax.cli.console import one_line
from trax.errors import UsageError
from trax.timeline import Seconds

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="ID of a media file or a transcript, or the beginning of one.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Version to take; default: the newest.")]
FormatName = Annotated[str, typer.Option("--format", "-f", help="txt, srt, vtt, json, md or rttm.")]

# What shapes a transcript, in every command that makes or queues one.
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders or patterns ('*.mp3').")]
Pipeline = Annotated[
    str | None,
    typer.Option(
        help="Version: v1; v2, which is corrected, too; v3, whose doubtful words are heard again; v4, which tells who "
        "speaks. [default: v1; with --diarize: v4]"
    ),
]
Model = Annotated[str | None, typer.Option(help="Whisper model: a name or a folder. [default: TRAX_MODEL]")]
SecondModel = Annotated[
    str | None, typer.Option("--second-model", help="Hear what is doubtful with this model, too (pipeline v3).")
]
Language = Annotated[str | None, typer.Option("--language", "-l", help="Code, such as en. [default: detect]")]
BeamSize = Annotated[
    int | None, typer.Option(min=1, max=20, help="Hypotheses that are followed at once. [default: 5; with --fast: 1]")
]
Fast = Annotated[bool, typer.Option("--fast", help="Follow one hypothesis, and five only where that one looks wrong.")]
Prompt = Annotated[str | None, typer.Option(help="Names and spellings that the model should know.")]
Track = Annotated[int | None, typer.Option(min=0, help="Audio track, from 0. [default: the file's own]")]
Channel = Annotated[int | None, typer.Option(min=0, help="One channel alone, from 0. [default: all]")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Begin there: 90, 1:30 or 1:02:03.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End there; times stay those of the whole.")]
Channels = Annotated[
    str | None, typer.Option("--channels", metavar="mix|split", help="split: each channel is a speaker. [default: mix]")
]
Diarize = Annotated[bool, typer.Option("--diarize", help="Also tell who says what.")]
Speakers = Annotated[int | None, typer.Option("--speakers", min=1, help="How many people speak. [default: found out]")]
LeastSpeakers = Annotated[int | None, typer.Option("--min-speakers", min=1, help="At least so many people speak.")]
MostSpeakers = Annotated[int | None, typer.Option("--max-speakers", min=1, help="At most so many people speak.")]
Force = Annotated[bool, typer.Option("--force", help="Transcribe again what has been transcribed so.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write DIR/<stem>.<format> instead.")]

Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", "-c", min=1, max=64, help="Files in work at a time. [default: TRAX_CONCURRENCY]"),
]
Priority = Annotated[int, typer.Option(min=-1000, max=1000, help="A higher one runs first.")]
Queue = Annotated[str | None, typer.Option("--queue", help="Queue to put jobs in. [default: TRAX_QUEUE]")]
Limit = Annotated[int | None, typer.Option(min=1, help="Show at most this many. [default: 100; with --json: all]")]
Follow = Annotated[bool, typer.Option("--follow", help="Go on showing what changes; with --json a line per change.")]

ROWS = 100  # that a table has unless --limit says otherwise


# "1:02:03.5", "62:03", "90", and "1h2m3s", "90s" as YouTube has them
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")
_UNITS = re.compile(r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d*)?)s)?")


def speaker_options(
    pipeline: str | None, diarize: bool, speakers: int | None, least: int | None, most: int | None
) -> dict[str, Any]:
    """The pipeline and the number of speakers, as `Archive.request` takes them: who gives a number wants them told.

    Raises: UsageError: numbers that contradict each other, or the pipeline.
    """
    from trax.turns import SpeakerCount

    count = SpeakerCount(speakers, least, most)
    is_wanted = diarize or count != SpeakerCount()
    if is_wanted and pipeline not in (None, "v4"):
        raise UsageError(
            f"Pipeline {pipeline} tells no speakers apart.", "Leave out --pipeline, or all about speakers."
        )
    options: dict[str, Any] = {"pipeline": "v4" if is_wanted else pipeline}
    return options | ({"speakers": count} if count != SpeakerCount() else {})


def request_options(
    beam_size: int | None,
    fast: bool,
    prompt: str | None,
    track: int | None,
    channel: int | None,
    channels: str | None = None,
    start: str | None = None,
    end: str | None = None,
) -> dict[str, Any]:
    """What shapes the words, as `Archive.request` takes it; model and language are settings.

    Raises: UsageError: --fast and a beam size that it rules out, a prompt that is no text, or a time that is none.
    """
    if fast and beam_size not in (None, 1):
        raise UsageError(f"--fast follows one hypothesis, not {beam_size}.", "Leave out --fast or --beam-size.")
    return {
        "beam_size": 1 if fast else beam_size,
        "prompt": _readable(prompt),
        "track": track,
        "channel": channel,
        "channels": channels,
        "start": None if start is None else seconds_of(start),
        "end": None if end is None else seconds_of(end),
    }


def seconds_of(time: str) -> Seconds:
    """A moment of the media, written as people do.

    Raises: UsageError: that is no time.
    """
    text = time.strip().lower()
    found = (_CLOCK.fullmatch(text) or _UNITS.fullmatch(text)) if text.isascii() else None
    if found is not None:
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        is_carried = (minutes >= 60 and found[1]) or (seconds >= 60 and (found[1] or found[2]))
        if not is_carried:
            return hours * 3600 + minutes * 60 + seconds
    raise UsageError(f"{one_line(time)!r} is no time.", "Give seconds, m:ss or h:mm:ss, such as 90, 1:30 or 1:02:03.")


def _readable(prompt: str | None) -> str | None:
    """The prompt, which a model can only read as text."""
    try:
        (prompt or "").encode()
    except UnicodeEncodeError as error:
        raise UsageError("The prompt holds bytes that are not UTF-8.", "Write --prompt in UTF-8.") from error
    return prompt
