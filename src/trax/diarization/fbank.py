"""Mel filter banks as Kaldi computes them, which is what the speaker embeddings were trained on."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples

FRAME, STEP = 400, 160  # samples: 25 and 10 ms
BANDS = 80
FFT = 512
LOWEST_HZ = 20.0
PREEMPHASIS = 0.97
FULL_SCALE = 32768.0  # Kaldi's samples are 16-bit integers
FLOOR = float(np.finfo(np.float32).eps)

Features = NDArray[np.float32]


def frames_in(samples: int) -> int:
    """How many whole frames there are in so many samples."""
    return 0 if samples < FRAME else 1 + (samples - FRAME) // STEP


def fbank(samples: Samples) -> Features:
    """(frames, BANDS): logarithms of the energy in each band of each whole frame."""
    number = frames_in(len(samples))
    if number == 0:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP] * np.float32(FULL_SCALE)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    windowed = (frames - np.float32(PREEMPHASIS) * before) * _hamming()
    spectrum = np.fft.rfft(windowed, FFT, axis=1)
    energy = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(np.log(np.maximum(energy @ _mel_filters(), FLOOR)), dtype=np.float32)


@cache
def _hamming() -> Features:
    return np.asarray(0.54 - 0.46 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1)), dtype=np.float32)


@cache
def _mel_filters() -> Features:
    """(FFT / 2 + 1, BANDS): triangles of equal width on the mel scale."""
    frequencies = np.arange(FFT // 2 + 1) * SAMPLE_RATE / FFT
    edges = np.linspace(_mel(LOWEST_HZ), _mel(SAMPLE_RATE / 2), BANDS + 2)
    mels = _mel(frequencies)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (mels - left) / (centre - left), (right - mels) / (right - centre)
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters[-1] = 0.0  # Kaldi leaves the highest frequency out
    return np.asarray(filters, dtype=np.float32)


def _mel(hertz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))
