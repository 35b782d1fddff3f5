"""Part of the sound: a stretch of it, or each channel by itself."""

from __future__ import annotations

import json
import wave
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from sqlalchemy import select

from tests.conftest import REPOSITORY
from tests.fixtures.engines import StandIn
from trax.archive import Archive
from trax.audio import Window
from trax.database import MediaFile, TranscriptionResult
from trax.errors import UsageError
from trax.flow import Hook, Material, Memory, Progress, Request
from trax.media.decode import DecodeOptions, decode
from trax.stages.transcribe import transcribe
from trax.transcript import Segment, Word
from trax.transcription.engines import Engines
from trax.transcription.transcriber import WindowResult

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
RATE = 16_000


class Parrot(StandIn):
    """An engine that says how loud a window is."""

    def segments(self, position: int, window: Window) -> tuple[Segment, ...]:
        start, end = window.speech[0].start, window.speech[-1].end
        text = f"{np.square(window.waveform.samples).sum():.4f}"
        return (Segment(start, end, text, (Word(start, end, f" {text}", 1.0),)),)


class Parrots:
    """Engines of one kind."""

    def get(self, model: str, compute_type: str = "auto") -> Parrot:
        return Parrot()


class Notebook(Memory):
    """Remembers windows from one attempt to the next."""

    def __init__(self) -> None:
        self.kept: dict[int, WindowResult] = {}
        self.engines: list[str] = []
        self.new: list[int] = []

    def recall(self, engine: dict[str, Any]) -> Mapping[int, WindowResult]:
        self.engines.append(json.dumps(engine, sort_keys=True))
        self.new = []
        return dict(self.kept)

    def keep(self, position: int, result: WindowResult, engine_seconds: float) -> None:
        self.new.append(position)
        self.kept[position] = WindowResult.from_json(json.loads(json.dumps(result.to_json())))


class Watcher(Hook):
    """Remembers what it was told, and stops the work after so many windows."""

    def __init__(self, patience: int = 1_000) -> None:
        self.patience = patience
        self.seen: list[Progress] = []
        self.notices: list[str] = []

    def progress(self, progress: Progress) -> None:
        if progress.stage == "transcribe":
            self.patience -= 1
            if self.patience < 0:
                raise KeyboardInterrupt
            self.seen.append(progress)

    def notice(self, text: str) -> None:
        self.notices.append(text)


def sound_of(path: Path) -> np.ndarray:
    with decode(path) as decoding:
        return np.concatenate(list(decoding))


def write(path: Path, channels: Sequence[np.ndarray]) -> Path:
    length = max(map(len, channels))
    padded = np.stack([np.pad(channel, (0, length - len(channel))) for channel in channels], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        file.writeframes((padded * 32767).astype("<i2").tobytes())
    return path


def run(path: Path, hook: Hook, memory: Memory | None = None, **options: Any) -> Any:
    request = Request(model="parrot", language="en", **options)
    return transcribe(Material(path, memory=memory or Memory()), request, cast("Engines", Parrots()), hook)


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of conversation on the left; on the right the same, later and more softly."""
    voice = np.tile(sound_of(SAMPLE), 2)
    return write(tmp_path_factory.mktemp("call") / "call.wav", [voice, np.pad(voice * 0.6, (5 * RATE, 0))])


def test_a_stretch_keeps_the_times_of_the_whole(call: Path) -> None:
    watcher = Watcher()
    made = run(call, watcher, decode=DecodeOptions(start=32.5, end=41.25))
    words = made.transcript.words
    assert words
    assert all(32.5 <= word.start < word.end <= 41.25 + 1e-6 for word in words)
    assert made.transcript.duration == 41.25
    assert made.decoding is None, "the media's own length is not that of the stretch"
    assert made.model_config["decoding"]["start"] == 32.5
    assert made.model_config["decoding"]["jumped_seconds"] == pytest.approx(22, abs=1)
    assert watcher.seen[-1] == Progress("transcribe", 8.75, 8.75)
    assert all(0 <= progress.done <= progress.total == 8.75 for progress in watcher.seen if progress.total)


def test_channels_are_heard_one_after_the_other_and_told_by_time(call: Path) -> None:
    watcher = Watcher()
    made = run(call, watcher, channels="split")
    starts = [segment.start for segment in made.transcript.segments]
    assert starts == sorted(starts)
    spoken: dict[str, list[Segment]] = {"1": [], "2": []}
    for segment in made.transcript.segments:
        assert {word.speaker for word in segment.words} == {segment.speaker}
        spoken[segment.speaker].append(segment)
    alone = {str(n + 1): run(call, Hook(), decode=DecodeOptions(channel=n)).transcript.segments for n in (0, 1)}
    for speaker, segments in spoken.items():
        assert [(s.start, s.text) for s in segments] == [(s.start, s.text) for s in alone[speaker]]
    assert [speaker["channel"] for speaker in made.speaker_info["speakers"]] == [0, 1]
    assert made.decoding is not None
    assert made.decoding.duration == made.transcript.duration
    done = [progress.done for progress in watcher.seen]
    assert done == sorted(done)
    assert done[-1] == made.transcript.duration


def test_a_split_file_goes_on_where_it_was_stopped(call: Path) -> None:
    whole, memory = Notebook(), Notebook()
    attempts: list[list[int]] = []
    undisturbed = run(call, Watcher(), whole, channels="split")
    windows = len(whole.kept)
    assert windows >= 4
    for patience in (1, windows - 1):  # windows of the first channel are left, then only one of the second
        with pytest.raises(KeyboardInterrupt):
            run(call, Watcher(patience), memory, channels="split")
        attempts.append(memory.new)
    resumed = run(call, Watcher(), memory, channels="split")
    attempts.append(memory.new)
    assert sorted(chain.from_iterable(attempts)) == list(range(windows)), (
        "every window once, whichever channel it is of"
    )
    assert resumed.transcript == undisturbed.transcript
    assert resumed.speaker_info == undisturbed.speaker_info


def test_windows_of_other_stretches_and_channels_are_not_taken_for_ours(call: Path) -> None:
    memory = Notebook()
    for options in (
        {},
        {"decode": DecodeOptions(end=8.0)},
        {"decode": DecodeOptions(start=1.0, end=8.0)},
        {"channels": "split", "decode": DecodeOptions(end=8.0)},
    ):
        run(call, Hook(), memory, **options)
        memory.kept.clear()
    assert len(set(memory.engines)) == 4
    assert "start" not in memory.engines[0], "what was kept before there were stretches is still of use"


def test_nothing_to_split(tmp_path: Path) -> None:
    voice = sound_of(SAMPLE)[: 8 * RATE]
    mono, watcher = write(tmp_path / "mono.wav", [voice]), Watcher()
    made = run(mono, watcher, channels="split")
    assert made.transcript == run(mono, Hook()).transcript
    assert made.speaker_info is None
    assert "nothing was split" in watcher.notices[0]
    twice, watcher = write(tmp_path / "twice.wav", [voice, voice]), Watcher()
    made = run(twice, watcher, channels="split")
    assert {segment.speaker for segment in made.transcript.segments} == {"1"}
    assert "kept once" in watcher.notices[0]


def test_requests_of_before_still_answer() -> None:
    old = Request(model="tiny.en").as_json()
    assert not {"start", "end"} & old["decode"].keys()
    assert "channels" not in old
    assert Request(model="tiny.en").is_answered_by(old)
    for other in (
        Request(model="tiny.en", channels="split"),
        Request(model="tiny.en", decode=DecodeOptions(start=1)),
        Request(model="tiny.en", decode=DecodeOptions(end=1)),
    ):
        document = json.loads(json.dumps(other.as_json()))
        assert not other.is_answered_by(old)
        assert not Request(model="tiny.en").is_answered_by(document)
        assert other.is_answered_by(document)
    for refused in ({"channels": "both"}, {"channels": "split", "decode": DecodeOptions(channel=1)}):
        with pytest.raises(UsageError):
            Request(**refused)


def test_two_readers_on_two_channels(
    database_url: str, tiny_engines: Engines, shared_data: Path, tmp_path: Path
) -> None:
    """The real model, from the stereo file to every export."""
    read = shared_data / "speech" / "read"
    later = np.pad(sound_of(read / "1898-145715-0002.flac"), (int(6.5 * RATE), 0))
    path = write(tmp_path / "readers.wav", [later, sound_of(read / "332-128985-0068.flac")])
    with Archive(engines=tiny_engines) as archive:
        result = archive.transcribe(path, model="tiny.en", channels="split", start=0.0, end=60)
        assert archive.transcribe(path, model="tiny.en", channels="split", end=60.0).existed
        with archive.database.transaction() as session:
            (stored,) = session.scalars(select(TranscriptionResult)).all()
            (media,) = session.scalars(select(MediaFile)).all()
    said = dict.fromkeys("12", "")
    for segment in result.transcript.segments:
        said[segment.speaker or ""] += f" {segment.text.lower()}"
    assert result.transcript.segments[0].speaker == "2"
    assert "one tooth" in said["1"]
    assert "jamaica" in said["2"]
    assert "jamaica" not in said["1"]
    assert media.duration == pytest.approx(11.27, abs=0.01)
    assert stored.speaker_info is not None
    assert [speaker["label"] for speaker in stored.speaker_info["speakers"]] == ["1", "2"]
    for format, mark in (
        ("txt", "2: "),
        ("srt", "\n2: "),
        ("vtt", "<v 2>"),
        ("md", "**2:**"),
        ("json", '"speaker": "2"'),
    ):
        text = result.export(format)
        assert mark in text, format
        assert mark.replace("2", "1") in text, format
