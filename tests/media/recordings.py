"""Media files made for a test: sound of known content in a container of choice."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

Sound = NDArray[Any]  # float, (n_samples,) or (n_channels, n_samples)


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0, level: float = 0.5) -> Sound:
    """A sine."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def click_at(seconds: float, length: float, rate: int) -> Sound:
    """Silence, with 10 ms of sound that begin at `seconds`."""
    sound = np.zeros(round(length * rate))
    start = round(seconds * rate)
    sound[start : start + rate // 100] = 0.8 * np.cos(2 * np.pi * 1_000 * np.arange(rate // 100) / rate)
    return sound


def onset(samples: Sound) -> float:
    """Where the first loud sample of decoded sound is, in seconds."""
    return float(np.flatnonzero(np.abs(samples) > 0.2)[0]) / 16_000


def record(
    path: Path,
    sound: Sound,
    *,
    rate: int = 16_000,
    codec: str = "pcm_s16le",
    container: str | None = None,
    layout: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write one track."""
    with av.open(str(path), "w", format=container) as output:
        output.metadata.update(metadata or {})
        track(output, sound, rate=rate, codec=codec, layout=layout)
    return path


def track(
    output: OutputContainer,
    sound: Sound,
    *,
    rate: int = 16_000,
    codec: str = "pcm_s16le",
    layout: str | None = None,
    start: float = 0.0,
    holes: Iterable[tuple[float, float]] = (),
) -> AudioStream:
    """Add a track with its packets; `holes` are (position in the sound, seconds that the clock jumps)."""
    channels = np.atleast_2d(sound).astype(np.float32)
    layout = layout or {1: "mono", 2: "stereo"}[len(channels)]
    stream = output.add_stream(codec, rate=rate, layout=layout)
    jumps = sorted(holes)
    for frame in _frames(stream, channels, rate, layout):
        begins = frame.pts / rate
        shift = start + sum(seconds for position, seconds in jumps if begins >= position - 1e-6)
        frame.pts += round(shift * rate)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
    return stream


def _frames(stream: AudioStream, channels: Sound, rate: int, layout: str) -> list[av.AudioFrame]:
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), format="fltp", layout=layout)
    whole.sample_rate = rate
    whole.pts = 0
    whole.time_base = Fraction(1, rate)
    size = stream.codec_context.frame_size or 1_000
    resampler = av.AudioResampler(format=stream.codec_context.format.name, layout=layout, rate=rate, frame_size=size)
    frames = resampler.resample(whole) + resampler.resample(None)
    position = 0
    for frame in frames:
        frame.pts, frame.time_base = position, Fraction(1, rate)
        position += frame.samples
    return frames
