"""The laws of interval algebra."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.timeline import Interval, covered, subtract, union

moments = st.integers(0, 400).map(lambda quarter: quarter / 4)
intervals = st.tuples(moments, moments).map(lambda pair: Interval(min(pair), max(pair)))
timelines = st.lists(intervals, max_size=12)


def inside(timeline: list[Interval], moment: float) -> bool:
    return any(interval.start <= moment < interval.end for interval in timeline)


@given(timelines)
def test_union_is_disjoint_ordered_and_covers_the_same(timeline: list[Interval]) -> None:
    merged = union(timeline)
    assert all(first.end < second.start for first, second in itertools.pairwise(merged))
    for quarter in range(400):
        assert inside(merged, quarter / 4) == inside(timeline, quarter / 4)
    assert union(merged) == merged


@given(timelines, timelines)
def test_subtract_leaves_what_is_in_the_first_alone(timeline: list[Interval], removed: list[Interval]) -> None:
    rest = subtract(timeline, removed)
    assert all(interval.duration > 0 for interval in rest)
    for quarter in range(400):
        moment = quarter / 4
        assert inside(rest, moment) == (inside(timeline, moment) and not inside(removed, moment))


@given(timelines, timelines)
def test_what_is_covered_adds_up(timeline: list[Interval], removed: list[Interval]) -> None:
    shared = sum(a.overlap(b) for a in union(timeline) for b in union(removed))
    assert covered(subtract(timeline, removed)) == pytest.approx(covered(timeline) - shared)


@given(intervals, intervals)
def test_overlap_is_symmetric_and_bounded(first: Interval, second: Interval) -> None:
    assert first.overlap(second) == second.overlap(first) <= min(first.duration, second.duration)
    if first.duration and second.duration:
        assert first.overlaps(second) == (first.overlap(second) > 0)


@given(intervals, moments)
def test_shifting_there_and_back(interval: Interval, offset: float) -> None:
    assert interval.shifted(offset).shifted(-offset) == interval
    assert interval.shifted(offset).duration == interval.duration


def test_small_gaps_close() -> None:
    assert union([Interval(0, 1), Interval(1.2, 2)], max_gap=0.25) == [Interval(0, 2)]


def test_an_interval_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Interval(2, 1)
