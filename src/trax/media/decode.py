"""A media file as sound: mono, 16 kHz, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from trax.audio import SAMPLE_RATE, Samples
from trax.errors import MediaTooLong, UnreadableMedia, UsageError
from trax.media.fence import Child, fenced, request_for
from trax.media.json_values import parse_object
from trax.media.probe import MediaInfo, receive_info
from trax.media.wire import BYTES_PER_SAMPLE, Kind, Limits
from trax.timeline import Seconds

BLOCK_SAMPLES = 30 * SAMPLE_RATE
LATEST: Seconds = 1e6  # no media is that long


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """Which sound of the file: an audio track (None: the default one), a channel of it (None: all, mixed), a stretch.

    Raises: UsageError: the stretch has no length.
    """

    track: int | None = None
    channel: int | None = None
    max_duration: Seconds = 24 * 3600.0
    start: Seconds = 0.0  # of the stretch, on the media's time axis
    end: Seconds | None = None  # None: to the end of the media

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", float(self.start))
        object.__setattr__(self, "end", None if self.end is None else float(self.end))
        if not 0 <= self.start <= LATEST:
            raise UsageError(f"A stretch can't begin at {self.start:g} s.", "Give the seconds from the beginning.")
        if self.end is not None and not self.start_sample < self.end * SAMPLE_RATE <= LATEST * SAMPLE_RATE:
            raise UsageError(
                f"A stretch from {self.start:g} s to {self.end:g} s has no length.", "Let it end after its beginning."
            )

    @property
    def is_whole(self) -> bool:
        """Whether that is the whole length of the media."""
        return self.start == 0 and self.end is None

    @property
    def start_sample(self) -> int:
        return round(self.start * SAMPLE_RATE)

    @property
    def end_sample(self) -> int | None:
        """Sample of the media before which the stretch ends."""
        return None if self.end is None else round(self.end * SAMPLE_RATE)

    def length(self, media: Seconds | None) -> Seconds | None:
        """How long the stretch is in media of that length; None where that can't be known."""
        end = self.end if media is None else media if self.end is None else min(self.end, media)
        return None if end is None else max(0.0, end - self.start)


@dataclass(frozen=True, slots=True)
class DecodeReport:
    """How the decoding went. Levels are None for digital silence."""

    duration: Seconds  # of what was asked for, decoded, silence in gaps included: the truth
    declared_duration: Seconds | None
    decode_errors: int  # packets that were passed over
    gaps: int  # holes in the sound, kept as silence
    gap_seconds: Seconds
    lead_seconds: Seconds  # silence before sound that starts later than its container
    truncated: bool  # clearly shorter than declared
    antiphase_seconds: Seconds  # where one channel was taken because the channels cancel each other out
    format_changes: int
    peak_dbfs: float | None
    rms_dbfs: float | None
    start: Seconds = 0.0  # of what was asked for, in the media
    jumped_seconds: Seconds = 0.0  # of the media, before the stretch, that were not read at all

    @property
    def end(self) -> Seconds:
        """Where the sound ends on the media's time axis."""
        return self.start + self.duration


class Decoding:
    """Sound on its way out of a file: a context manager to iterate over once.

    The blocks are contiguous from the beginning of the stretch, 30 s each, the last one shorter. `info` is there from
    the start, `report` after the last block. Leaving the context ends the decoding.
    """

    def __init__(self, path: Path, options: DecodeOptions, limits: Limits) -> None:
        self._path = path
        self._options = options
        self._limits = limits
        self._stack = ExitStack()
        self._child: Child | None = None
        self._info: MediaInfo | None = None
        self._report: DecodeReport | None = None

    @property
    def info(self) -> MediaInfo:
        assert self._info is not None, "enter the context first"
        return self._info

    @property
    def report(self) -> DecodeReport:
        assert self._report is not None, "the report comes after the last block"
        return self._report

    def __enter__(self) -> Self:
        options = self._options
        request = request_for(
            self._path,
            decode=True,
            limits=self._limits,
            track=options.track,
            channel=options.channel,
            max_duration=options.max_duration,
            start_sample=options.start_sample,
            end_sample=options.end_sample,
        )
        with ExitStack() as stack:
            self._child = stack.enter_context(fenced(self._path, request))
            self._info = receive_info(self._child)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child = None
        self._stack.close()

    def __iter__(self) -> Iterator[Samples]:
        """The blocks. Raises: UnreadableMedia, MediaTooLong; MediaError: the media ends before the stretch begins."""
        pending: list[Samples] = []
        pending_samples = total_samples = 0
        for part in self._parts():
            total_samples += len(part)
            self._check_length(total_samples)
            pending.append(part)
            pending_samples += len(part)
            while pending_samples >= BLOCK_SAMPLES:
                whole = np.concatenate(pending)
                yield whole[:BLOCK_SAMPLES].copy()
                pending, pending_samples = [whole[BLOCK_SAMPLES:]], pending_samples - BLOCK_SAMPLES
        if pending_samples:
            yield np.concatenate(pending)

    def _parts(self) -> Iterator[Samples]:
        """What the child sends, as it comes."""
        while True:
            assert self._child is not None, "the sound is over, or the context was not entered"
            kind, body = self._child.receive()
            if kind is Kind.REPORT:
                self._report = _report(body)
                self._child = None  # once only
                return
            if kind is not Kind.PCM or len(body) % BYTES_PER_SAMPLE:
                raise UnreadableMedia("The file can't be decoded: the decoder lost its way.", "Get a fresh copy.")
            yield np.frombuffer(body, "<i2").astype(np.float32) / np.float32(32768.0)

    def _check_length(self, samples: int) -> None:
        """The child stops by itself; this holds for one that was taken over."""
        if samples > self._options.max_duration * SAMPLE_RATE:
            raise MediaTooLong("The file is longer than the limit.", "Split it, or raise TRAX_MAX_DURATION.")


def decode(path: Path, options: DecodeOptions | None = None, *, limits: Limits | None = None) -> Decoding:
    """The file's sound, decoded in a fenced child while it is iterated over.

        with decode(path) as decoding:
            for block in decoding: ...
        decoding.report

    Raises on entering: MediaNotFound, UnreadableMedia, NoAudio, UsageError.
    """
    options = options or DecodeOptions()
    return Decoding(path, options, limits or _limits(options))


def _limits(options: DecodeOptions) -> Limits:
    """Computing time for the slowest codec at ten times its usual cost; what lies before the stretch counts, too."""
    return Limits(cpu_seconds=120 + round((options.start + options.max_duration) / 10))


def _report(body: bytes) -> DecodeReport:
    try:
        said = parse_object(body)
        return DecodeReport(**{field.name: said[field.name] for field in fields(DecodeReport)})
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableMedia("The file can't be decoded: the decoder gave no report.", "Get a fresh copy.") from error
