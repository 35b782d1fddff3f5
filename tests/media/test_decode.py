"""Decoding keeps every second where it belongs, whatever the container did to it."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.recordings import Sound, click_at, fill, onset, record, tone
from trax.errors import MediaTooLong, NoAudio, UnreadableMedia, UsageError
from trax.media.decode import DecodeOptions, DecodeReport, decode


def decoded(path: Path, options: DecodeOptions | None = None) -> tuple[Sound, DecodeReport]:
    with decode(path, options) as decoding:
        blocks = list(decoding)
    assert all(len(block) == 30 * 16_000 for block in blocks[:-1])
    assert all(block.dtype == np.float32 for block in blocks)
    samples = np.concatenate(blocks)
    assert len(samples) == round(decoding.report.duration * 16_000)
    return samples, decoding.report


@pytest.mark.parametrize(
    ("suffix", "codec", "rate", "late"),
    [
        ("wav", "pcm_s16le", 44_100, 0.0),
        ("wav", "pcm_f32le", 48_000, 0.0),
        ("wav", "pcm_u8", 8_000, 0.0),
        ("aiff", "pcm_s24be", 384_000, 0.0),
        ("flac", "flac", 44_100, 0.0),
        ("mp3", "libmp3lame", 44_100, 0.0),
        ("m4a", "aac", 44_100, 0.0),
        ("opus", "libopus", 48_000, 0.0),
        ("webm", "libopus", 48_000, 0.0),
        ("mka", "aac", 44_100, 0.0),
        ("ts", "aac", 44_100, 0.0233),  # no edit list tells the priming
    ],
)
def test_a_click_stays_where_it_was(tmp_path: Path, suffix: str, codec: str, rate: int, late: float) -> None:
    path = record(tmp_path / f"click.{suffix}", click_at(1.0, 2.5, rate), rate=rate, codec=codec)
    samples, report = decoded(path)
    assert onset(samples) == pytest.approx(1.0 + late, abs=0.0005)
    assert report.duration == pytest.approx(2.5 + late, abs=0.03)
    assert (report.decode_errors, report.gaps, report.truncated) == (0, 0, False)


def test_blocks_are_contiguous_and_the_sound_is_the_same(tmp_path: Path) -> None:
    sound = tone(65.0, hertz=300)
    samples, report = decoded(record(tmp_path / "long.wav", sound))
    assert report.duration == 65.0
    assert np.abs(samples - sound).max() < 1e-4
    assert report.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert report.rms_dbfs == pytest.approx(-9.03, abs=0.01)


def test_a_hole_in_the_time_stamps_is_kept_as_silence(tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=16_000, layout="mono")
        fill(output, stream, click_at(5.0, 7.0, 16_000), holes=[(4.0, 3.0)])
    samples, report = decoded(path)
    assert onset(samples) == pytest.approx(8.0, abs=0.002)
    assert report.gaps == 1
    assert report.gap_seconds == pytest.approx(3.0, abs=0.01)
    assert report.duration == pytest.approx(10.0, abs=0.01)


def test_a_track_that_starts_late_is_led_by_silence(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as output:
        first, second = (output.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2))
        fill(output, first, tone(4.0))
        fill(output, second, click_at(1.0, 2.0, 16_000), start=1.5)
    samples, report = decoded(path, DecodeOptions(track=1))
    assert onset(samples) == pytest.approx(2.5, abs=0.002)
    assert report.lead_seconds == pytest.approx(1.5, abs=0.002)
    assert decoded(path)[1].lead_seconds == 0.0


def test_time_stamps_that_jump_back_lose_no_sound(tmp_path: Path) -> None:
    first = record(tmp_path / "a.ts", tone(3.0, 44_100), rate=44_100, codec="aac")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() * 2)
    _, report = decoded(joined)
    assert report.duration == pytest.approx(6.0, abs=0.15)


def test_files_of_different_formats_joined(tmp_path: Path) -> None:
    mono = record(tmp_path / "a.mp3", tone(2.0, 44_100), rate=44_100, codec="libmp3lame")
    stereo = record(tmp_path / "b.mp3", np.stack([tone(3.0, 48_000)] * 2), rate=48_000, codec="libmp3lame")
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(mono.read_bytes() + stereo.read_bytes())
    samples, report = decoded(joined)
    assert report.duration == pytest.approx(5.0, abs=0.15)
    assert report.format_changes >= 1
    assert np.abs(samples[-16_000:-8_000]).max() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("suffix", "codec"), [("mp3", "libmp3lame"), ("aac", "aac"), ("opus", "libopus")])
def test_damage_in_the_middle_costs_only_itself(tmp_path: Path, suffix: str, codec: str) -> None:
    sound = click_at(11.0, 12.0, 48_000) + 0.02 * np.random.default_rng(5).standard_normal(12 * 48_000)
    path = record(tmp_path / f"damaged.{suffix}", sound, rate=48_000, codec=codec)
    data = bytearray(path.read_bytes())
    middle = slice(int(len(data) * 0.45), int(len(data) * 0.48))
    data[middle] = np.random.default_rng(3).bytes(middle.stop - middle.start)
    path.write_bytes(data)
    samples, report = decoded(path)
    assert np.abs(samples).max() > 0.2, "the click after the damage is lost"
    if suffix == "opus":  # the only one of them with time stamps
        assert onset(samples) == pytest.approx(11.0, abs=0.002)
        assert report.gaps == 1
    assert report.duration == pytest.approx(12.0, abs=0.7)


def test_a_file_that_is_cut_short_says_so(tmp_path: Path) -> None:
    path = record(tmp_path / "whole.mp3", tone(8.0, 44_100), rate=44_100, codec="libmp3lame")
    assert not decoded(path)[1].truncated
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report = decoded(path)[1]
    assert report.truncated
    assert report.declared_duration == pytest.approx(8.0, abs=0.1)
    assert report.duration == pytest.approx(4.0, abs=0.3)


def test_full_scale_channels_do_not_clip_when_mixed(tmp_path: Path) -> None:
    both = tone(1.0, level=0.9)
    samples, report = decoded(record(tmp_path / "loud.wav", np.stack([both, both])))
    assert np.abs(samples - both).max() < 1e-3
    assert report.antiphase_seconds == 0.0


def test_channels_that_cancel_out_leave_one_of_them(tmp_path: Path) -> None:
    left = tone(3.0)
    samples, report = decoded(record(tmp_path / "antiphase.wav", np.stack([left, -left])))
    assert np.abs(samples - left).max() < 1e-3
    assert report.antiphase_seconds == pytest.approx(3.0)


def test_surround_sound_keeps_the_centre(tmp_path: Path) -> None:
    channels = np.zeros((6, 16_000))
    channels[2] = tone(1.0)  # the centre of 5.1
    samples, report = decoded(record(tmp_path / "film.wav", channels, layout="5.1"))
    assert np.abs(samples).max() > 0.1
    assert report.antiphase_seconds == 0.0


def test_one_channel_of_a_call(tmp_path: Path) -> None:
    caller, called = tone(1.0, hertz=300, level=0.4), tone(1.0, hertz=700, level=0.2)
    path = record(tmp_path / "call.wav", np.stack([caller, called]))
    assert np.abs(decoded(path, DecodeOptions(channel=0))[0] - caller).max() < 1e-3
    assert np.abs(decoded(path, DecodeOptions(channel=1))[0] - called).max() < 1e-3
    with pytest.raises(UsageError, match=r"has 2 channels\.") as caught:
        decoded(path, DecodeOptions(channel=2))
    assert caught.value.next_step == "Choose one of 0 to 1."
    with pytest.raises(UsageError, match=r"no audio track 5: call\.wav has one audio track, number 0\.") as caught:
        decoded(path, DecodeOptions(track=5))
    assert "0 to 0" not in caught.value.next_step


def test_the_limit_counts_decoded_samples(tmp_path: Path) -> None:
    path = record(tmp_path / "long.flac", np.zeros(40 * 16_000), codec="flac")
    with pytest.raises(MediaTooLong, match="longer than"):
        decoded(path, DecodeOptions(max_duration=39.9))
    assert decoded(path, DecodeOptions(max_duration=40.0))[1].peak_dbfs is None


def test_not_a_number_in_the_samples(tmp_path: Path) -> None:
    sound = tone(1.0).astype(np.float32)
    sound[5_000:5_010] = np.nan
    sound[6_000] = np.inf
    path = tmp_path / "nan.wav"
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + 64_000, b"WAVE", b"fmt ", 16, 3, 1, 16_000, 64_000, 4, 32, b"data", 64_000
    )
    path.write_bytes(header + sound.tobytes())
    samples, report = decoded(path)
    assert np.isfinite(samples).all()
    assert report.duration == 1.0


def test_no_sound_to_be_had(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.m4a", tone(3.0, 44_100), rate=44_100, codec="aac").read_bytes()
    cut = tmp_path / "cut.m4a"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableMedia, match="damaged or cut short"):
        decoded(cut)
    empty = record(tmp_path / "header.wav", tone(1.0))
    empty.write_bytes(empty.read_bytes()[:-32_000].replace(struct.pack("<I", 32_000), struct.pack("<I", 0)))
    with pytest.raises(UnreadableMedia, match="empty"):
        decoded(empty)
    encrypted = tmp_path / "drm.m4a"
    sound = whole.index(b"mdat") + 4
    end = whole.index(b"moov") - 4
    encrypted.write_bytes(whole[:sound] + b"\xff" * (end - sound) + whole[end:].replace(b"mp4a", b"enca"))
    with pytest.raises(UnreadableMedia, match="DRM"):
        decoded(encrypted)


def test_only_pictures(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(5):
            output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    with pytest.raises(NoAudio, match="only video"):
        decoded(path)


@pytest.mark.parametrize("rate", [1, 2**31 - 1])
def test_an_absurd_sample_rate(tmp_path: Path, rate: int) -> None:
    path = record(tmp_path / "rate.wav", tone(0.5))
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", rate)
    path.write_bytes(data)
    with pytest.raises(UnreadableMedia):
        decoded(path)
