"""Stand-ins for what hears: a stage whose words are known, and a diarizer in which two people take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from trax.audio import SAMPLE_RATE, Samples
from trax.errors import ModelUnavailable
from trax.flow import Hook, Made, Material, Request
from trax.pipeline import DIARIZE, PIPELINES, Stage
from trax.transcript import Segment, Transcript, Word
from trax.transcription.engines import EngineOptions, Engines
from trax.turns import Diarization, Diarizer, Speaker, SpeakerCount, SpeakerTurn

TURN = 4.0  # seconds
LENGTH = 33.0  # of the sample, roughly


class Hears:
    """The stage v1 without Whisper: two segments in each turn, three words in each segment, half a second each."""

    def __init__(self) -> None:
        self.runs = 0
        self.speaker_info: dict[str, Any] | None = None

    def __call__(self, material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
        self.runs += 1
        begin, end = request.decode.start, request.decode.end or LENGTH
        segments = []
        while begin + 2.0 <= end:
            segments.append(_segment(begin))
            begin += 2.0
        config = {"model": request.model, "request": request.as_json()}
        heard = Transcript("en", end, tuple(segments))
        return Made(heard, 0.9, request.model, config, speaker_info=self.speaker_info)


def _segment(begin: float) -> Segment:
    words = [Word(begin + n * 0.5, begin + (n + 1) * 0.5, f" word{n}", 0.9) for n in range(3)]
    return Segment(begin, begin + 1.5, "word0 word1 word2", tuple(words))


class TakesTurns:
    """A diarizer that hears another speaker every four seconds, whatever the sound."""

    name = "stand-in"

    def __init__(self) -> None:
        self.counts: list[SpeakerCount] = []
        self.seconds: list[float] = []  # of sound that were heard
        self.act: Callable[[Callable[[], None]], None] = lambda _: None  # in the middle of the work
        self.at_work = 0
        self.most_at_work = 0

    def description(self) -> dict[str, Any]:
        return {"engine": self.name, "model_id": "stand-in-1"}

    def diarize(
        self,
        blocks: Iterable[Samples],
        count: SpeakerCount,
        check: Callable[[], None],
        told: Callable[[float], None],
    ) -> Diarization:
        with self._at_work():
            samples = 0
            for block in blocks:
                samples += len(block)
                told(samples / SAMPLE_RATE)
                self.act(check)
        self.counts.append(count)
        self.seconds.append(samples / SAMPLE_RATE)
        return _alternating(samples / SAMPLE_RATE, count.exact or 2)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            yield
        finally:
            self.at_work -= 1


def _alternating(length: float, people: int) -> Diarization:
    turns: list[SpeakerTurn] = []
    while len(turns) * TURN < length:
        begin = len(turns) * TURN
        turns.append(SpeakerTurn(begin, min(length, begin + TURN), f"SPEAKER_{len(turns) % people:02}"))
    labels = sorted({turn.speaker for turn in turns})
    speakers = [_speaker(label, [turn for turn in turns if turn.speaker == label]) for label in labels]
    return Diarization(
        tuple(turns), tuple(turns), tuple(speakers), "stand-in", "stand-in-1", profile={"clustering": 0.25}
    )


def _speaker(label: str, turns: list[SpeakerTurn]) -> Speaker:
    seconds = sum(turn.end - turn.start for turn in turns)
    direction = tuple(float(label == f"SPEAKER_{n:02}") for n in range(4))
    return Speaker(label, seconds, turns[0].start, len(turns), direction)


def engines_with(diarizer: Diarizer | None) -> Engines:
    """Engines without any model; where there is no diarizer either, its weights are missing."""

    def open_diarizer() -> Diarizer:
        if diarizer is None:
            raise ModelUnavailable("The weights of community-1 are not on this machine.", "Get them.")
        return diarizer

    options = EngineOptions(Path("/nonexistent"), offline=True, encoder="ctranslate2")
    return Engines(options, lambda _: None, open_diarizer)


def until(freed: threading.Event) -> Callable[[Callable[[], None]], None]:
    """Work until the event comes, or until the check ends the work."""

    def wait(check: Callable[[], None]) -> None:
        while not freed.wait(0.02):
            check()

    return wait


def without_whisper(monkeypatch: pytest.MonkeyPatch) -> Hears:
    """Pipelines in which nothing is transcribed."""
    hears = Hears()
    transcribe = Stage("v1", hears)
    monkeypatch.setitem(PIPELINES, "v1", (transcribe,))
    monkeypatch.setitem(PIPELINES, "v4", (transcribe, DIARIZE))
    return hears
