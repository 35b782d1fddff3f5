"""Inside the fence: jumping ahead in a track, where that leads to the very samples that a full decoding gives.

That holds for uncompressed sound and FLAC in containers that stamp each sample: nothing in them depends on what came
before. Other codecs remember (MP3 its reservoir, AAC its noise, Opus its energies), and are decoded from the beginning.
Damage before the stretch isn't seen: times are then those of the stamps, not of the samples that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Final

import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from trax.audio import SAMPLE_RATE
from trax.media import container as containers
from trax.media.packets import Faults, frames
from trax.timeline import Seconds

_CONTAINERS: Final = ("aiff", "au", "caf", "flac", "w64", "wav")
_WORTH_SECONDS: Final = 20  # a stretch that begins sooner is reached as fast without
_RUN_UP_SECONDS: Final = 10  # what comes out right needs less before it


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a jump has led."""

    samples: int  # of the track, at its own rate, that were jumped over
    rate: int

    @property
    def time(self) -> Seconds:
        return self.samples / self.rate


@dataclass(frozen=True, slots=True)
class Approach:
    """The frames that lead to a stretch, and into it."""

    frames: Iterator[AudioFrame]
    faults: Faults
    landing: Landing | None = None  # None: they come from the beginning of the track


def approach(container: InputContainer, stream: AudioStream, start_sample: int, alive: Callable[[], None]) -> Approach:
    """The frames from somewhere before that sample of the media, so that every sample from there on comes out right."""
    if start_sample >= _WORTH_SECONDS * SAMPLE_RATE and _tells_samples(container, stream):
        target = (start_sample // SAMPLE_RATE - _RUN_UP_SECONDS) * stream.codec_context.sample_rate
        if (jumped := _jump(container, stream, target, alive)) is not None:
            return jumped
        container.seek(0, stream=stream)
    faults = Faults()
    return Approach(frames(container, stream, faults, alive), faults)


def _tells_samples(container: InputContainer, stream: AudioStream) -> bool:
    codec = containers.codec_name(stream) or ""
    return (
        container.format.name in _CONTAINERS
        and (codec == "flac" or codec.startswith("pcm_"))
        and stream.time_base == Fraction(1, stream.codec_context.sample_rate)
        and containers.track_start(stream) in (None, 0.0)
        and containers.start_time(container) in (None, 0.0)
    )


def _jump(container: InputContainer, stream: AudioStream, target: int, alive: Callable[[], None]) -> Approach | None:
    """The frames after a jump; None where it leads too far, or nowhere."""
    try:
        container.seek(target, stream=stream)
    except av.error.FFmpegError:
        return None
    faults = Faults()
    following = frames(container, stream, faults, alive)
    first = next(following, None)
    if first is None or first.pts is None or not 0 <= first.pts <= target:
        return None
    return Approach(chain([first], following), faults, Landing(first.pts, first.sample_rate))
