"""What a container says of itself, made fit for the database."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.recordings import fill, record, tone
from trax.errors import UnreadableMedia
from trax.media.json_values import parse_object, storable
from trax.media.probe import probe


@pytest.mark.parametrize(
    ("name", "codec", "mime_type", "codec_name"),
    [
        ("a.mp3", "libmp3lame", "audio/mpeg", "mp3"),
        ("a.m4a", "aac", "audio/mp4", "aac"),
        ("a.wav", "pcm_s16le", "audio/wav", "pcm_s16le"),
        ("a.flac", "flac", "audio/flac", "flac"),
        ("a.opus", "libopus", "audio/ogg", "opus"),
        ("a.webm", "libopus", "audio/webm", "opus"),
        ("a.mka", "flac", "audio/x-matroska", "flac"),
    ],
)
def test_kinds_of_sound(tmp_path: Path, name: str, codec: str, mime_type: str, codec_name: str) -> None:
    path = record(tmp_path / name, tone(2.0, 48_000), rate=48_000, codec=codec)
    path = path.rename(tmp_path / "without a suffix")
    info = probe(path)
    assert (info.mime_type, info.file_metadata["codec"]) == (mime_type, codec_name)
    assert info.duration == pytest.approx(2.0, abs=0.1)
    assert (info.file_metadata["sample_rate"], info.file_metadata["channels"]) == (48_000, 1)
    assert info.file_metadata["bitrate"] > 1_000


def test_all_that_the_container_says(tmp_path: Path) -> None:
    path = record(
        tmp_path / "a.mp3", tone(2.0), codec="libmp3lame", metadata={"title": "Weißer Wal \U0001f40b", "artist": "M"}
    )
    info = probe(path)
    assert set(info.file_metadata) == {"format", "codec", "bitrate", "sample_rate", "channels", "ffmpeg_info"}
    said = info.file_metadata["ffmpeg_info"]
    assert said["tags"]["title"] == "Weißer Wal \U0001f40b"
    assert said["streams"][0]["type"] == "audio"
    assert said["library_versions"]["ffmpeg"] == av.ffmpeg_version_info
    assert (said["has_video"], said["cover_art"]) == (False, False)


def test_a_tag_that_is_not_utf8(tmp_path: Path) -> None:
    path = record(tmp_path / "a.flac", tone(0.5), codec="flac", metadata={"title": "XYZW"})
    path.write_bytes(path.read_bytes().replace(b"XYZW", b"\xe9\xff\xe8\xfe"))
    title = probe(path).file_metadata["ffmpeg_info"]["tags"]["title"]
    assert title.encode("utf-8")


def test_film_and_cover_art(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as output:
        pictures = output.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        sound = output.add_stream("aac", rate=16_000, layout="mono")
        for _ in range(5):
            output.mux(pictures.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(pictures.encode(None))
        fill(output, sound, tone(0.5))
    info = probe(path)
    assert info.mime_type == "video/mp4"
    assert [stream["type"] for stream in info.file_metadata["ffmpeg_info"]["streams"]] == ["video", "audio"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"   \n", "blank text"),
        (b"Dear diary,\n", "text"),
        ("Привет, мир".encode("cp1251"), "text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a PNG image"),
        (b"PK\x03\x04" + bytes(50), "a ZIP archive"),
        (b"<!DOCTYPE html><p>404", "a web page"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nHi\n", "subtitles"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10), "damaged or cut short"),
        (np.random.default_rng(1).bytes(5_000), "no media"),
    ],
)
def test_what_is_no_media_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.mp3"
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia) as caught:
        probe(path)
    if words != "no media":  # noise is sometimes taken for MP3
        assert words in caught.value.message
    assert caught.value.next_step


def test_what_jsonb_refuses_is_left_out() -> None:
    value = {"a\x00b": float("nan"), "c": ["\ud800x", float("inf"), 10**30, b"bytes", None, True, 1.5]}
    stored = storable(value)
    assert stored == {"ab": None, "c": ["?x", None, None, "b'bytes'", None, True, 1.5]}
    json.dumps(stored, allow_nan=False).encode("utf-8")
    assert parse_object(b'{"x": NaN, "y": Infinity}') == {"x": None, "y": None}
    assert len(storable("x" * 10**6)) == 20_000
