"""Any sample format and channel layout to one channel, without clipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trax.audio import Samples

# A part of the sum, so that the sum of full-scale channels is full scale. Effects channels carry no speech.
_WEIGHTS: Final = {"FC": 1.0, "FL": 0.7, "FR": 0.7, "LFE": 0.0, "LFE2": 0.0}
_OTHER_WEIGHT = 0.5
CANCELLED: Final = 0.003  # energy of the sum over that of the loudest channel: -25 dB
AUDIBLE: Final = 1e-7  # mean square: -70 dBFS


@dataclass(slots=True)
class Downmix:
    """Mixes groups of samples to mono; where the channels cancel each other out, one of them is taken."""

    channel: int | None = None
    antiphase_samples: int = 0  # of the last group

    def mix(self, channels: NDArray[Any], names: tuple[str, ...]) -> Samples:
        """Float samples of shape (n_channels, n_samples) as one channel; `names` as FFmpeg has them."""
        self.antiphase_samples = 0
        if self.channel is not None:
            return np.ascontiguousarray(channels[min(self.channel, len(channels) - 1)], dtype=np.float32)
        if len(channels) == 1:
            return np.ascontiguousarray(channels[0], dtype=np.float32)
        weights = _weights(names, len(channels))
        mono: Samples = weights @ channels.astype(np.float32, copy=False)
        loudest = _cancelled_by(mono, channels[weights > 0])
        if loudest is None:
            return mono
        self.antiphase_samples = len(mono)
        return np.ascontiguousarray(channels[weights > 0][loudest], dtype=np.float32)


def to_float(data: NDArray[Any], channel_count: int, planar: bool) -> NDArray[Any]:
    """Samples as PyAV hands them out -> floats within -1..1, shape (n_channels, n_samples); no NaN."""
    channels: NDArray[Any] = data if planar else data.reshape(-1, channel_count).T
    kind = channels.dtype
    floats: NDArray[Any]
    if kind == np.uint8:
        floats = (channels.astype(np.float32) - np.float32(128.0)) / np.float32(128.0)
        return floats
    if np.issubdtype(kind, np.integer):
        floats = channels.astype(np.float32) * np.float32(1.0 / -float(np.iinfo(kind).min))
        return floats
    if np.isfinite(channels.sum()):
        return channels
    floats = np.nan_to_num(channels, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0)
    return floats


def _weights(names: tuple[str, ...], count: int) -> Samples:
    weights = np.array([_WEIGHTS.get(name, _OTHER_WEIGHT) for name in names], dtype=np.float32)
    if len(weights) != count or not weights.any():
        weights = np.ones(count, dtype=np.float32)
    normalised: Samples = weights / weights.sum()
    return normalised


def _cancelled_by(mono: Samples, channels: NDArray[Any]) -> int | None:
    """The channel to take instead of a sum that is silent though its parts are not."""
    energies = np.array([float(np.dot(channel, channel)) for channel in channels])
    loudest = float(energies.max())
    if loudest < AUDIBLE * len(mono) or float(np.dot(mono, mono)) > CANCELLED * loudest:
        return None
    return int(np.argmax(energies > 0.5 * loudest))  # the first of the loud ones: no flutter between equals
