"""Data that a Linux library exports under a name: read from the file, on any machine, and never run."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"  # of 64 bits, least significant byte first
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
LOADED, DYNAMIC_SYMBOLS = 1, 11


def exported(library: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The bytes of each of the objects that the library has under these names; those that it lacks are left out.

    Raises: ValueError: it is no such library. OSError.
    """
    data = library.read_bytes()
    if not data.startswith(MAGIC):
        raise ValueError("not a 64-bit ELF library")
    wanted = set(names)
    try:
        places = _symbols(data)
        return {name: _loaded(data, *places[name]) for name in sorted(wanted & set(places))}
    except (struct.error, OverflowError, UnicodeDecodeError, IndexError) as error:
        raise ValueError("a damaged ELF library") from error


def _symbols(data: bytes) -> dict[str, tuple[int, int]]:
    """Address and size of each exported symbol."""
    (at,), (size, number) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<HH", data, 58)
    sections = [SECTION_HEADER.unpack_from(data, at + size * n) for n in range(number)]
    found = {}
    for _, kind, _, _, offset, length, link, _, _, _ in sections:
        if kind != DYNAMIC_SYMBOLS:
            continue
        strings = sections[link][4]
        for place in range(offset, offset + length, SYMBOL.size):
            name, _, _, _, address, size = SYMBOL.unpack_from(data, place)
            end = data.index(b"\0", strings + name)
            found[data[strings + name : end].decode()] = (address, size)
    return found


def _loaded(data: bytes, address: int, size: int) -> bytes:
    """What lies at an address once the library is loaded."""
    (at,), (step, number) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<HH", data, 54)
    for n in range(number):
        kind, _, offset, begin, _, length, _, _ = PROGRAM_HEADER.unpack_from(data, at + step * n)
        if kind == LOADED and begin <= address and address + size <= begin + length:
            return data[offset + address - begin :][:size]
    return b""
