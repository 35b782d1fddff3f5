"""Inside the fence: the frames of a track, whatever is wrong with some of its packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

HOPELESS: Final = 200  # errors without a single frame: noise, or encrypted
READ_ERRORS: Final = 20  # in a row: the rest of the file is gone


@dataclass(slots=True)
class Faults:
    """What had to be passed over."""

    errors: int = 0
    frames: int = 0


def frames(
    container: InputContainer, stream: AudioStream, faults: Faults, alive: Callable[[], None]
) -> Iterator[AudioFrame]:
    """Every frame that can be decoded, in order; packets that can't are counted and skipped."""
    for packet in _packets(container, stream, faults):
        alive()
        try:
            decoded = packet.decode()
        except av.error.EOFError:
            continue
        except av.error.FFmpegError:
            faults.errors += 1
            if not faults.frames and faults.errors >= HOPELESS:
                return
            continue
        for frame in decoded:
            if frame.samples and frame.sample_rate:
                faults.frames += 1
                yield frame


def _packets(container: InputContainer, stream: AudioStream, faults: Faults) -> Iterator[Packet[AudioStream]]:
    failures = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            faults.errors += 1
            failures += 1
            if failures >= READ_ERRORS:
                return
            packets = container.demux(stream)  # a generator that raised is at its end
            continue
        failures = 0
        yield packet
