"""A pipeline for the crash suite: light, slow enough to be caught at work; a file's name says how it goes.

Everything around it is the real thing: worker, queue, checkpoints, database. Its result tells whether every step was
heard once and in order, whoever heard it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path

from trax.errors import UnreadableMedia
from trax.flow import Hook, Made, Material, Progress, Request
from trax.pipeline import PIPELINES, Stage
from trax.transcript import Segment, Transcript
from trax.transcription.engines import Engines
from trax.transcription.transcriber import WindowResult

NAME = "crash"
REQUEST = Request(pipeline=NAME, model="tiny.en", language="en")
STEPS = 8
BRINK = 0.8  # seconds between the last look at whether to stop and the commit

# Conduct, by the beginning of the file's name.
FINE = "fine"
STUMBLES = "stumbles"  # raises in its first attempt
ON_THE_BRINK = "brink"  # says that it is about to finish, and takes its time: to be stopped there
FALLS = "falls"  # raises in every attempt
REFUSED = "refused"  # raises what no retry can help
POISON = "poison"  # kills its process at once
LATE_POISON = "latepoison"  # kills its process after some windows were kept
FAIL = (FALLS, REFUSED, POISON, LATE_POISON)


def register() -> None:
    """Add the pipeline to those that jobs can ask for."""
    PIPELINES[NAME] = STAGES


def words(sha256: str) -> list[str]:
    """What the result of a file with these bytes says, one segment a step."""
    return [f"{sha256[:12]} {step}" for step in range(STEPS)]


def run(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    """The stage: some tenths of a second in small steps, each of which is kept."""
    path, conduct = material.path, material.path.name.split("-")[0]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    pause = 0.03 + int(sha256[:4], 16) / 0xFFFF * 0.06
    known = material.memory.recall({"engine": NAME})
    heard: list[Segment] = []
    for step, text in enumerate(words(sha256)):
        hook.check()
        _misbehave(conduct, path, step)
        result = known.get(step)
        if result is None:
            time.sleep(pause)
            result = WindowResult(step, step + 1, (Segment(step, step + 1, text),))
            material.memory.keep(step, result, pause)
        heard.extend(result.segments)
        hook.progress(Progress(NAME, step + 1, STEPS))
    if conduct == ON_THE_BRINK:
        brink_of(path, os.getpid()).touch()
        time.sleep(BRINK)
    config = {"request": request.as_json()}
    return Made(Transcript("en", float(STEPS), tuple(heard)), None, NAME, config)


def brink_of(path: Path, process_id: int) -> Path:
    """The file that appears when that process is about to finish with `path`."""
    return path.with_name(f"{path.stem}.{process_id}")


def _misbehave(conduct: str, path: Path, step: int) -> None:
    if conduct == POISON or (conduct == LATE_POISON and step == STEPS // 2):
        os.kill(os.getpid(), signal.SIGKILL)
    if conduct == REFUSED:
        raise UnreadableMedia(f"{path.name} is refused.", "Nothing helps.")
    if conduct == FALLS and step == STEPS // 2:
        raise RuntimeError("it always falls")
    if conduct == STUMBLES and step == STEPS // 2 and not path.with_suffix(".stumbled").exists():
        path.with_suffix(".stumbled").touch()
        raise RuntimeError("it stumbled")


STAGES = (Stage(NAME, run),)
