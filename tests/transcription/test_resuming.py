"""Interrupted work: it stops at once, goes on where it stopped, and ends up with what an undisturbed run gives."""

from __future__ import annotations

import json
import time
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE
from trax.flow import Hook, Made, Material, Memory, Progress, Request
from trax.stages.transcribe import transcribe
from trax.transcript import Segment, Word
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.faster_whisper import FasterWhisperTranscriber
from trax.transcription.transcriber import WindowResult

CLIPS = 5  # a window each: an odd number leaves a batch of one at the end
REQUEST = Request(model="tiny.en", language="en")

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
WORDS = st.builds(Word, NUMBERS, NUMBERS, TEXTS, NUMBERS, st.none() | TEXTS)
SEGMENTS = st.builds(
    Segment, NUMBERS, NUMBERS, TEXTS, st.lists(WORDS, max_size=3).map(tuple),
    NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.none() | TEXTS,
)  # fmt: skip
RESULTS = st.builds(WindowResult, NUMBERS, NUMBERS, st.lists(SEGMENTS, max_size=3).map(tuple))


class Enough(Exception):
    """What the tests interrupt with."""


@dataclass
class Remembers(Memory):
    """A memory that goes through JSON, as the database's does."""

    windows: dict[int, str] = field(default_factory=dict)
    engines: list[dict[str, Any]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def recall(self, engine: dict[str, Any]) -> Mapping[int, WindowResult]:
        self.engines.append(engine)
        self.kept, self.seconds = [], []
        return {position: WindowResult.from_json(json.loads(text)) for position, text in self.windows.items()}

    def keep(self, position: int, result: WindowResult, engine_seconds: float) -> None:
        self.windows[position] = json.dumps(result.to_json(), allow_nan=False)
        self.kept.append(position)
        self.seconds.append(engine_seconds)


@dataclass
class Interrupts(Hook):
    """Ends the stage as soon as so many windows are kept."""

    memory: Remembers
    after: int
    reported: list[Progress] = field(default_factory=list)

    def progress(self, progress: Progress) -> None:
        if progress.stage == "transcribe":
            self.reported.append(progress)
            if len(self.memory.kept) >= self.after:
                raise Enough


@pytest.fixture(scope="module")
def sound(clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips in a row, and silence between them that no window spans."""
    silence = np.zeros(5 * SAMPLE_RATE, dtype=np.float32)
    names = sorted(clips.references(), key=lambda name: len(clips.references()[name]))[:CLIPS]
    samples = np.concatenate([part for name in names for part in (clips.read(name), silence)])
    path = tmp_path_factory.mktemp("sound") / "clips.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def undisturbed(sound: Path, tiny_engines: Engines) -> Made:
    return transcribe(Material(sound), REQUEST, tiny_engines, Hook())


@given(RESULTS)
def test_a_result_survives_json(result: WindowResult) -> None:
    assert WindowResult.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result


def test_what_a_broken_model_gives_can_be_kept() -> None:
    broken = WindowResult(0.0, 1.0, (Segment(0.0, 1.0, "a\x00b", avg_logprob=float("-inf")),))
    back = WindowResult.from_json(json.loads(json.dumps(broken.to_json(), allow_nan=False)))
    assert np.isnan(back.segments[0].avg_logprob)
    assert back.segments[0].text == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("after", [1, 3, 4])
def test_interrupted_work_goes_on(sound: Path, tiny_engines: Engines, undisturbed: Made, after: int) -> None:
    memory = Remembers()
    interrupts = Interrupts(memory, after)
    with pytest.raises(Enough):
        transcribe(Material(sound, memory=memory), REQUEST, tiny_engines, interrupts)
    heard = list(memory.kept)
    assert len(heard) == len(set(heard)) >= after, "each once"

    goes_on = Interrupts(memory, 1000)
    resumed = transcribe(Material(sound, memory=memory), REQUEST, tiny_engines, goes_on)
    assert resumed.transcript == undisturbed.transcript
    assert sorted(heard + memory.kept) == list(range(len(memory.windows))), "nothing is heard twice"
    assert all(seconds > 0 for seconds in memory.seconds)
    assert goes_on.reported[: len(interrupts.reported)] == interrupts.reported, "known windows count as progress"
    assert memory.engines[0] == memory.engines[1]


def test_nothing_is_heard_where_everything_is_known(sound: Path, tiny_engines: Engines, undisturbed: Made) -> None:
    memory = Remembers()
    transcribe(Material(sound, memory=memory), REQUEST, tiny_engines, Hook())
    assert len(memory.kept) == len(memory.windows) >= CLIPS
    again = transcribe(Material(sound, memory=memory), REQUEST, tiny_engines, Hook())
    assert memory.kept == []
    assert again.transcript == undisturbed.transcript


def test_another_engine_is_another_memory(sound: Path, tiny_engines: Engines, tmp_path: Path) -> None:
    alone = Engines(EngineOptions(tmp_path, offline=True, encoder="ctranslate2", threads=1), lambda _: None)
    exact_options = EngineOptions(tmp_path, offline=True, encoder="ctranslate2", compute_type="float32")
    exact = Engines(exact_options, lambda _: None)
    memory = Remembers()
    other = Request(model="tiny.en")
    for engines, request in ((tiny_engines, REQUEST), (alone, REQUEST), (exact, REQUEST), (alone, other)):
        interrupts = Interrupts(memory, 0)
        with pytest.raises(Enough):
            transcribe(Material(sound, memory=memory), request, engines, interrupts)
    assert json.loads(json.dumps(memory.engines)) == memory.engines
    first, fewer_threads, other_arithmetic, other_request = memory.engines
    assert first == fewer_threads, "another machine can go on"
    assert first != other_arithmetic
    assert first != other_request


@dataclass
class Cancels(Hook):
    """Is cancelled while the engine is busy with the only batch: at the second check after the last sound."""

    decoded: bool = False
    checks: int = 0
    cancelled_at: float = 0.0

    def progress(self, progress: Progress) -> None:
        self.decoded = self.decoded or progress.done == progress.total

    def check(self) -> None:
        self.checks += self.decoded
        if self.checks > 1:
            self.cancelled_at = time.monotonic()
            raise Enough


def test_cancelled_work_ends_while_the_engine_is_busy(sound: Path, tmp_path: Path) -> None:
    options = EngineOptions(tmp_path, offline=True, encoder="ctranslate2", threads=1, batch_size=8)
    engines = Engines(options, lambda _: None)
    hook = Cancels()
    with pytest.raises(Enough):
        transcribe(Material(sound), REQUEST, engines, hook)
    assert time.monotonic() - hook.cancelled_at < 1
    engine = engines.get("tiny.en")
    assert isinstance(engine, FasterWhisperTranscriber)
    assert not engine.is_idle, "the engine had finished already"
    assert engine.wait_until_idle(60), "the engine goes on with what nobody wants"


def test_nobody_waits_for_the_language_of_cancelled_work(base: FasterWhisperTranscriber, clips: Clips) -> None:
    def cancelled() -> None:
        raise Enough

    with pytest.raises(Enough):
        base.detect_language(clips.windows("edge/japanese.mp3"), cancelled)
    assert base.wait_until_idle(60)
    assert base.detect_language(clips.windows("edge/japanese.mp3")).language == "ja"
