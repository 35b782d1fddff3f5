"""A file's identity, and its name as people may see it."""

from __future__ import annotations

import hashlib
import os
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.errors import MediaChanged, MediaNotFound, UnreadableMedia
from trax.media.files import display_name, identify, path_from_text, path_text


def test_the_same_bytes_are_the_same_file(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(content)
    first, second = identify(tmp_path / "a"), identify(tmp_path / "b")
    assert first.sha256 == second.sha256 == hashlib.sha256(content).hexdigest()
    assert first.size_bytes == 3_000_000
    assert first.mtime_ns == (tmp_path / "a").stat().st_mtime_ns


def test_what_is_no_file_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((tmp_path / "pipe", "a pipe"), (tmp_path, "a folder"), (Path("/dev/zero"), "a device")):
        with pytest.raises(UnreadableMedia, match=words):
            identify(path)
    with pytest.raises(MediaNotFound, match="no file gone"):
        identify(tmp_path / "gone")
    with pytest.raises(MediaNotFound):
        identify(tmp_path / "pipe" / "below")


def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "closed.wav"
    path.touch(mode=0o000)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(UnreadableMedia, match="permission"):
        identify(path)


def test_a_file_that_grows_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.touch()
    os.truncate(path, 200 << 20)
    done = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.wait(0.001):
                file.write(b"more")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(MediaChanged, match="growing changed"):
            identify(path)
    finally:
        done.set()
        writer.join()
    assert identify(path).size_bytes == path.stat().st_size


@given(st.binary(min_size=1, max_size=300).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_any_name_can_be_shown_and_stored(name: bytes) -> None:
    path = Path("/folder") / os.fsdecode(name)
    shown = display_name(path)
    assert 0 < len(shown) <= 255
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in shown)
    text = path_text(path)
    assert text.encode("utf-8")
    assert path_from_text(text) == path


def test_names() -> None:
    assert display_name(Path("/x/e\u0301.mp3")) == "\u00e9.mp3"
    assert display_name(Path("/x/a\u202egpj.exe")) == "a\N{REPLACEMENT CHARACTER}gpj.exe"
    assert display_name(Path("/x/" + "é" * 300 + ".mp3")).endswith("….mp3")
    assert path_text(Path("/x/é\n.mp3")) == "/x/é\n.mp3"
    assert path_text(Path(os.fsdecode(b"/x/\xff"))) == "file:///x/%FF"
