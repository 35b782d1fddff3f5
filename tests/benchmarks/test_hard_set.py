"""The hard set is what it says: as loud as it should be, the same every time, and of readers that no other half has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.diarize_phrases import Source, readers, sources
from benchmarks.hard_set import (
    ADDITIONS,
    CHANGES,
    CLEAN,
    CLIPPED,
    LEVELS,
    PEAK,
    PHONE_BAND,
    VOICES,
    Clip,
    Condition,
    Numbers,
    at_level,
    conditions,
    hard,
)

from trax.audio import SAMPLE_RATE


def voice(speaker: str, seconds: float = 2.1) -> Clip:
    """Something with the rise and fall of speech."""
    chance = np.random.default_rng(int(speaker))
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = np.cumsum(120 + 10 * int(speaker) + 20 * np.sin(3 * times)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * number * pitch) / number for number in range(1, 30))
    loudness = 0.02 + np.square(np.sin(2 * np.pi * times)) + 0.01 * chance.standard_normal(len(times))
    sound = 0.05 * tones * loudness
    return Clip(Source(Path(f"{speaker}-1-0001.flac"), speaker, ""), np.asarray(sound, dtype=np.float32))


HALF = [voice(str(number)) for number in range(VOICES + 2)]


def power(sound: Numbers) -> float:
    return float(np.square(sound).mean())


def band(sound: Numbers, low: float, high: float) -> float:
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    energy = np.square(np.abs(np.fft.rfft(sound)))
    return float(energy[(hertz >= low) & (hertz < high)].sum() / energy.sum())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ADDITIONS)
def test_the_voice_is_as_far_above_the_rest_as_the_condition_says(kind: str, level: float) -> None:
    clip = HALF[0]
    sound = hard(clip, HALF, Condition(kind, level)).astype(np.float64)
    added = ADDITIONS[kind](clip, HALF, np.random.default_rng(0))
    assert added.shape == clip.samples.shape
    assert power(added) > 0
    assert np.abs(sound).max() <= PEAK + 1e-6
    other = np.asarray(hard(clip, HALF, Condition(kind, -60)), dtype=np.float64)  # hardly anything but what is added
    columns = np.stack([clip.samples.astype(np.float64), other], axis=1)
    (own, rest), *_ = np.linalg.lstsq(columns, sound, rcond=None)
    found = 10 * np.log10(power(own * columns[:, 0]) / power(rest * columns[:, 1]))
    assert found == pytest.approx(level, abs=0.1)


def test_levels_are_those_of_the_mean_power() -> None:
    chance = np.random.default_rng(1)
    first, second = chance.standard_normal(1000), 7 * chance.standard_normal(1000)
    rest = at_level(first, second, 10) - first
    assert 10 * np.log10(power(first) / power(rest)) == pytest.approx(10)


@pytest.mark.parametrize("condition", conditions(), ids=lambda condition: condition.name)
def test_a_clip_sounds_the_same_every_time_and_not_like_another_condition(condition: Condition) -> None:
    clip = HALF[1]
    sound = hard(clip, HALF, condition)
    assert sound.dtype == np.float32
    assert len(sound) == len(clip.samples)
    np.testing.assert_array_equal(sound, hard(clip, list(reversed(HALF)), condition))
    assert not np.allclose(sound, clip.samples, atol=1e-3)
    assert hard(clip, HALF, CLEAN) is clip.samples


def test_other_voices_are_of_other_readers() -> None:
    mixed = ADDITIONS["babble"](HALF[0], HALF, np.random.default_rng(3))
    quiet = [clip if clip is HALF[0] else Clip(clip.source, 0 * clip.samples) for clip in HALF]
    assert power(mixed) > 1
    assert power(ADDITIONS["babble"](HALF[0], quiet, np.random.default_rng(3))) == 0


def test_clipping_flattens_so_many_samples() -> None:
    sound = CHANGES["clipped"](HALF[0].samples.astype(np.float64))
    assert np.mean(np.abs(sound) >= PEAK - 1e-6) == pytest.approx(CLIPPED, abs=0.01)


def test_the_phone_has_its_band_and_keeps_what_is_in_it() -> None:
    chance = np.random.default_rng(5)
    for samples in (16_000, 16_001, 16_003):
        noise = chance.standard_normal(samples)
        heard = CHANGES["phone"](noise)
        assert len(heard) == samples
        assert band(heard, *PHONE_BAND) > 0.95
        spectrum = np.fft.rfft(noise)
        hertz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
        spectrum[(hertz < PHONE_BAND[0]) | (hertz > PHONE_BAND[1])] = 0
        kept = np.fft.irfft(spectrum, samples)
        assert np.corrcoef(kept, heard)[0, 1] > 0.98
        assert power(heard) == pytest.approx(power(kept), rel=0.05)


@pytest.mark.shared_data
def test_no_reader_is_in_both_halves(shared_data: Path) -> None:
    tune, held = readers(held=False), readers(held=True)
    assert len(tune) == len(held) == 6
    assert set(tune).isdisjoint(held)
    assert set(tune) | set(held) == set(sources())
