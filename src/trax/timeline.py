"""Intervals on the media's time axis, in seconds, half open: [start, end)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Seconds = float


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A span of time; `end` is never before `start`."""

    start: Seconds
    end: Seconds

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"an interval can't end ({self.end}) before it starts ({self.start})")

    @property
    def duration(self) -> Seconds:
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        return self.start < other.end and other.start < self.end

    def overlap(self, other: Interval) -> Seconds:
        """Seconds that both intervals cover."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def shifted(self, offset: Seconds) -> Interval:
        return Interval(self.start + offset, self.end + offset)


def union(intervals: Iterable[Interval], max_gap: Seconds = 0.0) -> list[Interval]:
    """The same coverage as disjoint intervals in order; those at most `max_gap` apart become one."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start - merged[-1].end <= max_gap:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return merged


def subtract(intervals: Iterable[Interval], removed: Iterable[Interval]) -> list[Interval]:
    """What of `intervals` no interval of `removed` covers: disjoint, in order, never empty."""
    remaining: list[Interval] = []
    cuts = union(removed)
    for interval in union(intervals):
        start = interval.start
        for cut in cuts:
            if cut.end <= start or cut.start >= interval.end:
                continue
            if cut.start > start:
                remaining.append(Interval(start, cut.start))
            start = max(start, cut.end)
        if start < interval.end:
            remaining.append(Interval(start, interval.end))
    return remaining


def covered(intervals: Iterable[Interval]) -> Seconds:
    """Seconds that at least one of the intervals covers."""
    return sum(interval.duration for interval in union(intervals))
