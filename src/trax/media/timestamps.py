"""Where decoded sound belongs on the media's time axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trax.timeline import Seconds

GAP_SECONDS: Final = 0.25  # a shorter hole is jitter of time stamps
MAX_GAP_SECONDS: Final = 3600.0  # a longer one is a wrong time stamp
LEAD_SECONDS: Final = 0.02  # a shorter one is a codec's priming


@dataclass(slots=True)
class Placement:
    """Follows the time stamps of decoded sound and says where silence is missing.

    `origin` is the time stamp of the media's beginning. Sound is never dropped: a time stamp that jumps back, or
    too far ahead, moves the origin instead. Holes too short to count add up until they do.
    """

    origin: Seconds | None
    position: Seconds = 0.0  # of the next sound, from the beginning of the media
    gaps: int = 0
    gap_seconds: Seconds = 0.0
    lead_seconds: Seconds = 0.0

    def silence_before(self, time: Seconds | None) -> Seconds:
        """Silence to insert ahead of sound stamped `time`; it counts as placed."""
        if time is None:
            return 0.0
        if self.origin is None:
            self.origin = time
        hole = time - self.origin - self.position
        least = LEAD_SECONDS if self.position == 0.0 else GAP_SECONDS
        if least < hole <= MAX_GAP_SECONDS:
            self._count(hole)
            return hole
        if self.position == 0.0 or abs(hole) > GAP_SECONDS:
            self.origin = time - self.position
        return 0.0

    def advance(self, seconds: Seconds) -> None:
        self.position += seconds

    def _count(self, hole: Seconds) -> None:
        if self.position == 0.0:
            self.lead_seconds = hole
        else:
            self.gaps += 1
            self.gap_seconds += hole
        self.position += hole
