"""Inside the fence: mono sound of any rate to 16 kHz, wanted from its beginning or from later on."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples

Pcm = NDArray[np.int16]  # mono, 16 kHz

WARM_UP_SAMPLES: Final = SAMPLE_RATE  # more than any resampler remembers
_LONGEST_PERIOD: Final = 16_384  # samples of the input


@dataclass(slots=True)
class Run:
    """Unbroken sound of one rate, and where it belongs at 16 kHz.

    What comes long before the part that is wanted is counted and not resampled. The resampler then begins where it
    stands at the beginning of its cycle, so that every sample is the same as if it had heard everything.
    """

    rate: int
    start: int  # sample at 16 kHz that the run begins with
    wanted_from: int  # sample at 16 kHz; what comes before it need not be right
    taken: int = 0  # samples of the input, those that were passed over included
    position: int = 0  # sample at 16 kHz that comes out next
    _resampler: AudioResampler | None = None

    def __post_init__(self) -> None:
        self.position = self.start

    def can_pass_over(self, count: int) -> bool:
        """Whether nobody would hear the difference if the next samples were left out."""
        if self._resampler is not None or period(self.rate) > _LONGEST_PERIOD:
            return False
        end = self.taken + count + period(self.rate)
        return self.start + end * SAMPLE_RATE // self.rate < self.wanted_from - WARM_UP_SAMPLES

    def pass_over(self, count: int) -> None:
        self.taken += count

    def write(self, mono: Samples) -> list[Pcm]:
        """What comes out, from `position` as it was before."""
        if self._resampler is None:
            mono = self._begin(mono)
        self.taken += len(mono)
        if self._resampler is None or not len(mono):
            return []
        return self._out(self._resampler.resample(_frame(mono, self.rate)))

    def finish(self) -> list[Pcm]:
        """What is still inside; `position` is right even if all was passed over."""
        if self._resampler is None:
            self.position = self.start + resampled_length(self.taken, self.rate)
            return []
        return self._out(self._resampler.resample(None))

    def _begin(self, mono: Samples) -> Samples:
        """The sound without what lies before the next beginning of the resampler's cycle."""
        early = -self.taken % period(self.rate)
        if early > len(mono):
            return mono  # the cycle begins later still
        self.taken += early
        self.position = self.start + self.taken * SAMPLE_RATE // self.rate
        self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        return mono[early:]

    def _out(self, frames: list[AudioFrame]) -> list[Pcm]:
        parts = [frame.to_ndarray().reshape(-1).astype(np.int16, copy=False) for frame in frames]
        self.position += sum(map(len, parts))
        return parts


def period(rate: int) -> int:
    """Samples of the input after which the resampler stands as it did at the beginning."""
    return rate // gcd(rate, SAMPLE_RATE)


def resampled_length(count: int, rate: int) -> int:
    """Samples at 16 kHz that so many samples become, to the sample: found out with silence where there are few."""
    cycle = period(rate)
    whole = max(0, (count - rate) // cycle) * cycle  # a second or so is left, for the ends
    rest = count - whole
    if not rest:
        return 0
    run = Run(rate, 0, 0)
    run.write(np.zeros(rest, np.float32))
    run.finish()
    return run.position + whole * SAMPLE_RATE // rate


def _frame(mono: Samples, rate: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(mono.reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate = rate
    return frame
