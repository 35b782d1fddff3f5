"""Sound with its steady noise turned down, so that a model hears it anew: other mistakes than in the sound as it is.

Wiener filter on the short-time spectrum with the decision-directed estimate of the signal-to-noise ratio (Ephraim and
Malah 1984; Scalart and Filho 1996). The noise of each frequency is what the quietest tenth of the frames has.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from trax.audio import Samples

FRAME: Final = 512  # samples
HOP: Final = 128
SMOOTHED: Final = 9  # frames over which power is averaged before the noise is told
QUIETEST: Final = 0.1  # share of the frames that are taken for noise alone
BIAS: Final = 1.3  # of the quietest frames' power to the mean of the noise
INERTIA: Final = 0.95  # of the estimate from frame to frame
FLOOR: Final = 0.25  # least gain: more makes speech tinny; 0.1, 0.25 and 0.45 were tried (benchmarks/README.md)
LEAST: Final = 1e-12

Numbers = NDArray[np.float32]


def quieter(samples: Samples) -> Samples:
    """The same length, its steady noise up to 12 dB weaker."""
    if len(samples) < FRAME:
        return samples
    spectrum = _spectrum(samples)
    power: Numbers = np.square(spectrum.real) + np.square(spectrum.imag)
    noise = np.maximum(_noise(power), np.float32(LEAST))
    ratio = np.asarray(power / noise, dtype=np.float32)
    return _sound(spectrum * _gains(ratio), len(samples))


def _spectrum(samples: Samples) -> NDArray[np.complex64]:
    """Shape (frames, bins)."""
    padded = np.pad(samples, (FRAME, FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    return np.asarray(np.fft.rfft(frames * _window(), axis=1), dtype=np.complex64)


def _noise(power: Numbers) -> Numbers:
    """Of each bin."""
    sums = np.cumsum(np.pad(power, ((SMOOTHED // 2 + 1, SMOOTHED // 2), (0, 0))), axis=0, dtype=np.float64)
    smooth = (sums[SMOOTHED:] - sums[:-SMOOTHED]) / SMOOTHED
    place = int(QUIETEST * (len(smooth) - 1))
    return np.asarray(np.partition(smooth, place, axis=0)[place] * BIAS, dtype=np.float32)


def _gains(ratio: Numbers) -> Numbers:
    """ratio: of the power to that of the noise, shape (frames, bins)."""
    above = np.maximum(ratio - 1, 0) * np.float32(1 - INERTIA)
    kept = ratio * np.float32(INERTIA)
    gains = np.empty_like(ratio)
    earlier = np.full(ratio.shape[1], INERTIA, dtype=np.float32)
    for new, gain, weight in zip(above, gains, kept, strict=True):
        expected = earlier + new
        np.maximum(expected / (expected + 1), FLOOR, out=gain)
        earlier = gain * gain * weight
    return gains


def _sound(spectrum: NDArray[np.complex64], length: int) -> Samples:
    frames = np.fft.irfft(spectrum, FRAME, axis=1) * _window()
    whole, weights = (np.zeros(length + 2 * FRAME, dtype=np.float32) for _ in range(2))
    square = np.square(_window())
    steps = FRAME // HOP
    for offset in range(steps):  # frames of one offset don't overlap: they are added at once
        part = frames[offset::steps]
        begin = offset * HOP
        whole[begin : begin + part.size] += part.reshape(-1)
        weights[begin : begin + part.size] += np.tile(square, len(part))
    return np.asarray((whole / np.maximum(weights, LEAST))[FRAME : FRAME + length], dtype=np.float32)


def _window() -> Numbers:
    return np.asarray(np.hanning(FRAME + 1)[:-1], dtype=np.float32)
