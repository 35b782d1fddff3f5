"""Windows whose words are lost or looped are found by coverage, all of them, and nothing else is."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.coverage.faults import Faulty, FaultyEngines
from tests.transcription.clips import Clips
from tests.transcription.test_resuming import Enough, Interrupts, Remembers
from trax.audio import SAMPLE_RATE, Samples
from trax.coverage.values import Coverage
from trax.flow import Hook, Made, Material, Request
from trax.media.decode import DecodeOptions
from trax.stages.transcribe import transcribe
from trax.timeline import covered

CLIPS = 6  # a window each
PAUSE = 5 * SAMPLE_RATE
REQUEST = Request(model="tiny.en", language="en")


@pytest.fixture(scope="module")
def voices(clips: Clips) -> list[Samples]:
    names = sorted(clips.references(), key=lambda name: (clips.folder / "read" / name).stat().st_size)
    return [clips.read(name) for name in names[9 : 9 + CLIPS]]  # of some seconds each


@pytest.fixture(scope="module")
def sound(voices: list[Samples], tmp_path_factory: pytest.TempPathFactory) -> Path:
    silence = np.zeros(PAUSE, dtype=np.float32)
    mono = np.concatenate([part for voice in voices for part in (voice, silence)])
    return write(tmp_path_factory.mktemp("faults") / "clips.wav", mono)


def write(path: Path, *channels: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.stack(channels, axis=1) * 32767).astype("<i2").tobytes())
    return path


def heard(path: Path, faulty: Faulty, request: Request = REQUEST, hook: Hook | None = None) -> Made:
    return transcribe(Material(path), request, FaultyEngines(faulty, path.parent), hook or Hook())


def coverage_of(path: Path, faulty: Faulty, request: Request = REQUEST) -> Coverage:
    coverage = heard(path, faulty, request).coverage
    assert coverage is not None
    return coverage


def faulty_by(fault: str, windows: set[int]) -> Faulty:
    faulty = Faulty()
    setattr(faulty, fault, windows)
    return faulty


def test_nothing_is_missed_where_every_word_is_heard(sound: Path) -> None:
    made = heard(sound, faulty := Faulty())
    assert len(faulty.heard) == CLIPS
    assert made.coverage is not None
    assert made.coverage.unexplained == ()
    assert made.coverage.duration == pytest.approx(made.transcript.duration, abs=0.001)
    assert made.coverage.seconds["silence"] > CLIPS * 4


@pytest.mark.parametrize("fault", ["blank", "looped", "halved"])
def test_every_fault_is_found_and_nothing_else(sound: Path, fault: str) -> None:
    for lost in ({0}, {1, 4}, {2, 3, 5}, set(range(CLIPS))):
        coverage = coverage_of(sound, faulty := faulty_by(fault, lost))
        found = {
            position
            for position, window in enumerate(faulty.heard)
            for one in coverage.unexplained
            if window.start <= (one.start + one.end) / 2 < window.start + window.duration
        }
        assert found == lost
        if fault == "blank":
            lost_speech = covered(region for position in lost for region in faulty.heard[position].speech)
            assert coverage.seconds["unexplained"] == pytest.approx(lost_speech, rel=0.25)


def test_interrupted_work_ends_with_the_same_coverage(sound: Path) -> None:
    memory, blank = Remembers(), {1, 4}
    with pytest.raises(Enough):
        transcribe(
            Material(sound, memory=memory), REQUEST, FaultyEngines(Faulty(blank), sound.parent), Interrupts(memory, 3)
        )
    resumed = transcribe(Material(sound, memory=memory), REQUEST, FaultyEngines(Faulty(blank), sound.parent), Hook())
    assert len(memory.windows) == CLIPS
    assert resumed.coverage == coverage_of(sound, Faulty(blank))


def test_of_a_stretch_it_begins_with_the_stretch(sound: Path) -> None:
    request = Request(model="tiny.en", language="en", decode=DecodeOptions(start=3.0, end=20.0))
    coverage = coverage_of(sound, Faulty(set(range(CLIPS))), request)
    assert (coverage.track[0].start, coverage.track[-1].end) == (3000, 20_000)
    assert coverage.seconds["text"] == 0
    assert coverage.unexplained[0].start >= 3.0


def test_each_channel_has_its_own_words(voices: list[Samples], tmp_path: Path) -> None:
    quiet = np.zeros(PAUSE, dtype=np.float32)
    first, second = np.zeros_like(voices[0]), np.zeros_like(voices[1])
    path = write(
        tmp_path / "call.wav",
        np.concatenate((voices[0], quiet, second, quiet)),
        np.concatenate((first, quiet, voices[1], quiet)),
    )
    request = Request(model="tiny.en", language="en", channels="split")
    assert coverage_of(path, Faulty(), request).unexplained == ()
    coverage = coverage_of(path, Faulty({1}), request)
    assert coverage.heard.labels == ("1", "2")
    assert min(one.start for one in coverage.unexplained) > len(voices[0]) / SAMPLE_RATE
    both = write(tmp_path / "same.wav", voices[0], voices[0])
    assert coverage_of(both, Faulty({1}), request).unexplained == (), "the same sound twice is heard once"
