"""A stretch of a file is, to the sample, what the whole file has there."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.recordings import Sound, click_at, fill, record, tone
from trax.errors import MediaError, MediaTooLong, TraxError, UsageError
from trax.media.decode import DecodeOptions, DecodeReport, decode
from trax.media.resampling import resampled_length

RATE = 16_000


def decoded(path: Path, start: float = 0.0, end: float | None = None, **options: float) -> tuple[Sound, DecodeReport]:
    with decode(path, DecodeOptions(start=start, end=end, **options)) as decoding:  # type: ignore[arg-type]
        blocks = list(decoding)
    return np.concatenate(blocks), decoding.report


def busy(seconds: float, rate: int) -> Sound:
    """Two channels that cancel each other out now and then, with something new in every moment."""
    noise = np.random.default_rng(4).standard_normal((2, round(seconds * rate))) * 0.1
    noise[1] = np.where(np.arange(noise.shape[1]) // (5 * rate) % 2, -noise[0], noise[1])
    return noise


def check(path: Path, whole: Sound, start: int, end: int) -> DecodeReport:
    samples, report = decoded(path, start / RATE, end / RATE)
    assert np.array_equal(samples, whole[start:end]), f"{path.name}: {start} to {end} of {len(whole)}"
    assert report.start == start / RATE
    assert report.duration == len(samples) / RATE
    return report


@pytest.mark.parametrize(
    ("suffix", "codec", "rate", "jumps"),
    [
        ("wav", "pcm_s16le", 44_100, True),
        ("wav", "pcm_f32le", 48_000, True),
        ("wav", "pcm_u8", 8_000, True),
        ("aiff", "pcm_s24be", 11_025, True),
        ("flac", "flac", 44_100, True),
        ("mp3", "libmp3lame", 44_100, False),
        ("m4a", "aac", 44_100, False),
        ("opus", "libopus", 48_000, False),
        ("webm", "libopus", 48_000, False),
        ("mkv", "aac", 22_050, False),
        ("mkv", "flac", 44_100, False),
    ],
)
def test_every_sample_is_that_of_the_whole(tmp_path: Path, suffix: str, codec: str, rate: int, jumps: bool) -> None:
    path = record(tmp_path / f"busy.{suffix}", busy(34.0, rate), rate=rate, codec=codec)
    whole, report = decoded(path)
    assert report.jumped_seconds == 0.0
    for start, end in ((0, 1), (7 * RATE + 1, 9 * RATE), (22 * RATE + 77, 23 * RATE + 5), (27 * RATE, 35 * RATE)):
        report = check(path, whole, start, end)
        assert (report.jumped_seconds > 0) is (jumps and start > 20 * RATE)
        assert report.jumped_seconds <= max(0.0, start / RATE - 10)


@settings(max_examples=25, deadline=None)
@given(rate=st.sampled_from([8_000, 11_025, 22_050, 44_056, 44_100, 48_000, 96_000]), data=st.data())
def test_lengths_are_known_without_the_sound(rate: int, data: st.DataObject) -> None:
    from trax.media.resampling import Run

    count = data.draw(st.integers(0, 5 * rate))
    run = Run(rate, 0, 0)
    run.write(np.zeros(count, np.float32))
    run.finish()
    assert run.position == resampled_length(count, rate)


def test_a_flac_that_was_cut_out_of_a_longer_one(tmp_path: Path) -> None:
    """Its stamps don't count from its beginning."""
    data = record(tmp_path / "longer.flac", busy(50.0, RATE), codec="flac").read_bytes()
    with av.open(str(tmp_path / "longer.flac")) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
    sound = sum(packet.size for packet in packets)
    cut = tmp_path / "cut.flac"
    cut.write_bytes(data[:-sound] + b"".join(bytes(packet) for packet in packets[20:]))
    whole, _ = decoded(cut)
    assert len(whole) > 40 * RATE
    check(cut, whole, 25 * RATE, 27 * RATE)


def test_holes_late_starts_and_changes_of_rate_before_the_stretch(tmp_path: Path) -> None:
    holes = tmp_path / "holes.mkv"
    with av.open(str(holes), "w") as output:
        first, second = (output.add_stream("pcm_s16le", rate=44_100, layout="mono") for _ in range(2))
        fill(output, first, tone(1.0, 44_100))
        fill(output, second, busy(12.0, 44_100)[0], start=1.5, holes=[(4.0, 3.0)])
    rates = (44_100, 48_000)
    parts = [record(tmp_path / f"{rate}.mp3", busy(6.0, rate), rate=rate, codec="libmp3lame") for rate in rates]
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    for path, options in ((holes, {"track": 1}), (joined, {})):
        whole, _ = decoded(path, **options)
        for start in (1.0, 5.2, 6.5, 8.0, 11.5):
            samples, _ = decoded(path, start, **options)
            assert np.array_equal(samples, whole[round(start * RATE) :])


@pytest.mark.shared_data
def test_stretches_of_files_from_all_over_the_world(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suffixes = (".wav", ".flac", ".mp3", ".m4a", ".mp4", ".ogg", ".opus", ".webm", ".mkv", ".mka", ".aiff", ".wma")
    files = sorted(p for p in (shared_data / "containers").rglob("*") if p.suffix.lower() in suffixes)
    files = [path for path in files if path.stat().st_size < 3_000_000]
    with ThreadPoolExecutor(2) as pool:
        checked = sum(pool.map(_one_stretch, random.Random(3).sample(files, 90)))
    with capsys.disabled():
        print(f"\n{checked} stretches of foreign files, each the same as in the whole")
    assert checked >= 60


def _one_stretch(path: Path) -> bool:
    try:
        whole, _ = decoded(path)
    except TraxError:
        return False
    start = len(whole) * 2 // 3
    check(path, whole, start, start + 1 + len(whole) // 4)
    return True


def test_nothing_is_decoded_after_the_end(tmp_path: Path) -> None:
    """The last half is damaged: whoever read it would say so."""
    path = record(tmp_path / "cut.mp3", tone(8.0, 44_100), rate=44_100, codec="libmp3lame")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert decoded(path)[1].truncated
    assert not decoded(path, 0.5, 2.0)[1].truncated
    assert decoded(path, 0.5, 7.0)[1].truncated


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("mp3", "libmp3lame")])
def test_a_stretch_after_the_end_says_where_that_is(tmp_path: Path, suffix: str, codec: str) -> None:
    path = record(tmp_path / f"short.{suffix}", tone(26.0, 44_100), rate=44_100, codec=codec)
    for start in (26.1, 95.0):
        with pytest.raises(
            MediaError, match=rf"short\.{suffix} is over after 26\.\d\d s: nothing is left from"
        ) as caught:
            decoded(path, start, 100.0)
        assert "--from" in caught.value.next_step
    assert decoded(path, 25.0, 95.0)[1].duration == pytest.approx(1.0, abs=0.1)


def test_the_limit_is_for_what_is_heard(tmp_path: Path) -> None:
    path = record(tmp_path / "long.flac", click_at(29.0, 40.0, RATE), codec="flac")
    samples, _ = decoded(path, 28.0, 30.0, max_duration=2.0)
    assert np.abs(samples[RATE : RATE + 100]).max() > 0.2
    with pytest.raises(MediaTooLong):
        decoded(path, 28.0, 30.1, max_duration=2.0)


@pytest.mark.parametrize(("start", "end"), [(5.0, 5.0), (5.0, 4.0), (-1.0, None), (float("nan"), None), (1e9, None)])
def test_stretches_that_are_none(start: float, end: float | None) -> None:
    with pytest.raises(UsageError, match="A stretch"):
        DecodeOptions(start=start, end=end)
