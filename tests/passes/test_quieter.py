"""Sound with its steady noise turned down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.audio import SAMPLE_RATE
from trax.passes.quieter import FLOOR, FRAME, quieter


def tone(seconds: float) -> np.ndarray:
    """On for half a second, off for half a second."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * 440 * at) * (at % 1 < 0.5), dtype=np.float32)


def test_noise_gets_weaker_and_the_voice_stays() -> None:
    noise = np.random.default_rng(0).standard_normal(4 * SAMPLE_RATE).astype(np.float32) * 0.03
    made = quieter(tone(4) + noise)
    pauses = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE % 1 >= 0.6
    assert np.std(made[pauses]) == pytest.approx(FLOOR * np.std(noise[pauses]), rel=0.3)
    assert np.std(made[~pauses]) == pytest.approx(np.std(tone(4)[~pauses]), rel=0.1)


@given(st.integers(0, 3 * FRAME))
def test_the_length_stays(length: int) -> None:
    made = quieter(np.zeros(length, dtype=np.float32))
    assert (len(made), bool(np.isfinite(made).all())) == (length, True)
    assert made.dtype == np.float32


def test_steady_sound_is_all_noise() -> None:
    steady = np.random.default_rng(1).standard_normal(SAMPLE_RATE).astype(np.float32) * 0.1
    assert np.std(quieter(steady)[FRAME:-FRAME]) < 0.6 * np.std(steady)
