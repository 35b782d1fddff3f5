"""Inside the fence: where a file ends too early although FFmpeg takes its length from what is there.

FFmpeg cuts the announced size of WAV sound down to the file, and measures an Ogg by its last page.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from av.audio.stream import AudioStream
from av.container import InputContainer

from trax.media.timestamps import GAP_SECONDS
from trax.timeline import Seconds

_TAIL_BYTES: Final = 128 << 10  # a page of Ogg has 64 KiB at most
_HEAD_BYTES: Final = 64 << 10
_MOST_CHUNKS: Final = 1_000
_BYTE_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {
    b"RIFF": "little",
    b"RF64": "little",
    b"BW64": "little",
    b"RIFX": "big",
}
# What recorders and pipes write where they don't know the size yet: the most that fits, or nearly.
_UNKNOWN_32: Final = (range(0x7FFF_0000, 0x8000_1000), range(0xFFFF_0000, 1 << 32))
_UNKNOWN_64: Final = 1 << 62
_PAGE: Final = struct.Struct("<4sBBqIIIB")  # mark, version, flags, position, serial, number, checksum, segments
_FIRST_PAGE, _LAST_PAGE = 0x02, 0x04


@dataclass(frozen=True, slots=True)
class Ending:
    """Whether the sound is cut short, and how long it was to be where the container says so."""

    truncated: bool = False
    declared: Seconds | None = None


def find_ending(descriptor: int, container: InputContainer, stream: AudioStream) -> Ending:
    """How the file ends, read beside FFmpeg's own reading."""
    name = container.format.name
    if name in ("wav", "w64"):
        return _wav_ending(descriptor, stream.codec_context.bit_rate or 0)
    if name == "ogg":
        return Ending(truncated=_is_ogg_cut(descriptor, None if len(container.streams) == 1 else stream.index))
    return Ending()


def _wav_ending(descriptor: int, bit_rate: int) -> Ending:
    find_data = _wave64_data if os.pread(descriptor, 4, 0) == b"riff" else _riff_data
    file_bytes = os.fstat(descriptor).st_size
    announced = find_data(descriptor, file_bytes)
    if announced is None:
        return Ending()
    start, size_bytes = announced
    missing_bytes = start + size_bytes - file_bytes
    # Sloppy writers count a header in; a hole that small counts nowhere.
    if missing_bytes <= 0 or missing_bytes * 8 < GAP_SECONDS * bit_rate:
        return Ending()
    return Ending(truncated=True, declared=size_bytes * 8 / bit_rate if bit_rate else None)


def _riff_data(descriptor: int, file_bytes: int) -> tuple[int, int] | None:
    """Where the sound of a WAV begins and how many bytes it claims; None where it doesn't say."""
    form = os.pread(descriptor, 4, 0)
    order = _BYTE_ORDERS.get(form)
    position, size_64 = 12, 0
    if order is None:
        return None
    for _ in range(_MOST_CHUNKS):
        if position + 8 > file_bytes:
            return None
        head = os.pread(descriptor, 24, position)
        size = int.from_bytes(head[4:8], order)
        if head[:4] == b"ds64":
            size_64 = int.from_bytes(head[16:24], "little")
        elif head[:4] == b"data":
            if form in (b"RF64", b"BW64"):
                return (position + 8, size_64) if 0 < size_64 < _UNKNOWN_64 else None
            known = size > 0 and not any(size in sizes for sizes in _UNKNOWN_32)
            return (position + 8, size) if known else None
        position += 8 + size + size % 2
    return None


def _wave64_data(descriptor: int, file_bytes: int) -> tuple[int, int] | None:
    """The same of a Wave64, whose sizes count the heads of their chunks in."""
    position = 40
    for _ in range(_MOST_CHUNKS):
        if position + 24 > file_bytes:
            return None
        head = os.pread(descriptor, 24, position)
        size = int.from_bytes(head[16:24], "little")
        if not 24 <= size < _UNKNOWN_64:
            return None
        if head[:4] == b"data":
            return (position + 24, size - 24) if size > 24 else None
        position += (size + 7) // 8 * 8
    return None


@dataclass(frozen=True, slots=True)
class _Page:
    serial: int
    is_first: bool  # of its logical stream
    is_last: bool  # and complete


def _is_ogg_cut(descriptor: int, track: int | None) -> bool:
    """Whether the last page isn't marked as a stream's last; `track`: that stream's alone, where there are others."""
    size = os.fstat(descriptor).st_size
    pages = list(_pages(os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))))
    if track is not None:
        serials = [page.serial for page in _pages(os.pread(descriptor, _HEAD_BYTES, 0)) if page.is_first]
        wanted = serials[track] if track < len(serials) else None
        pages = [page for page in pages if page.serial == wanted]
    return bool(pages) and not pages[-1].is_last


def _pages(part: bytes) -> Iterator[_Page]:
    """The pages of Ogg that begin in a part of a file."""
    position = part.find(b"OggS")
    while position >= 0 and position + _PAGE.size <= len(part):
        _, version, flags, _, serial, _, _, segments = _PAGE.unpack_from(part, position)
        following = position + 4
        if version == 0 and flags < 8:
            body = position + _PAGE.size + segments
            end = body + sum(part[position + _PAGE.size : body])
            complete = end <= len(part)
            yield _Page(serial, bool(flags & _FIRST_PAGE), bool(flags & _LAST_PAGE) and complete)
            following = end
        position = part.find(b"OggS", following)
