"""Where the time of a transcription went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trax.cli.console import one_line, say
from trax.stopwatch import STAGES

if TYPE_CHECKING:
    from trax.result import Result


def show_profile(source: Path, result: Result) -> None:
    """Seconds of work by stage, of all threads, on standard error; `wait` is how long it waited for the engine."""
    minutes = result.transcript.duration / 60
    total = sum(seconds for stage, seconds in result.profile.items() if stage != "wait")
    wall = result.processing_time or 0.0
    speed = f", {60 * minutes / wall:.1f} x real time" if wall else ""
    say(f"{one_line(source.name)}: {60 * minutes:.1f} s of sound in {wall:.1f} s{speed}")
    for stage in STAGES:
        if (seconds := result.profile.get(stage)) is None:
            continue
        share = "" if stage == "wait" or not total else f"{seconds / total:7.1%}"
        say(f"  {stage:<12}{seconds:9.2f} s {seconds / minutes if minutes else 0:8.2f} s/min {share}".rstrip())
