"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trax.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="ID of a media file or a transcript, or the beginning of one.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="Version to take; default: the newest.")]
FormatName = Annotated[str, typer.Option("--format", "-f", help="txt, srt, vtt, json or md.")]

# What shapes a transcript, in every command that makes or queues one.
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders or patterns ('*.mp3').")]
Pipeline = Annotated[str, typer.Option(help="Pipeline version: v1.")]
Model = Annotated[str | None, typer.Option(help="Whisper model: a name or a folder. [default: TRAX_MODEL]")]
Language = Annotated[str | None, typer.Option("--language", "-l", help="Code, such as en. [default: detect]")]
BeamSize = Annotated[
    int | None, typer.Option(min=1, max=20, help="Hypotheses that are followed at once. [default: 5; with --fast: 1]")
]
Fast = Annotated[bool, typer.Option("--fast", help="Follow one hypothesis, and five only where that one looks wrong.")]
Prompt = Annotated[str | None, typer.Option(help="Names and spellings that the model should know.")]
Track = Annotated[int | None, typer.Option(min=0, help="Audio track, from 0. [default: the file's own]")]
Channel = Annotated[int | None, typer.Option(min=0, help="One channel alone, from 0. [default: all]")]
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


def request_options(
    pipeline: str, beam_size: int | None, fast: bool, prompt: str | None, track: int | None, channel: int | None
) -> dict[str, Any]:
    """The options as `Archive.request` takes them; model and language are settings.

    Raises: UsageError: --fast and a beam size that it rules out, or a prompt that is no text.
    """
    if fast and beam_size not in (None, 1):
        raise UsageError(f"--fast follows one hypothesis, not {beam_size}.", "Leave out --fast or --beam-size.")
    return {
        "pipeline": pipeline,
        "beam_size": 1 if fast else beam_size,
        "prompt": _readable(prompt),
        "track": track,
        "channel": channel,
    }


def _readable(prompt: str | None) -> str | None:
    """The prompt, which a model can only read as text."""
    try:
        (prompt or "").encode()
    except UnicodeEncodeError as error:
        raise UsageError("The prompt holds bytes that are not UTF-8.", "Write --prompt in UTF-8.") from error
    return prompt
