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
    layout: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a file with one track."""
    layout = layout or {1: "mono", 2: "stereo"}[len(np.atleast_2d(sound))]
    with av.open(str(path), "w") as output:
        output.metadata.update(metadata or {})
        stream = output.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        fill(output, stream, sound)
    return path


def fill(
    output: OutputContainer,
    stream: AudioStream,
    sound: Sound,
    *,
    start: float = 0.0,
    holes: Iterable[tuple[float, float]] = (),
) -> None:
    """Write a track's packets; `holes` are (position in the sound, seconds that the clock jumps ahead)."""
    rate = stream.codec_context.sample_rate
    position = 0
    for frame in _frames(stream, np.atleast_2d(sound).astype(np.float32)):
        jumped = sum(seconds for place, seconds in holes if position / rate >= place - 1e-6)
        frame.pts, frame.time_base = position + round((start + jumped) * rate), Fraction(1, rate)
        position += frame.samples
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _frames(stream: AudioStream, channels: Sound) -> list[av.AudioFrame]:
    context = stream.codec_context
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), format="fltp", layout=context.layout.name)
    whole.sample_rate = context.sample_rate
    resampler = av.AudioResampler(
        format=context.format.name,
        layout=context.layout.name,
        rate=context.sample_rate,
        frame_size=context.frame_size or 1_000,
    )
    return resampler.resample(whole) + resampler.resample(None)
