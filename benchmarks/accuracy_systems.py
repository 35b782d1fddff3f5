"""The systems of `benchmarks.accuracy`: the stages of Trax, with one model and with two, and faster-whisper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.second_model import second_folder
from benchmarks.systems import MODEL, peer_system
from trax.flow import Hook, Made, Material, PassOptions, Request
from trax.stages.passes import passes
from trax.stages.transcribe import transcribe
from trax.transcript import Transcript
from trax.transcription.engines import EngineOptions, Engines

T = TypeVar("T")
OURS = ("v1", "v3", "v3 + base", "base")
PEER = "faster-whisper"
SYSTEMS = (*OURS, PEER)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a system made of one file, and what that took, with what it builds on."""

    text: str
    seconds: float
    cpu_seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Systems:
    """All of them on a file in turn: a machine that gets slower slows all."""

    def __init__(self, folder: Path) -> None:
        options = EngineOptions(folder, offline=True, cache_folder=folder / "cache")
        self._engines = Engines(options, lambda _: None)
        self._first = Request(model=MODEL, language="en")
        self._base = str(second_folder(folder))
        self._peer, self.peer_facts = peer_system(folder)

    def facts(self) -> dict[str, Any]:
        """What Trax is made of."""
        return {
            "first": self._engines.get(MODEL).description(),
            "second": self._engines.get(self._base).description() | {"model": "base"},
            "request": self._first.as_json(),
        }

    def hear(self, path: Path) -> Iterator[tuple[str, Heard]]:
        """Each system's text; that of v3 has the time of v1 in it."""
        for name, (made, wall, cpu) in self._ours(path):
            yield name, Heard(made.transcript.text, wall, cpu)
        text, wall, cpu = _timed(lambda: self._peer(path).text)
        yield PEER, Heard(text, wall, cpu)

    def transcripts(self, path: Path) -> dict[str, Transcript]:
        """What each of ours made of it."""
        return {name: made.transcript for name, (made, _, _) in self._ours(path)}

    def _ours(self, path: Path) -> Iterator[tuple[str, tuple[Made, float, float]]]:
        first = _timed(lambda: self._transcribe(path, self._first))
        v1, wall, cpu = first
        yield "v1", first
        for name, second in (("v3", None), ("v3 + base", self._base)):
            made, more_wall, more_cpu = _timed(partial(self._passes, path, v1, second))
            yield name, (made, wall + more_wall, cpu + more_cpu)
        yield "base", _timed(lambda: self._transcribe(path, replace(self._first, model=self._base)))

    def _transcribe(self, path: Path, request: Request) -> Made:
        return transcribe(Material(path), request, self._engines, Hook())

    def _passes(self, path: Path, v1: Made, second: str | None) -> Made:
        request = replace(self._first, pipeline="v3", passes=PassOptions(second_model=second))
        return passes(Material(path, parent=v1), request, self._engines, Hook())


def _timed(make: Callable[[], T]) -> tuple[T, float, float]:
    """What is made, and the seconds that it took, by the clock and of all cores."""
    started, worked = time.perf_counter(), time.process_time()
    made = make()
    return made, time.perf_counter() - started, time.process_time() - worked
