"""Sources on this machine: what is found, in which order, and what a wrong name gets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trax.errors import MediaNotFound, UnreadableMedia
from trax.ingest.local import expand, expand_each

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.mp3",
        "A.WAV",
        "notes.txt",
        "sub/c.mp4",
        "sub/deep/d.ogg",
        ".hidden.mp3",
        ".cache/e.mp3",
        "film.mp4.part",
        "x.crdownload",
        "cover.jpg",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"?")
    (tmp_path / "no suffix").write_bytes(WAV)
    (tmp_path / "code.ts").write_text("const x = 1;\n")
    (tmp_path / "stream.ts").write_bytes((b"G" + bytes(187)) * 4)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(found: list[Path], folder: Path) -> list[str]:
    assert all(path.is_absolute() for path in found)
    return [str(path.relative_to(folder)) for path in found]


def test_a_folder_with_everything_below(folder: Path) -> None:
    expected = ["A.WAV", "b.mp3", "no suffix", "stream.ts", "sub/c.mp4", "sub/deep/d.ogg"]
    assert names(expand([str(folder)]), folder) == expected
    assert names(expand(["."]), folder) == expected


def test_patterns(folder: Path) -> None:
    assert names(expand(["*.mp3"]), folder) == ["b.mp3"]
    assert names(expand([f"{folder}/**/*.mp4"]), folder) == ["sub/c.mp4"]
    assert names(expand(["**"]), folder) == ["A.WAV", "b.mp3", "no suffix", "stream.ts", "sub/c.mp4", "sub/deep/d.ogg"]
    assert names(expand(["[ab]*"]), folder) == ["b.mp3"]


def test_a_pattern_below_a_folder_with_brackets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "[2024]").mkdir()
    (folder / "[2024]" / "x.mp3").write_bytes(b"?")
    monkeypatch.chdir(folder / "[2024]")
    assert names(expand(["*.mp3"]), folder) == ["[2024]/x.mp3"]
    assert names(expand(["../*.mp3"]), folder) == ["b.mp3"]


def test_a_named_file_is_taken_as_it_is(folder: Path) -> None:
    assert names(expand(["notes.txt", ".hidden.mp3", "film.mp4.part"]), folder) == [
        "notes.txt",
        ".hidden.mp3",
        "film.mp4.part",
    ]


def test_each_file_once_in_the_order_asked(folder: Path) -> None:
    found = expand(["sub/c.mp4", "b.mp3", ".", "./b.mp3", "sub/../b.mp3"])
    assert names(found, folder) == ["sub/c.mp4", "b.mp3", "A.WAV", "no suffix", "stream.ts", "sub/deep/d.ogg"]


def test_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder / "sub"))
    assert names(expand(["~/c.mp4", "~"]), folder) == ["sub/c.mp4", "sub/deep/d.ogg"]


def test_names_with_a_meaning_elsewhere(folder: Path) -> None:
    for name in ("-rf.mp3", "concat:x.mp3", "what?.mp3", "[a].mp3", "line\nbreak.mp3", os.fsdecode(b"\xff.mp3")):
        (folder / name).write_bytes(b"?")
        assert expand([name]) == [folder / name]
        assert folder / name in expand([str(folder)])


def test_loops_of_links_are_harmless(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "loop").symlink_to("loop")
    (folder / "link.mp3").symlink_to("b.mp3")
    found = names(expand(["."]), folder)
    assert found.count("link.mp3") == 1
    assert not [name for name in found if "up/" in name]
    with pytest.raises(MediaNotFound):
        expand(["loop"])


def test_a_wrong_name_gets_the_near_one(folder: Path) -> None:
    (folder / "interview.mp3").write_bytes(b"?")
    with pytest.raises(MediaNotFound) as caught:
        expand(["interveiw.mp3"])
    assert "interveiw.mp3" in caught.value.message
    assert "interview.mp3" in caught.value.next_step
    with pytest.raises(MediaNotFound, match=r"folder .* doesn't exist"):
        expand(["nowhere/interview.mp3"])


@pytest.mark.parametrize(
    "source", ["empty", "empty/*.mp3", "*.flac", "~nobody-by-that-name/*.mp3", "", "a\0b", "x" * 5_000]
)
def test_nothing_to_be_found(folder: Path, source: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(MediaNotFound) as caught:
        expand([source])
    assert caught.value.next_step


def test_a_folder_holds_no_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.mp3")
    os.mkfifo(folder / "pipe")
    assert not [path for path in expand(["."]) if "pipe" in path.name]


def test_a_closed_folder_says_so(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o000)
    if os.access(closed, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(UnreadableMedia, match="closed can't be read"):
        expand([str(closed)])


def test_a_subfolder_that_cannot_be_read_is_left_out(folder: Path) -> None:
    for _ in range(20):  # deeper than a path can be long: refused to root as well
        Path("x" * 250).mkdir()
        os.chdir("x" * 250)
    os.chdir(folder)
    (folder / "y.mp3").write_bytes(b"?")
    assert "y.mp3" in names(expand(["."]), folder)


def test_a_wrong_source_leaves_the_others(folder: Path) -> None:
    each = list(expand_each(["b.mp3", "gone.mp3", "sub", "*.mp3", "sub/c.mp4"]))
    assert [source for source, _ in each] == ["b.mp3", "gone.mp3", "sub", "*.mp3", "sub/c.mp4"]
    assert isinstance(each[1][1], MediaNotFound)
    paths = [found for _, found in each if isinstance(found, list)]
    assert [names(found, folder) for found in paths] == [["b.mp3"], ["sub/c.mp4", "sub/deep/d.ogg"], [], []]
