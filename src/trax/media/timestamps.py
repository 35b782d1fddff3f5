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

    origin: Seconds = 0.0
    position: Seconds = 0.0  # of the next sound, from the beginning of the media
    gaps: int = 0
    gap_seconds: Seconds = 0.0
    lead_seconds: Seconds = 0.0

    def begin(self, media_start: Seconds | None, track_start: Seconds | None, time: Seconds | None) -> Seconds:
        """Silence ahead of the very first sound, stamped `time`, of a track that begins later than its media.

        What lies between the track's start and its first sound is the codec's priming, and isn't counted.
        """
        first = time if track_start is None else track_start
        lead = 0.0 if first is None or media_start is None else first - media_start
        if LEAD_SECONDS < lead <= MAX_GAP_SECONDS:
            self.lead_seconds = self.position = lead
        self.origin = 0.0 if time is None else time - self.position
        return self.lead_seconds

    def land(self, time: Seconds) -> None:
        """Go on with sound stamped `time` in a track whose stamps tell its place."""
        self.origin, self.position = 0.0, time

    def silence_before(self, time: Seconds | None) -> Seconds:
        """Silence to insert ahead of sound stamped `time`; it counts as placed."""
        if time is None:
            return 0.0
        hole = time - self.origin - self.position
        if GAP_SECONDS < hole <= MAX_GAP_SECONDS:
            self.gaps += 1
            self.gap_seconds += hole
            self.position += hole
            return hole
        if abs(hole) > GAP_SECONDS:
            self.origin = time - self.position
        return 0.0

    def advance(self, seconds: Seconds) -> None:
        self.position += seconds
