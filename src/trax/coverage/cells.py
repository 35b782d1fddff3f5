"""Sound in cells of an eighth of a second, two bytes each: how loud it is, and how many tones come and go in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples

CELL_SAMPLES: Final = 2048
CELL_SECONDS: Final = CELL_SAMPLES / SAMPLE_RATE
QUIETEST: Final = -100.0  # dBFS, of digital silence
FRAME_SAMPLES: Final = 1024  # 15.6 Hz a bin
LOWEST, HIGHEST = 10, 260  # bins, 156 to 4062 Hz: mains hum lies below
BINS: Final = HIGHEST - LOWEST
AROUND: Final = 8  # bins on each side by which a bin is judged
STANDS_OUT: Final = 4.0  # dB above what is around it
STEADY: Final = 4  # frames for which a tone stands: a voice glides on before
KNOWN: Final = 48  # frames, 3 s: what stands so long is a hum

Bytes = NDArray[np.uint8]
Decibels = NDArray[np.float32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(slots=True)
class Cells:
    """What a stream of sound is like, cell by cell; 16 bytes a second are kept of it."""

    samples: int = 0
    _levels: list[Bytes] = field(default_factory=list)  # dB above `QUIETEST`
    _tones: list[Bytes] = field(default_factory=list)  # as long as `KNOWN` behind
    _rest: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    _prominence: Decibels = field(default_factory=lambda: np.zeros((STEADY - 1, BINS), dtype=np.float32))
    _standing: Flags = field(default_factory=lambda: np.zeros((2 * KNOWN, BINS), dtype=np.bool_))

    def add(self, samples: Samples) -> None:
        """What follows on the last call's."""
        self.samples += len(samples)
        samples = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(samples) - len(samples) % CELL_SAMPLES
        self._rest = samples[whole:].copy()
        if whole:
            self._take(samples[:whole])

    def ended(self) -> tuple[Numbers, Numbers]:
        """Level of each cell in dBFS, and how many tones that come and go it has; no sound follows."""
        if len(self._rest):
            missing = CELL_SAMPLES - len(self._rest)
            self._take(np.pad(self._rest, (0, missing), mode="wrap"))  # zeros would be quieter than the sound is
            self._rest = self._rest[:0]
        self._judge(np.zeros((KNOWN, BINS), dtype=np.bool_))
        none = np.zeros(0, dtype=np.uint8)
        levels = np.concatenate([none, *self._levels]).astype(np.float64) + QUIETEST
        tones = np.concatenate([none, *self._tones]).astype(np.float64)
        return levels, tones[KNOWN // 2 :]

    @property
    def kept(self) -> int:
        """Bytes that grow with the sound."""
        return sum(part.nbytes for parts in (self._levels, self._tones) for part in parts)

    def _take(self, samples: Samples) -> None:
        power = samples.reshape(-1, CELL_SAMPLES).var(axis=1)  # a constant is not heard
        levels = 10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10))) - QUIETEST
        self._levels.append(np.rint(np.minimum(levels, 255)).astype(np.uint8))
        prominence = np.concatenate((self._prominence, _prominence(samples.reshape(-1, FRAME_SAMPLES))))
        self._prominence = prominence[len(prominence) - STEADY + 1 :].copy()
        clear = prominence > STANDS_OUT
        count = len(clear) - STEADY + 1
        standing = clear[:count].copy()
        for later in range(1, STEADY):
            standing &= clear[later : later + count]
        self._judge(standing)

    def _judge(self, standing: Flags) -> None:
        """Count the tones that stand now and neither some time before nor some time after: what does is a hum."""
        all_standing = np.concatenate((self._standing, standing))
        self._standing = all_standing[len(standing) :].copy()
        before, now, after = (all_standing[first : first + len(standing)] for first in (0, KNOWN, 2 * KNOWN))
        lasting = before | after
        known = lasting.copy()
        known[:, 1:] |= lasting[:, :-1]  # tones waver
        known[:, :-1] |= lasting[:, 1:]
        tones = np.count_nonzero(now & ~known, axis=1).reshape(-1, 2).sum(axis=1)
        self._tones.append(np.minimum(tones, 255).astype(np.uint8))


def _prominence(frames: Samples) -> Decibels:
    """How much each bin stands out of those around it; shape (frames, BINS)."""
    spectrum = np.fft.rfft(frames * _window(), axis=1)[:, : HIGHEST + AROUND + 1]
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    decibels = np.log10(power + np.float32(1e-7)) * np.float32(10)
    sums = np.cumsum(decibels, axis=1)
    around = sums[:, LOWEST + AROUND : HIGHEST + AROUND] - sums[:, LOWEST - AROUND - 1 : HIGHEST - AROUND - 1]
    prominence: Decibels = decibels[:, LOWEST:HIGHEST] - around / np.float32(2 * AROUND + 1)
    return prominence


@cache
def _window() -> Samples:
    window: Samples = np.hanning(FRAME_SAMPLES).astype(np.float32)
    return window
