"""Inside the fence: an audio track, or a stretch of it, to mono 16 kHz PCM, in memory that doesn't grow with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from trax.audio import SAMPLE_RATE
from trax.errors import MediaError, MediaTooLong, UnreadableMedia
from trax.media import container as containers
from trax.media.downmix import Downmix, to_float
from trax.media.endings import Ending
from trax.media.formats import ESTIMATED_LENGTH
from trax.media.level import Level
from trax.media.packets import Faults
from trax.media.resampling import Pcm, Run
from trax.media.seeking import Landing, approach
from trax.media.timestamps import GAP_SECONDS, Placement
from trax.media.wire import Request
from trax.timeline import Seconds

GROUP_SAMPLES: Final = 32_768  # at the track's own rate: single frames cost twice as much, more falls out of the cache
SILENCE_SAMPLES: Final = 30 * SAMPLE_RATE
COMPLETE: Final = 0.98  # of the declared length
_ENCRYPTED_TAGS: Final = ("enca", "drms", "aavd")


@dataclass(slots=True)
class Track:
    """The track's sound on its way out: frames in, the PCM of the stretch that is asked for to `emit`."""

    request: Request
    emit: Callable[[Pcm], None]
    downmix: Downmix
    placement: Placement = field(default_factory=Placement)
    level: Level = field(default_factory=Level)
    fifo: AudioFifo = field(default_factory=AudioFifo)
    shape: tuple[str, str, int] | None = None  # sample format, layout, rate of what the fifo holds
    run: Run | None = None
    position: int = 0  # sample of the media that comes next
    emitted_samples: int = 0
    antiphase_seconds: Seconds = 0.0
    format_changes: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the stretch is out."""
        return self.request.end_sample is not None and self.position >= self.request.end_sample

    def begin(self, media_start: Seconds | None, track_start: Seconds | None, time: Seconds | None) -> None:
        """Silence ahead of the first frame, where the track starts later than its media."""
        if self.placement.begin(media_start, track_start, time):
            self._emit_silence()

    def land(self, landing: Landing) -> None:
        """Go on after a jump, as if all that lies before had been heard."""
        self.placement.land(landing.time)
        self.run = Run(landing.rate, 0, self.request.start_sample)
        self.run.pass_over(landing.samples)

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
        while self.fifo.samples >= GROUP_SAMPLES:
            self._drain()

    def finish(self) -> None:
        """Bring out everything that is still inside."""
        while self.fifo.samples:
            self._drain()
        if self.run is not None:
            self._bring_out(self.run, self.run.finish())
            self.run = None

    def _change(self, shape: tuple[str, str, int]) -> None:
        while self.fifo.samples:
            self._drain()
        if self.shape is not None:
            self.format_changes += 1
        self.shape = shape
        self.fifo = AudioFifo()

    def _drain(self) -> None:
        """One group: where groups end depends on their place in the run alone, wherever the decoding began."""
        done = self.run.taken if self.run is not None else 0
        group = self.fifo.read(min(self.fifo.samples, GROUP_SAMPLES - done % GROUP_SAMPLES))
        assert group is not None
        run = self._run_at(group.sample_rate)
        if run.can_pass_over(group.samples):
            run.pass_over(group.samples)
            return
        layout = group.layout
        channels = to_float(group.to_ndarray(), layout.nb_channels, group.format.is_planar)
        mono = self.downmix.mix(channels, tuple(channel.name for channel in layout.channels))
        self.antiphase_seconds += self.downmix.antiphase_samples / group.sample_rate
        self._bring_out(run, run.write(mono))

    def _run_at(self, rate: int) -> Run:
        if self.run is None or self.run.rate != rate:
            if self.run is not None:
                self._bring_out(self.run, self.run.finish())
            self.run = Run(rate, self.position, self.request.start_sample)
        return self.run

    def _bring_out(self, run: Run, parts: list[Pcm]) -> None:
        self.position = run.position - sum(map(len, parts))
        for samples in parts:
            kept = self._kept(samples)
            self.level.add(kept)
            self._emit(kept)

    def _emit_silence(self) -> None:
        missing = round(self.placement.position * SAMPLE_RATE) - self.position
        while missing > 0:
            part = min(missing, SILENCE_SAMPLES)
            self._emit(self._kept(np.zeros(part, np.int16)))
            missing -= part

    def _kept(self, samples: Pcm) -> Pcm:
        """What of the next samples lies in the stretch."""
        first, end = self.request.start_sample - self.position, self.request.end_sample
        last = len(samples) if end is None else end - self.position
        self.position += len(samples)
        return samples[max(0, first) : max(0, last)]

    def _emit(self, samples: Pcm) -> None:
        self.emitted_samples += len(samples)
        if self.emitted_samples > self.request.max_duration * SAMPLE_RATE:
            raise MediaTooLong(
                f"{self.request.name} is longer than {self.request.max_duration / 3600:.4g} hours.",
                "Split it, or raise the limit (TRAX_MAX_DURATION, in seconds).",
            )
        if len(samples):
            self.emit(samples)


def decode(
    container: InputContainer,
    stream: AudioStream,
    request: Request,
    ending: Ending,
    emit: Callable[[Pcm], None],
    alive: Callable[[], None],
) -> dict[str, Any]:
    """Decode the track, or the stretch of it that is asked for, and return the report.

    Raises: UnreadableMedia, MediaTooLong; MediaError where the track is over before the stretch begins.
    """
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    stream.codec_context.thread_count = 1  # the reader of the samples has more use for the cores
    track = Track(request, emit, Downmix(request.channel))
    way = approach(container, stream, request.start_sample, alive)
    faults, landing = way.faults, way.landing
    if landing is not None:
        track.land(landing)
    for frame in way.frames:
        if faults.frames == 1 and landing is None:
            track_start = None if faults.errors else containers.track_start(stream)
            track.begin(containers.start_time(container), track_start, frame.time)
        track.write(frame)
        if track.is_over:
            break
    else:
        track.finish()
    if not track.emitted_samples:
        raise _too_late(request, track) if track.position else _nothing(stream, request, faults)
    return {**_report(container, stream, track, faults, ending), "jumped_seconds": landing.time if landing else 0.0}


def _report(
    container: InputContainer, stream: AudioStream, track: Track, faults: Faults, ending: Ending
) -> dict[str, Any]:
    declared = containers.declared_duration(container, stream, ending)
    return {
        "start": track.request.start_sample / SAMPLE_RATE,
        "duration": track.emitted_samples / SAMPLE_RATE,
        "declared_duration": None if ending.truncated and ending.declared is None else declared,  # FFmpeg's is no claim
        "decode_errors": faults.errors,
        "gaps": track.placement.gaps,
        "gap_seconds": track.placement.gap_seconds,
        "lead_seconds": track.placement.lead_seconds,
        "truncated": not track.is_over and (ending.truncated or _is_short(container, stream, track, ending)),
        "antiphase_seconds": track.antiphase_seconds,
        "format_changes": track.format_changes,
        "peak_dbfs": track.level.peak_dbfs,
        "rms_dbfs": track.level.rms_dbfs,
    }


def _is_short(container: InputContainer, stream: AudioStream, track: Track, ending: Ending) -> bool:
    expected = _expected(container, stream, ending)
    return expected is not None and track.position / SAMPLE_RATE < min(COMPLETE * expected, expected - GAP_SECONDS)


def _expected(container: InputContainer, stream: AudioStream, ending: Ending) -> Seconds | None:
    """How long the track ought to be; None where nothing trustworthy says so."""
    if container.format.name in ESTIMATED_LENGTH:
        return None
    if (seconds := containers.track_duration(stream)) is not None:
        return seconds
    return containers.declared_duration(container, stream, ending) if containers.is_only_audio(container) else None


def _too_late(request: Request, track: Track) -> MediaError:
    return MediaError(
        f"{request.name} is over after {track.position / SAMPLE_RATE:.2f} s: "
        f"nothing is left from {request.start_sample / SAMPLE_RATE:g} s on.",
        "Let the stretch begin earlier (--from).",
    )


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
