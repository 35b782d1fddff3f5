"""Files that commands write: whole or not at all, and never in place of what isn't a file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trax.cli.output import OutputFolder, write_text
from trax.errors import OutputError


def test_a_full_device_is_explained() -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OutputError, match="No space left"):
        write_text(Path("/dev/full"), "words")
    assert Path("/dev/full").is_char_device()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "talk.txt"
    write_text(path, "old")
    whole = Path.write_text

    def half(self: Path, text: str, **options: str) -> int:
        whole(self, text[:2], **options)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OutputError, match="No space left"):
        write_text(path, "new words")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "the draft was left behind"


@pytest.mark.parametrize("name", ["file/below.txt", "no/such/folder.txt", "x" * 300, "folder", "loop"])
def test_a_place_that_takes_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match="can't be written"):
        write_text(tmp_path / name, "words")


def test_the_longest_name_that_a_file_may_have(tmp_path: Path) -> None:
    write_text(tmp_path / ("x" * 255), "words")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["words"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    for text in ("first", "second"):
        write_text(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_text() == text


def test_standard_output_by_its_name(tmp_path: Path) -> None:
    code = "from pathlib import Path; from trax.cli.output import write_text; write_text(Path('/dev/stdout'), 'words')"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "words"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout == b"words"
    assert Path("/dev/stdout").is_symlink()


def test_no_two_files_of_a_run_have_one_name(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path)
    stems = ["talk", "talk", "talk", "Talk", "talk-1", "\N{OLD ITALIC LETTER A}" * 63, "\N{OLD ITALIC LETTER A}" * 62]
    written = [folder.write(stem, ".txt", stem, distinction="1") for stem in stems]
    assert len({path.name.casefold() for path in written}) == len(stems)
    assert [path.read_text() for path in written] == stems
    assert all(len(os.fsencode(path.name)) <= 255 for path in written)
