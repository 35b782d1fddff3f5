"""An engine that says a word for each half second of speech, and makes the mistakes that it is told to make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.engines import StandIn
from trax.audio import Window
from trax.timeline import Seconds
from trax.transcript import Segment, Word
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.transcriber import Transcriber

STEP: Seconds = 0.5


@dataclass
class Faulty(StandIn):
    """A `Transcriber`; windows are named by their positions."""

    blank: set[int] = field(default_factory=set)  # no word at all
    looped: set[int] = field(default_factory=set)  # one word over and over
    halved: set[int] = field(default_factory=set)  # no word in the second half
    heard: list[Window] = field(default_factory=list)
    english_only: bool = True

    def begin(self, window: Window) -> None:
        self.heard.append(window)

    def segments(self, position: int, window: Window) -> tuple[Segment, ...]:
        words = [] if position in self.blank else list(_words(window, looped=position in self.looped))
        if position in self.halved:
            words = [word for word in words if word.end <= window.start + window.duration / 2]
        if not words:
            return ()
        return (Segment(words[0].start, words[-1].end, "".join(word.text for word in words).strip(), tuple(words)),)


def _words(window: Window, *, looped: bool) -> Iterator[Word]:
    for region in window.speech:
        start = region.start
        while start < region.end:
            end = min(region.end, start + STEP)
            yield Word(start, end, " again" if looped else f" at{start:.2f}", 0.9)
            start = end


class FaultyEngines(Engines):
    """Engines that give it for every model."""

    def __init__(self, faulty: Faulty, folder: Path) -> None:
        super().__init__(EngineOptions(models_folder=folder, offline=True), lambda _: None)
        self._faulty = faulty

    def get(self, name: str, compute_type: str = "auto") -> Transcriber:
        return self._faulty
