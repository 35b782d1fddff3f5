"""What was heard in a recording, and what became of every second of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from trax.timeline import Interval, Seconds, union

Kind = Literal["text", "silence", "music", "noise", "unexplained"]
Sound = Literal["speech", "silence", "music", "noise"]
Milliseconds = int

KINDS: Final[tuple[Kind, ...]] = ("text", "silence", "music", "noise", "unexplained")
SOUNDS: Final[tuple[Sound, ...]] = ("speech", "silence", "music", "noise")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sound of one kind, [start, end); times are whole milliseconds, so that sums are exact."""

    kind: str  # a `Kind`, or a `Sound` where nobody has asked yet what was said
    start: Milliseconds
    end: Milliseconds

    @property
    def interval(self) -> Interval:
        return Interval(self.start / 1000, self.end / 1000)

    @property
    def duration(self) -> Seconds:
        return (self.end - self.start) / 1000


# Stretches in order, each beginning where the one before ends, none empty, no two neighbours of one kind
Track = tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What sounds, before it is known what was said: a track for each channel that was heard by itself.

    All tracks are of the same time.
    """

    channels: tuple[Track, ...]
    labels: tuple[str, ...] = ()  # the speaker of each channel; empty: any words may be of any channel

    @property
    def speech(self) -> list[Interval]:
        """Where the VAD heard speech, on whatever channel: disjoint, in order."""
        found = (stretch for track in self.channels for stretch in track if stretch.kind == "speech")
        return union(stretch.interval for stretch in found)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of every second of what was heard."""

    track: Track  # of all `KINDS`, from the first to the last sample that was listened to
    heard: Heard  # what it was told from: other words of the same sound have another coverage

    @property
    def duration(self) -> Seconds:
        return seconds_of(self.track)

    @property
    def seconds(self) -> dict[Kind, Seconds]:
        """How long there is each kind, of all kinds; together, the whole."""
        return {kind: seconds_of(stretch for stretch in self.track if stretch.kind == kind) for kind in KINDS}

    @property
    def unexplained(self) -> tuple[Interval, ...]:
        """Speech that the VAD heard and no word explains, in order."""
        return tuple(stretch.interval for stretch in self.track if stretch.kind == "unexplained")


def seconds_of(stretches: Iterable[Stretch]) -> Seconds:
    """How long they are together."""
    return sum(stretch.end - stretch.start for stretch in stretches) / 1000
