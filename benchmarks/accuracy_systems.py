"""The systems of `benchmarks.accuracy`: the stages of Trax, with one model and with two, and faster-whisper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.second_model import second_folder
from benchmarks.systems import MODEL, peer_system
from trax.flow import Hook, Made, Material, PassOptions, Request
from trax.stages.passes import passes
from trax.stages.transcribe import transcribe
from trax.transcription.engines import EngineOptions, Engines

SYSTEMS = ("v1", "v3", "v3 + base", "base", "faster-whisper")


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
        v1, first = _timed(partial(self._transcribe, path, self._first))
        yield "v1", first
        for name, second in (("v3", None), ("v3 + base", self._base)):
            _, more = _timed(partial(self._passes, path, v1, second))
            yield name, Heard(more.text, first.seconds + more.seconds, first.cpu_seconds + more.cpu_seconds)
        yield "base", _timed(partial(self._transcribe, path, replace(self._first, model=self._base)))[1]
        started, worked = time.perf_counter(), time.process_time()
        text = self._peer(path).text
        yield "faster-whisper", Heard(text, time.perf_counter() - started, time.process_time() - worked)

    def _transcribe(self, path: Path, request: Request) -> Made:
        return transcribe(Material(path), request, self._engines, Hook())

    def _passes(self, path: Path, v1: Made, second: str | None) -> Made:
        request = replace(self._first, pipeline="v3", passes=PassOptions(second_model=second))
        return passes(Material(path, parent=v1), request, self._engines, Hook())


def _timed(make: Callable[[], Made]) -> tuple[Made, Heard]:
    started, worked = time.perf_counter(), time.process_time()
    made = make()
    return made, Heard(made.transcript.text, time.perf_counter() - started, time.process_time() - worked)
