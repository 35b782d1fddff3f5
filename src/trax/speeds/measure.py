"""How fast a model is on this machine, measured through the pipeline that transcribes."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

from trax.errors import JobFailed
from trax.flow import Hook, Material, Request
from trax.speeds.record import Speed, machine
from trax.speeds.sample import Pcm, beginning, sample_path, write_sound
from trax.stages.transcribe import transcribe
from trax.timeline import Seconds
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.models import canonical_name

WARM_UP = 30.0  # seconds of sound: at least a window for the engine
LONG_ENOUGH = 8.0  # seconds that each measurement should take
LONGEST = 900.0  # seconds of sound
SHORT_FILE = 2.0  # seconds of sound of the files that show what a file costs
SHORT_FILES = 8
STATUS = Path("/proc/self/status")

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def measure(model: str, options: EngineOptions, path: Path | None = None) -> list[Speed]:
    """The speeds of a model, with the defaults and as with --fast, on the sample or on the beginning of a file.

    Each model gets a process of its own: what others left in memory, or in caches, is not measured.

    Raises: ModelError, MediaError, UsageError. JobFailed: the process was killed, most likely for lack of memory.
    """
    _in_a_new_process(prepare, model, options)
    with tempfile.TemporaryDirectory(prefix="trax-") as folder:  # ours: a process that is killed clears nothing up
        return _in_a_new_process(measure_here, model, options, path or sample_path(), LONG_ENOUGH, Path(folder))


def _in_a_new_process(
    work: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Answer:
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(work, *arguments, **named).result()
        except BrokenProcessPool as error:
            raise JobFailed(
                "The process that measured was killed, most likely for lack of memory.",
                "Choose a smaller model, or end other programs.",
            ) from error
        except BaseException:  # whoever interrupts doesn't want to wait for the figures, as leaving the pool would
            for child in set(multiprocessing.active_children()) - others:
                child.kill()
            raise


def prepare(model: str, options: EngineOptions) -> None:
    """Do what only the first start of a model on a machine has to do."""
    Engines(options, lambda _: None).get(model)


def measure_here(model: str, options: EngineOptions, path: Path, long_enough: Seconds, folder: Path) -> list[Speed]:
    """As `measure`, in this process, for a model that has been started on this machine before.

    The sound is written to `folder`.
    """
    engines = Engines(options, lambda _: None)
    began = perf_counter()
    engine = engines.get(model)
    load_seconds = perf_counter() - began
    sound = beginning(path, LONGEST)
    # whoever names no language for a model that knows others has it detected; the sample is English
    language = "en" if engine.english_only or path == sample_path() else None
    request = Request(model=model, language=language)
    modes = (request, replace(request, transcribe=replace(request.transcribe, beam_size=1)))
    runs = [_Run(engines, mode, sound, folder, long_enough) for mode in modes]
    figures = [(run.speed(), run.file_seconds()) for run in runs]
    now, peak = datetime.now(UTC).isoformat(timespec="seconds"), peak_bytes()
    description: dict[str, Any] = engine.description()
    return [
        Speed(
            model=canonical_name(model),
            device=description["device"],
            compute_type=description["compute_type"],
            encoder=description["encoder"],
            fast=run is not runs[0],
            speed=round(speed, 3),
            file_seconds=round(file_seconds, 4),
            load_seconds=round(load_seconds, 3),
            peak_bytes=peak,
            sound=path.name,
            sound_seconds=run.sound_seconds,
            machine=machine(),
            version=description["versions"]["trax-transcripts"],
            measured_at=now,
        )
        for run, (speed, file_seconds) in zip(runs, figures, strict=True)
    ]


@dataclass(slots=True)
class _Run:
    """One model in one mode."""

    engines: Engines
    request: Request
    sound: Pcm
    folder: Path
    long_enough: Seconds  # that a fair run takes
    sound_seconds: Seconds = 0.0
    _warm: Seconds = 0.0
    _speed: float = 0.0

    def speed(self) -> float:
        """Seconds of sound in a second; the first, short run warms the engine up and shows how long a fair one is."""
        self._warm = self._seconds([self._sound("warm", WARM_UP)])
        self.sound_seconds = round(min(LONGEST, max(WARM_UP, WARM_UP * self.long_enough / self._warm)))
        self._speed = self.sound_seconds / self._seconds([self._sound("long", self.sound_seconds)])
        return self._speed

    def file_seconds(self) -> Seconds:
        """What a file takes beyond its sound: its windows are short, and each has a decoder of its own to start."""
        count = max(2, min(SHORT_FILES, int(SHORT_FILES * self.long_enough / self._warm / 4)))
        paths = [self._sound(f"short-{number}", SHORT_FILE) for number in range(count)]
        return max(0.0, self._seconds(paths) / count - SHORT_FILE / self._speed)

    def _seconds(self, paths: list[Path]) -> Seconds:
        began = perf_counter()
        with ThreadPoolExecutor(len(paths)) as pool:
            list(pool.map(self._transcribe, paths))
        return perf_counter() - began

    def _transcribe(self, path: Path) -> None:
        transcribe(Material(path), self.request, self.engines, Hook())

    def _sound(self, name: str, seconds: Seconds) -> Path:
        return write_sound(self.folder / f"{name}.wav", self.sound, seconds)


def peak_bytes() -> int:
    """The most memory that this process had at a time."""
    try:  # the kernel's count for this program alone: that of getrusage begins with the program that started it
        status = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # not Linux
        status = []
    for line in status:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
