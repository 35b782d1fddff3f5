"""The algebra of placing sound on the time axis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.media.timestamps import GAP_SECONDS, MAX_GAP_SECONDS, Placement

PIECES = st.lists(
    st.tuples(st.floats(0.0, 100.0), st.floats(0.001, 30.0)), min_size=1, max_size=30
)  # hole ahead, length


@given(st.floats(-1e6, 1e6), PIECES)
def test_honest_time_stamps_are_kept(origin: float, pieces: list[tuple[float, float]]) -> None:
    """Every piece ends up where its time stamp says, within the least gap that counts."""
    placement = Placement()
    clock = origin
    placement.begin(origin, origin, origin)
    for index, (hole, length) in enumerate(pieces):
        clock += hole if index else 0.0
        placement.silence_before(clock)
        assert placement.position == pytest.approx(clock - origin, abs=GAP_SECONDS + 1e-6)
        placement.advance(length)
        clock += length


@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(-1e9, 1e9)), st.floats(0.001, 30.0)), max_size=50))
def test_no_time_stamp_loses_sound_or_goes_beyond_the_limit(frames: list[tuple[float | None, float]]) -> None:
    placement = Placement()
    placement.begin(0.0, None, frames[0][0] if frames else None)
    silence = placement.lead_seconds
    sound = 0.0
    for time, length in frames:
        added = placement.silence_before(time)
        assert 0.0 <= added <= MAX_GAP_SECONDS
        placement.advance(length)
        silence += added
        sound += length
    assert placement.position == pytest.approx(silence + sound, abs=1e-3)


def test_lost_packets_too_short_to_count_add_up() -> None:
    placement = Placement()
    placement.begin(0.0, 0.0, 0.0)
    clock = 0.0
    for _ in range(100):
        placement.silence_before(clock)
        placement.advance(0.08)
        clock += 0.1
    assert placement.position == pytest.approx(clock, abs=GAP_SECONDS + 0.02)
    assert placement.gaps == pytest.approx(7, abs=1)


def test_priming_is_no_late_start() -> None:
    placement = Placement()
    assert placement.begin(0.0, 0.0, 0.093) == 0.0
    assert placement.silence_before(0.093) == 0.0
    late = Placement()
    assert late.begin(0.0, 1.5, 1.5) == 1.5
    assert late.silence_before(1.5) == 0.0
