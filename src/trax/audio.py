"""Sound as every stage receives it: mono float32 samples at 16 kHz."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trax.timeline import Interval, Seconds

SAMPLE_RATE = 16_000  # Hz; what Whisper and Silero VAD were trained on

Samples = NDArray[np.float32]  # shape (n_samples,), -1..1


@dataclass(frozen=True, slots=True)
class Waveform:
    """A stretch of sound that begins at sample `start_sample` of its media."""

    samples: Samples
    start_sample: int = 0

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.samples)

    @property
    def start(self) -> float:
        return self.start_sample / SAMPLE_RATE

    @property
    def duration(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Window:
    """At most 30 s of unbroken sound for the model, and where in it the VAD heard speech."""

    waveform: Waveform
    speech: tuple[Interval, ...]  # in seconds of the media, disjoint, in order, within the waveform

    @property
    def start(self) -> Seconds:
        return self.waveform.start

    @property
    def duration(self) -> Seconds:
        return self.waveform.duration

    def shifted(self, samples: int) -> Window:
        """The window of a stretch that begins at that sample of the media, on the media's time axis."""
        if not samples:
            return self
        waveform = replace(self.waveform, start_sample=self.waveform.start_sample + samples)
        return Window(waveform, tuple(speech.shifted(samples / SAMPLE_RATE) for speech in self.speech))
