"""Silence, noise and music, made and real: what is heard beside speech, however the sound comes in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.diarize_phrases import Source
from benchmarks.hard_set import Clip, music
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples, Waveform, Window
from trax.coverage.cells import CELL_SAMPLES, Cells
from trax.coverage.listening import Listener
from trax.coverage.values import SOUNDS, Track
from trax.media.decode import decode
from trax.timeline import Interval
from trax.vad.windows import windows

SECONDS = 12


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def loud(sound: NDArray[Any], dbfs: float = -26.0) -> Samples:
    samples: Samples = (sound / np.sqrt(np.square(sound).mean()) * 10 ** (dbfs / 20)).astype(np.float32)
    return samples


def noise(seconds: float = SECONDS) -> Samples:
    return loud(chance().standard_normal(round(seconds * SAMPLE_RATE)))


def band(seconds: float = SECONDS, seed: int = 0) -> Samples:
    silent = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
    source = Source(Path("band.wav"), "nobody", "")
    return loud(music(Clip(source, silent), [], chance(seed)))


def hum(seconds: float = SECONDS) -> Samples:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return loud(np.sum([np.sin(2 * np.pi * 50 * tone * time) / tone for tone in range(1, 40)], axis=0))


def track_of(*sounds: Samples, speech: tuple[Interval, ...] = ()) -> Track:
    listener = Listener()
    for block in listener.listen(sounds):
        listener.heard(Window(Waveform(block), ()))
    listener.heard(Window(Waveform(np.zeros(0, dtype=np.float32)), speech))
    return listener.track()


def shares(track: Track) -> dict[str, float]:
    whole = track[-1].end - track[0].start
    return {kind: sum(one.end - one.start for one in track if one.kind == kind) / whole for kind in SOUNDS}


@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        (np.zeros(SECONDS * SAMPLE_RATE, dtype=np.float32), "silence"),
        (np.full(SECONDS * SAMPLE_RATE, 0.5, dtype=np.float32), "silence"),
        (loud(noise(), -70), "silence"),
        (noise(), "noise"),
        (loud(np.cumsum(noise()) - np.cumsum(noise()).mean()), "noise"),
        (hum(), "noise"),
        (band(), "music"),
        (band(seed=1), "music"),
        (loud(band(), -50), "music"),
    ],
    ids=["nothing", "constant", "hiss", "white", "brown", "hum", "band", "other band", "quiet band"],
)
def test_made_sounds_are_told_apart(sound: Samples, kind: str) -> None:
    assert shares(track_of(sound))[kind] > 0.85


def test_one_after_the_other() -> None:
    silence = np.zeros(SECONDS * SAMPLE_RATE, dtype=np.float32)
    track = track_of(noise(), silence, band(), silence)
    assert [one.kind for one in track if one.duration > 3] == ["noise", "silence", "music", "silence"]


def test_a_click_is_no_noise() -> None:
    sound = np.zeros(SECONDS * SAMPLE_RATE, dtype=np.float32)
    sound[50_000:50_100] = 0.5
    assert shares(track_of(sound))["silence"] == 1


def test_silence_is_what_is_much_weaker_than_the_speech() -> None:
    sound = np.concatenate((loud(noise(6), -10), loud(noise(6), -45)))
    assert shares(track_of(sound, speech=(Interval(0, 6),))) == pytest.approx(
        {"speech": 0.5, "silence": 0.5, "music": 0, "noise": 0}, abs=0.03
    )
    sound = np.concatenate((loud(noise(6), -30), loud(noise(6), -45)))
    assert shares(track_of(sound, speech=(Interval(0, 6),)))["noise"] == pytest.approx(0.5, abs=0.03)


def test_what_a_room_sounds_like_is_silence_and_what_happens_in_it_is_not() -> None:
    sound = np.concatenate((loud(noise(6), -20), loud(noise(6), -48), loud(noise(6), -41)))
    found = shares(track_of(sound, speech=(Interval(0, 6),)))
    assert found == pytest.approx({"speech": 1 / 3, "silence": 1 / 3, "music": 0, "noise": 1 / 3}, abs=0.03)


def test_music_under_speech_is_heard_in_its_pauses() -> None:
    speech = tuple(Interval(second, second + 1.4) for second in range(0, 20, 2))
    found = shares(track_of(band(20), speech=speech))
    assert found["music"] == pytest.approx(0.3, abs=0.03)
    assert found["noise"] < 0.01
    found = shares(track_of(noise(20), speech=speech))
    assert found["noise"] == pytest.approx(0.3, abs=0.03)
    assert found["music"] == 0


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5 * SAMPLE_RATE), max_size=8))
def test_it_doesnt_matter_how_the_sound_comes_in(lengths: list[int]) -> None:
    sound = np.concatenate((noise(3), band(4), np.zeros(SAMPLE_RATE, dtype=np.float32)))[: sum(lengths) or None]
    parts = np.split(sound, np.minimum(np.cumsum(lengths), len(sound)))
    assert track_of(*parts) == track_of(sound)


@given(st.integers(0, 3 * CELL_SAMPLES))
def test_every_sample_is_in_the_track(count: int) -> None:
    track = track_of(noise(1)[:count])
    assert (track[-1].end if track else 0) == round(count * 1000 / SAMPLE_RATE)


def test_a_day_takes_little_memory() -> None:
    cells = Cells()
    for _ in range(4):
        cells.add(noise(30))
    assert 0 < cells.kept / 120 < 16


REAL = {
    "speech/edge/laugh1.mp3": "noise",
    "speech/edge/empty.wav": "noise",
    "containers/pydub/bach.ogg": "music",
    "containers/pydub/test1.mp3": "music",
    "containers/video/chaplin.mp4": "music",
    "containers/video/big_buck_bunny_0_30.webm": "music",
    "containers/tinytag/silence-44-s-v1.mp3": "silence",
}


@pytest.mark.parametrize(("path", "kind"), REAL.items())
def test_real_sounds(shared_data: Path, path: str, kind: str) -> None:
    listener = Listener()
    with decode(shared_data / path) as decoding:
        for window in windows(listener.listen(decoding)):
            listener.heard(window)
    assert shares(listener.track())[kind] > 0.75  # films have other sounds, too


def test_pauses_of_clean_speech_are_silent(shared_data: Path) -> None:
    listener = Listener()
    with decode(shared_data / "speech" / "edge" / "words.wav") as decoding:
        for window in windows(listener.listen(decoding)):
            listener.heard(window)
    found = shares(listener.track())
    assert found["silence"] > 0.7
    assert found["music"] == 0
