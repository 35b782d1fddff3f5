"""A file that ends too early is told, also where FFmpeg takes its length from what is left of it."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from tests.media.recordings import fill, record, tone
from trax.errors import TraxError
from trax.media.decode import DecodeOptions, DecodeReport, decode
from trax.media.probe import probe

UNKNOWN_SIZES = [0, 0xFFFF_FFFF, 0x7FFF_F000, 0x8000_0000]


def reported(path: Path, options: DecodeOptions | None = None) -> DecodeReport:
    with decode(path, options) as decoding:
        for _ in decoding:
            pass
    return decoding.report


def cut(path: Path, share: float) -> Path:
    os.truncate(path, round(path.stat().st_size * share))
    return path


def wav(form: bytes, data_size: int, sound: bytes, extra: bytes = b"") -> bytes:
    """A WAV of 16 bits, mono, 16 kHz, whose header claims what it likes."""
    order = ">" if form == b"RIFX" else "<"
    layout = struct.pack(f"{order}4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    head = struct.pack(f"{order}4sI4s", form, 0xFFFF_FFFF, b"WAVE")
    return head + extra + layout + struct.pack(f"{order}4sI", b"data", data_size) + sound


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le", "adpcm_ms", "pcm_alaw"])
def test_a_wav_that_ends_before_its_header_says(tmp_path: Path, codec: str) -> None:
    path = record(tmp_path / "meeting.wav", tone(10.0), codec=codec)
    assert not reported(path).truncated
    report = reported(cut(path, 0.6))
    assert report.truncated
    assert report.duration == pytest.approx(6.0, abs=0.1)
    assert report.declared_duration == pytest.approx(10.0, rel=0.02)
    assert probe(path).duration == report.declared_duration


def test_a_long_wav_that_lacks_little(tmp_path: Path) -> None:
    """Below the share that counts where the length is less certain."""
    path = tmp_path / "long.wav"
    path.write_bytes(wav(b"RIFF", 32_000 * 300, bytes(32_000 * 299)))
    report = reported(path)
    assert (report.truncated, report.duration, report.declared_duration) == (True, 299.0, 300.0)


@pytest.mark.parametrize("size", UNKNOWN_SIZES)
def test_a_wav_of_a_pipe_claims_no_length(tmp_path: Path, size: int) -> None:
    path = tmp_path / "pipe.wav"
    path.write_bytes(wav(b"RIFF", size, bytes(64_000)))
    report = reported(path)
    assert (report.truncated, report.duration) == (False, 2.0)


@pytest.mark.parametrize("claimed", [64_000 - 1_000, 64_000, 64_000 + 44])
def test_a_wav_with_more_behind_its_sound_or_a_sloppy_header_is_whole(tmp_path: Path, claimed: int) -> None:
    path = tmp_path / "sloppy.wav"
    path.write_bytes(wav(b"RIFF", claimed, bytes(64_000)))
    assert not reported(path).truncated


@pytest.mark.parametrize(("size", "truncated"), [(320_000, True), (96_000, False), (2**63 - 1, False)])
def test_an_rf64_has_its_size_elsewhere(tmp_path: Path, size: int, truncated: bool) -> None:
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, 0, size, 0, 0)
    path = tmp_path / "long.rf64"
    path.write_bytes(wav(b"RF64", 0xFFFF_FFFF, bytes(96_000), extra=sizes))
    report = reported(path)
    assert (report.truncated, report.duration) == (truncated, 3.0)
    if truncated:
        assert report.declared_duration == 10.0


def test_a_big_endian_wav(tmp_path: Path) -> None:
    path = tmp_path / "old.wav"
    path.write_bytes(wav(b"RIFX", 320_000, bytes(96_000)))
    report = reported(path)
    assert (report.truncated, report.declared_duration) == (True, 10.0)


def test_a_wave64_that_ends_early(tmp_path: Path) -> None:
    path = record(tmp_path / "long.w64", tone(10.0))
    assert not reported(path).truncated
    report = reported(cut(path, 0.6))
    assert report.truncated
    assert report.duration == pytest.approx(6.0, abs=0.1)
    assert report.declared_duration == pytest.approx(10.0, abs=0.01)


@pytest.mark.parametrize(("suffix", "codec"), [("opus", "libopus"), ("oga", "flac")])
def test_an_ogg_without_its_last_page(tmp_path: Path, suffix: str, codec: str) -> None:
    noise = 0.1 * np.random.default_rng(5).standard_normal(20 * 48_000)
    path = record(tmp_path / f"call.{suffix}", noise, rate=48_000, codec=codec)
    assert not reported(path).truncated
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(500))
    assert not reported(path).truncated, "what others hang on is no sound that is missing"
    path.write_bytes(whole[: whole.rindex(b"OggS")])  # between two pages
    report = reported(path)
    assert report.truncated
    assert report.declared_duration is None, "what FFmpeg says is only what it found"
    path.write_bytes(whole[:-10])  # within the last page
    assert reported(path).truncated


def test_a_stream_of_an_ogg_ends_where_its_own_last_page_is(tmp_path: Path) -> None:
    path = tmp_path / "two.ogg"
    with av.open(str(path), "w") as output:
        first, second = (output.add_stream("libopus", rate=48_000, layout="mono") for _ in range(2))
        assert isinstance(first, AudioStream)
        fill(output, first, tone(2.0, 48_000))
        fill(output, second, tone(20.0, 48_000))
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"OggS")])
    assert not reported(path, DecodeOptions(track=0)).truncated
    assert reported(path, DecodeOptions(track=1)).truncated


@pytest.mark.shared_data
def test_recordings_that_are_whole_are_not_doubted(shared_data: Path) -> None:
    files = [
        path for path in (shared_data / "containers").rglob("*") if path.suffix in (".wav", ".ogg", ".opus", ".oga")
    ]
    files = [path for path in files if path.stat().st_size < 4_000_000]
    cut_short = {"issue_70.ogg", "no-last-page.oga", "ogg-multipagemetadata-bug.ogg", "test.opus"}
    assert {path.name for path in files if _is_doubted(path)} == cut_short


def _is_doubted(path: Path) -> bool:
    try:
        return reported(path).truncated
    except TraxError:
        return False
