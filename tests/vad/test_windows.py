"""Windows: what must hold for any course of speech probabilities, and for real recordings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE, Samples, Window
from trax.timeline import Interval, covered, subtract
from trax.vad.regions import VadOptions, speech_regions
from trax.vad.silero import FRAME_SAMPLES, FRAME_SECONDS, Probabilities
from trax.vad.windows import cut_windows, windows

OPTIONS = VadOptions()


@st.composite
def courses(draw: st.DrawFn) -> Probabilities:
    """Speech and pauses of any length, with unsteady stretches in between."""
    stretches = draw(
        st.lists(
            st.tuples(st.sampled_from([0.02, 0.3, 0.42, 0.6, 0.97]), st.integers(min_value=1, max_value=1500)),
            max_size=12,
        )
    )
    if not stretches:
        return np.zeros(0, dtype=np.float32)
    return np.repeat([level for level, _ in stretches], [count for _, count in stretches]).astype(np.float32)


def sound_of(probabilities: Probabilities, cut: int = 0) -> Samples:
    """Sound in which every sample can be recognised; the last frame lacks `cut` samples."""
    return np.arange(max(0, len(probabilities) * FRAME_SAMPLES - cut), dtype=np.float32)


def cut_up(probabilities: Probabilities, frames: int, cut: int = 0) -> list[Window]:
    """Windows of that course, handed over so many frames at a time."""
    sound = sound_of(probabilities, cut)
    return list(
        cut_windows(
            (sound[start * FRAME_SAMPLES : (start + frames) * FRAME_SAMPLES], probabilities[start : start + frames])
            for start in range(0, len(probabilities), frames)
        )
    )


@settings(deadline=None, max_examples=60)
@given(courses(), st.integers(min_value=1, max_value=FRAME_SAMPLES - 1))
def test_windows_of_any_course(probabilities: Probabilities, cut: int) -> None:
    sound = sound_of(probabilities, cut if len(probabilities) else 0)
    found = cut_up(probabilities, 937, cut if len(probabilities) else 0)
    for window in found:
        assert 0 < window.duration <= 30
        begin, end = window.waveform.start_sample, window.waveform.end_sample
        np.testing.assert_array_equal(window.waveform.samples, sound[begin:end])
        assert window.speech, "a window without speech"
        for region in window.speech:
            assert window.start <= region.start < region.end <= window.start + window.duration + 1e-9
        assert all(first.end <= second.start for first, second in pairwise(window.speech))
    assert all(a.waveform.end_sample <= b.waveform.start_sample for a, b in pairwise(found))


@settings(deadline=None, max_examples=60)
@given(courses())
def test_all_speech_is_in_a_window(probabilities: Probabilities) -> None:
    regions = [
        Interval(start * FRAME_SECONDS, end * FRAME_SECONDS) for start, end in speech_regions(probabilities, OPTIONS)
    ]
    inside = [Interval(w.start, w.start + w.duration) for w in cut_up(probabilities, 937)]
    assert covered(subtract(regions, inside)) < 1e-6


@settings(deadline=None, max_examples=40)
@given(courses(), st.integers(min_value=1, max_value=2000))
def test_windows_do_not_depend_on_blocks(probabilities: Probabilities, frames: int) -> None:
    def bounds(found: list[Window]) -> list[tuple[int, int]]:
        return [(window.waveform.start_sample, window.waveform.end_sample) for window in found]

    assert bounds(cut_up(probabilities, frames)) == bounds(cut_up(probabilities, 100_000))


def course(*stretches: tuple[float, float]) -> Probabilities:
    """Probabilities out of (level, seconds) pairs."""
    return np.concatenate([np.full(round(s / FRAME_SECONDS), level) for level, s in stretches]).astype(np.float32)


def test_silence_has_no_windows() -> None:
    assert cut_up(course((0.02, 120)), 937) == []


def test_a_click_is_no_speech() -> None:
    assert cut_up(course((0.02, 5), (0.9, 0.1), (0.02, 5)), 937) == []


def test_a_long_pause_ends_a_window() -> None:
    first, second = cut_up(course((0.02, 2), (0.9, 4), (0.02, 6), (0.9, 3), (0.02, 1)), 937)
    assert first.start == pytest.approx(2 - OPTIONS.padding, abs=0.05)
    assert first.start + first.duration == pytest.approx(6 + OPTIONS.padding, abs=0.05)
    assert second.start == pytest.approx(12 - OPTIONS.padding, abs=0.05)


def test_a_short_pause_stays_in_the_window() -> None:
    (window,) = cut_up(course((0.9, 4), (0.02, 1.5), (0.9, 3)), 937)
    assert len(window.speech) == 2
    assert window.duration == pytest.approx(8.5, abs=0.05)


def test_the_cut_is_at_the_longest_pause_near_the_end() -> None:
    first, second = cut_up(course((0.9, 10), (0.02, 1), (0.9, 12), (0.02, 0.8), (0.9, 4), (0.02, 0.15), (0.9, 20)), 937)
    assert first.start + first.duration == pytest.approx(23 + 0.4, abs=0.1)
    assert second.start == pytest.approx(23.8 - 0.4, abs=0.1)


def test_endless_speech_is_cut_where_it_is_least_like_speech() -> None:
    found = cut_up(course((0.95, 25), (0.6, 0.3), (0.95, 40)), 937)
    assert found[0].duration == pytest.approx(25.15, abs=0.15)
    assert found[0].waveform.end_sample == found[1].waveform.start_sample, "speech is lost at the cut"


def test_a_real_recording(clips: Clips) -> None:
    sound = np.concatenate([clips.read("7859-102519-0048.flac"), np.zeros(5 * SAMPLE_RATE, dtype=np.float32)])
    (window,) = windows([sound])
    assert window.start < 1
    assert window.duration < len(sound) / SAMPLE_RATE - 4
    assert covered(window.speech) > 0.7 * window.duration


def test_memory_does_not_grow_with_the_media() -> None:
    """Windows come out while sound still goes in, long before its end."""
    taken = 0

    def stream() -> Iterator[tuple[Samples, Probabilities]]:
        nonlocal taken
        for _ in range(40):
            taken += 1
            frames = course((0.9, 9.5), (0.02, 0.5))
            yield np.zeros(len(frames) * FRAME_SAMPLES, dtype=np.float32), frames

    iterator = cut_windows(stream())
    next(iterator)
    assert taken <= 5
