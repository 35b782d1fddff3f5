"""Inside the fence: an audio track to mono 16 kHz PCM, in memory that doesn't grow with its length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples
from trax.errors import MediaTooLong, UnreadableMedia
from trax.media import container as containers
from trax.media.downmix import Downmix, to_float
from trax.media.endings import Ending
from trax.media.formats import ESTIMATED_LENGTH
from trax.media.level import Level
from trax.media.packets import Faults, frames
from trax.media.timestamps import GAP_SECONDS, Placement
from trax.media.wire import Request
from trax.timeline import Seconds

Pcm = NDArray[np.int16]  # mono, 16 kHz

GROUP_SAMPLES: Final = 32_768  # at the track's own rate: single frames cost twice as much, more falls out of the cache
SILENCE_SAMPLES: Final = 30 * SAMPLE_RATE
COMPLETE: Final = 0.98  # of the declared length
_ENCRYPTED_TAGS: Final = ("enca", "drms", "aavd")


@dataclass(slots=True)
class Track:
    """The track's sound on its way out: frames in, PCM to `emit`."""

    request: Request
    emit: Callable[[Pcm], None]
    downmix: Downmix
    placement: Placement = field(default_factory=Placement)
    level: Level = field(default_factory=Level)
    fifo: AudioFifo = field(default_factory=AudioFifo)
    shape: tuple[str, str, int] | None = None  # sample format, layout, rate of what the fifo holds
    resampler: AudioResampler | None = None
    resampler_rate: int = 0
    emitted_samples: int = 0
    antiphase_seconds: Seconds = 0.0
    format_changes: int = 0

    def begin(self, media_start: Seconds | None, track_start: Seconds | None, time: Seconds | None) -> None:
        """Silence ahead of the first frame, where the track starts later than its media."""
        if self.placement.begin(media_start, track_start, time):
            self._emit_silence()

    def write(self, frame: AudioFrame) -> None:
        """Place one decoded frame."""
        if self.placement.silence_before(frame.time):
            self.finish()
            self._emit_silence()
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self.shape:
            self._change(shape)
        self.placement.advance(frame.samples / frame.sample_rate)
        frame.pts = None  # the placement keeps time
        self.fifo.write(frame)
        if self.fifo.samples >= GROUP_SAMPLES:
            self._drain()

    def finish(self) -> None:
        """Bring out everything that is still inside."""
        self._drain()
        if self.resampler is not None:
            self._emit_frames(self.resampler.resample(None))
            self.resampler = None

    def _change(self, shape: tuple[str, str, int]) -> None:
        self._drain()
        if self.shape is not None:
            self.format_changes += 1
        self.shape = shape
        self.fifo = AudioFifo()

    def _drain(self) -> None:
        group = self.fifo.read() if self.fifo.samples else None
        if group is None:
            return
        layout = group.layout
        channels = to_float(group.to_ndarray(), layout.nb_channels, group.format.is_planar)
        mono = self.downmix.mix(channels, tuple(channel.name for channel in layout.channels))
        self.antiphase_seconds += self.downmix.antiphase_samples / group.sample_rate
        self._resample(mono, group.sample_rate)

    def _resample(self, mono: Samples, rate: int) -> None:
        if self.resampler is None or self.resampler_rate != rate:
            if self.resampler is not None:
                self._emit_frames(self.resampler.resample(None))
            self.resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            self.resampler_rate = rate
        frame = AudioFrame.from_ndarray(mono.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate = rate
        self._emit_frames(self.resampler.resample(frame))

    def _emit_frames(self, resampled: list[AudioFrame]) -> None:
        for frame in resampled:
            samples = frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
            self.level.add(samples)
            self._emit(samples)

    def _emit_silence(self) -> None:
        missing = round(self.placement.position * SAMPLE_RATE) - self.emitted_samples
        while missing > 0:
            part = min(missing, SILENCE_SAMPLES)
            self._emit(np.zeros(part, np.int16))
            missing -= part

    def _emit(self, samples: Pcm) -> None:
        self.emitted_samples += len(samples)
        if self.emitted_samples > self.request.max_duration * SAMPLE_RATE:
            raise MediaTooLong(
                f"{self.request.name} is longer than {self.request.max_duration / 3600:.4g} hours.",
                "Split it, or raise the limit (TRAX_MAX_DURATION, in seconds).",
            )
        self.emit(samples)


def decode(
    container: InputContainer,
    stream: AudioStream,
    request: Request,
    ending: Ending,
    emit: Callable[[Pcm], None],
    alive: Callable[[], None],
) -> dict[str, Any]:
    """Decode the whole track and return the report.

    Raises: UnreadableMedia, MediaTooLong.
    """
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    stream.codec_context.thread_count = 1  # the reader of the samples has more use for the cores
    faults = Faults()
    track = Track(request, emit, Downmix(request.channel))
    for frame in frames(container, stream, faults, alive):
        if faults.frames == 1:
            track_start = None if faults.errors else containers.track_start(stream)
            track.begin(containers.start_time(container), track_start, frame.time)
        track.write(frame)
    track.finish()
    if not track.emitted_samples:
        raise _nothing(stream, request, faults)
    return _report(container, stream, track, faults, ending)


def _report(
    container: InputContainer, stream: AudioStream, track: Track, faults: Faults, ending: Ending
) -> dict[str, Any]:
    duration = track.emitted_samples / SAMPLE_RATE
    expected = _expected(container, stream, ending)
    declared = containers.declared_duration(container, stream, ending)
    is_short = expected is not None and duration < min(COMPLETE * expected, expected - GAP_SECONDS)
    return {
        "duration": duration,
        "declared_duration": None if ending.truncated and ending.declared is None else declared,  # FFmpeg's is no claim
        "decode_errors": faults.errors,
        "gaps": track.placement.gaps,
        "gap_seconds": track.placement.gap_seconds,
        "lead_seconds": track.placement.lead_seconds,
        "truncated": ending.truncated or is_short,
        "antiphase_seconds": track.antiphase_seconds,
        "format_changes": track.format_changes,
        "peak_dbfs": track.level.peak_dbfs,
        "rms_dbfs": track.level.rms_dbfs,
    }


def _expected(container: InputContainer, stream: AudioStream, ending: Ending) -> Seconds | None:
    """How long the track ought to be; None where nothing trustworthy says so."""
    if container.format.name in ESTIMATED_LENGTH:
        return None
    if (seconds := containers.track_duration(stream)) is not None:
        return seconds
    return containers.declared_duration(container, stream, ending) if containers.is_only_audio(container) else None


def _nothing(stream: AudioStream, request: Request, faults: Faults) -> UnreadableMedia:
    if containers.codec_tag(stream) in _ENCRYPTED_TAGS:
        return UnreadableMedia(
            f"The sound in {request.name} is encrypted (DRM).", "Get a copy without copy protection."
        )
    if not faults.errors:
        return UnreadableMedia(f"{request.name} holds no sound: its audio track is empty.", "Get a complete copy.")
    return UnreadableMedia(
        f"Nothing in {request.name} can be decoded: it is encrypted (DRM) or damaged, or cut short.",
        containers.DAMAGED,
    )
