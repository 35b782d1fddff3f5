"""Weights out of a library, networks out of their files, and filter banks as Kaldi has them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.diarization.elf import exported
from trax.diarization.fbank import BANDS, FRAME, STEP, fbank, frames_in
from trax.diarization.ort_file import Graph, Operation, leading_to, read_graph, unpacked


def test_bands_are_where_the_tones_are() -> None:
    moments = np.arange(16_000) / 16_000
    loudest = [
        int(fbank(np.sin(2 * np.pi * hertz * moments).astype(np.float32)).mean(axis=0).argmax())
        for hertz in (100, 300, 1000, 3000, 7000)
    ]
    assert loudest == [2, 10, 27, 52, 76]  # as kaldi-native-fbank 1.22 has them


def test_loudness_moves_all_bands_alike() -> None:
    noise = np.random.default_rng(7).standard_normal(8_000).astype(np.float32) * 0.1
    assert np.allclose(fbank(noise * 2) - fbank(noise), 2 * np.log(2), atol=1e-3)


@given(st.integers(0, 4_000))
def test_only_whole_frames_count(samples: int) -> None:
    bands = fbank(np.ones(samples, np.float32))
    assert bands.shape == (frames_in(samples), BANDS)
    assert samples - FRAME - STEP < (len(bands) - 1) * STEP <= max(samples - FRAME, -STEP)


def test_weights_of_eight_bits_are_written_out() -> None:
    graph = Graph(
        (
            Operation("Cast", ("q",), ("c",), {"to": 1}),
            Operation("Mul", ("c", "scale"), ("m",), {}),
            Operation("Add", ("m", "zero"), ("w",), {}),
            Operation("Relu", ("sound",), ("r",), {}),
            Operation("Conv", ("r", "w"), ("heard",), {"strides": (1,)}),
            Operation("Relu", ("heard",), ("beyond",), {}),
        ),
        {"q": np.array([1, 3], np.uint8), "scale": np.array([0.5], np.float32), "zero": np.array([-1], np.float32)},
    )
    known = unpacked(graph)
    assert [operation.kind for operation in known.operations] == ["Relu", "Conv", "Relu"]
    assert known.tensors["w"].tolist() == [-0.5, 0.5]
    assert [operation.kind for operation in leading_to(known, "heard")] == ["Relu", "Conv"]


@pytest.mark.parametrize("data", [b"", b"no model at all", b"\x08\0\0\0ORTM", b"\xff\xff\0\0ORTM" + bytes(40)])
def test_what_is_no_network_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="model in onnxruntime's format"):
        read_graph(data)


@pytest.mark.parametrize(
    "data", [b"", b"MZ no library", b"\x7fELF\x02\x01" + bytes(10), b"\x7fELF\x02\x01" + b"\xff" * 80]
)
def test_what_is_no_library_is_refused(data: bytes, tmp_path: Path) -> None:
    library = tmp_path / "lib.so"
    library.write_bytes(data)
    with pytest.raises(ValueError, match="ELF library"):
        exported(library, ["anything"])


def test_objects_are_found_by_name_where_they_are_loaded(tmp_path: Path) -> None:
    library = tmp_path / "lib.so"
    library.write_bytes(_library({"one": b"first", "two": b"second thing"}))
    assert exported(library, ["two", "none"]) == {"two": b"second thing"}


def _library(objects: dict[str, bytes]) -> bytes:
    """As much of an ELF file as names its objects, loaded 4096 bytes after where they are."""
    content = b"".join(objects.values())
    names = b"\0" + b"".join(name.encode() + b"\0" for name in objects)
    begin, shift = 64 + 56, 4096
    symbols, at = b"", begin
    for name, value in objects.items():
        symbols += struct.pack("<IBBHQQ", names.index(name.encode()), 0x11, 0, 1, at + shift, len(value))
        at += len(value)
    tables = begin + len(content)
    sections = tables + len(symbols) + len(names)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, sections, 0, 64, 56, 1, 64, 2, 0)
    loaded = struct.pack("<IIQQQQQQ", 1, 4, 0, shift, shift, tables, tables, 4096)
    dynsym = struct.pack("<IIQQQQIIQQ", 0, 11, 2, 0, tables, len(symbols), 1, 0, 8, 24)
    strings = struct.pack("<IIQQQQIIQQ", 0, 3, 2, 0, tables + len(symbols), len(names), 0, 0, 1, 0)
    return header + loaded + content + symbols + names + dynsym + strings
