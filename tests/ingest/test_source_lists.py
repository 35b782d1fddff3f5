"""Lists of sources: which files are lists, and what comes of their lines."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.pasted import ID, ODD, WATCH, recordings_in
from trax.errors import MediaNotFound, TraxError, UnknownSource
from trax.ingest.locator import locate, locate_all, read_list
from trax.ingest.source_lists import MAX_LINE, lines_of
from trax.ingest.sources import ListFile, LocalPath, Source, StandardInput, Video, WebAddress


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return recordings_in(tmp_path, monkeypatch)


LIST_FILES = {
    "list.txt": b"interview.mp3\n",
    "LIST.TXT": b"interview.mp3\n",
    "some.list": b"# nothing yet\n",
    "some.urls": b"https://youtu.be/dQw4w9WgXcQ",
    "talks.m3u": b"#EXTM3U\n#EXTINF:1,A talk\ninterview.mp3\n",
    "talks.m3u8": b"\xef\xbb\xbf#EXTM3U\r\ninterview.mp3\r\n",
    "empty.txt": b"",
    "windows.txt": "interview.mp3\r\n".encode("utf-16"),
    "sources": b"# mine\n\nhttps://youtu.be/dQw4w9WgXcQ\n",
    "paths": b"interview.mp3\n",
    "paths.2024-05-01": b"sub/c.mp4\n",
}
NO_LISTS = {
    "README": b"Trax is a transcript database.\n",
    "words": b"Description\n",
    "page.html": b"https://youtu.be/dQw4w9WgXcQ\n",
    "table.csv": b"https://youtu.be/dQw4w9WgXcQ,A talk\n",
    "data.json": b"[1, 2]",
    "talk.srt": b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
    "talk.mp3": b"https://youtu.be/dQw4w9WgXcQ\n",
    "sound.txt": b"ID3\x04\0",
    "several": b"https://youtu.be/dQw4w9WgXcQ https://youtu.be/dQw4w9WgXcQ\n",
}


@pytest.mark.parametrize("name", LIST_FILES)
def test_lists(name: str, folder: Path) -> None:
    (folder / name).write_bytes(LIST_FILES[name])
    assert locate(name) == ListFile(folder / name)
    assert locate((folder / name).as_uri()) == ListFile(folder / name)


@pytest.mark.parametrize("name", NO_LISTS)
def test_what_is_text_but_no_list(name: str, folder: Path) -> None:
    (folder / name).write_bytes(NO_LISTS[name])
    assert locate(name) == LocalPath(name)


def test_standard_input() -> None:
    assert locate("-") == StandardInput()
    assert locate(" - ") == StandardInput()


def everything(texts: list[str], stdin: list[str] | None = None) -> list[tuple[str, Source | TraxError]]:
    found = list(locate_all(texts, stdin or []))
    assert not [source for _, source in found if isinstance(source, ListFile | StandardInput)]
    return found


def sources(texts: list[str], stdin: list[str] | None = None) -> list[Source]:
    return [source for _, source in everything(texts, stdin) if not isinstance(source, TraxError)]


def errors(texts: list[str], stdin: list[str] | None = None) -> list[tuple[str, str]]:
    return [(text, source.message) for text, source in everything(texts, stdin) if isinstance(source, TraxError)]


def test_everything_at_once(folder: Path) -> None:
    (folder / "list.txt").write_text(f"# mine\n\n{WATCH}\r\n  my talk.mp3  \nno-such.mp3\nhttps://example.org/a.mp3\n")
    found = everything(["interview.mp3", "list.txt", "-", "nothing.mp3"], [f"youtu.be/{ODD}\n", f"{ID}\n"])
    assert [text for text, _ in found] == [
        "interview.mp3",
        WATCH,
        "my talk.mp3",
        "no-such.mp3",
        "https://example.org/a.mp3",
        f"youtu.be/{ODD}",
        "nothing.mp3",
    ]
    assert [source for _, source in found if not isinstance(source, TraxError)] == [
        LocalPath("interview.mp3"),
        Video(ID),
        LocalPath(str(folder / "my talk.mp3")),
        WebAddress("https://example.org/a.mp3"),
        Video(ODD),
    ]


def test_equal_sources_come_once(folder: Path) -> None:
    (folder / "list.txt").write_text(f"{ID}\n{WATCH}\n")
    texts = [f"youtu.be/{ID}", WATCH, "interview.mp3", "interview.mp3", "list.txt", "./list.txt", "-", "-"]
    assert sources(texts, [WATCH, ODD, ODD]) == [Video(ID), LocalPath("interview.mp3"), Video(ODD)]


def test_a_list_names_no_lists(folder: Path) -> None:
    (folder / "a.txt").write_text("a.txt\nb.txt\n-\ninterview.mp3\n")
    (folder / "b.txt").write_text("interview.mp3\n")
    assert [text for text, message in errors(["a.txt"]) if "can't name another list" in message] == [
        "a.txt",
        "b.txt",
        "-",
    ]
    assert sources(["a.txt"]) == [LocalPath(str(folder / "interview.mp3"))]


def test_paths_of_a_list_count_from_its_folder_and_then_from_ours(folder: Path) -> None:
    odd = folder / "[2024]"
    odd.mkdir()
    (odd / "interview.mp3").write_bytes(b"ID3")
    (odd / ID).write_bytes(b"ID3")
    (odd / "talks.m3u").write_text(
        f"interview.mp3\nmy talk.mp3\n*.mp3\n*.mp4\n~/h.mp3\n{ID}\n{folder}/sub\nsub/*.mp4\n"
    )
    assert sources(["[2024]/talks.m3u"]) == [
        LocalPath(str(odd / "interview.mp3")),
        LocalPath("my talk.mp3"),
        LocalPath(f"{folder}/[[]2024]/*.mp3"),
        LocalPath("*.mp4"),
        LocalPath("~/h.mp3"),
        LocalPath(str(odd / ID)),
        LocalPath(str(folder / "sub")),
        LocalPath("sub/*.mp4"),
    ]


def test_a_line_that_is_wrong_holds_up_nothing(folder: Path) -> None:
    long = b"x" * (MAX_LINE + 70_000)
    (folder / "list.txt").write_bytes(long + b"\nnul\0byte\nftp://x/a\ninterview.mp3\n\xff.mp3\n")
    assert [message for _, message in errors(["list.txt"])] == [
        f"That text of {MAX_LINE} characters is no source.",
        "There is a NUL character in that text.",
        "Trax takes no ftp: addresses.",
        "There is no file �.mp3.",
    ]
    assert sources(["list.txt"]) == [LocalPath(str(folder / "interview.mp3"))]


def test_prose_gets_one_error(folder: Path) -> None:
    (folder / "letter.txt").write_text("Dear Anna,\n" * 3 + "many thanks.\n" * 1_000)
    found = errors(["letter.txt", "interview.mp3"])
    assert len(found) == 1
    assert "None of the first 20 lines of letter.txt is a source" in found[0][1]
    assert "many thanks" in found[0][1]
    assert sources(["letter.txt", "interview.mp3"]) == [LocalPath("interview.mp3")]
    (folder / "letter.txt").write_text("Dear Anna,\n" * 19)
    assert len(errors(["letter.txt"])) == 19
    (folder / "letter.txt").write_text("gone.mp3\n" + "Dear Anna,\n" * 49)
    assert len(errors(["letter.txt"])) == 50
    (folder / "letter.txt").write_text(f"{ID}\n" + "Dear Anna,\n" * 50)
    assert len(errors(["letter.txt"])) == 50


def test_standard_input_comes_as_it_is_written(folder: Path) -> None:
    """What was read is passed on before the next line is there."""

    def lines() -> Iterator[str]:
        yield f"{ID}\n"
        raise AssertionError("the first wasn't passed on")

    assert next(locate_all(["-"], lines())) == (ID, Video(ID))


def test_standard_input_in_bytes(folder: Path) -> None:
    (folder / os.fsdecode(b"\xe9.mp3")).write_bytes(b"ID3")
    for written in (f"\ufeff{ID}\r\n{ODD}".encode(), f"{ID}\n{ODD}\n".encode("utf-16")):
        with io.TextIOWrapper(io.BufferedReader(io.BytesIO(written))) as stream:
            assert [source for _, source in locate_all(["-"], stream)] == [Video(ID), Video(ODD)]
    with io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"\xe9.mp3\n"))) as stream:
        assert [source for _, source in locate_all(["-"], stream)] == [LocalPath(os.fsdecode(b"\xe9.mp3"))]


def test_a_list_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "list.txt").write_text(ID)
    real = os.open

    def closed(path: str, flags: int, *rest: int) -> int:
        if str(path).endswith("list.txt"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", closed)
    monkeypatch.setattr(Path, "open", lambda path, mode: closed(str(path), 0))
    found = everything(["list.txt", ODD])
    assert [str(source) for _, source in found][:1] == [
        "The list list.txt can't be read: Permission denied. Check the file."
    ]
    assert found[1] == (ODD, Video(ODD))


def test_read_list() -> None:
    lines = ["\ufeffone\n", "\r\n", "  # a comment", "#EXTINF:1,x", " two \r\n", "", "three#not a comment", "a\0b"]
    assert list(read_list(lines)) == ["one", "two", "three#not a comment", "a\0b"]


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.text(max_size=20) | st.sampled_from(["\ufeff", "\0", "# x", "\r", " \n"])))
def test_read_list_takes_any_lines(lines: list[str]) -> None:
    found = list(read_list(lines))
    assert len(found) <= len(lines)
    assert all(source == source.strip() and source and not source.startswith("#") for source in found)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=80))
def test_a_list_of_any_bytes_is_read_to_its_end(empty_folder: None, body: bytes) -> None:
    with io.TextIOWrapper(io.BufferedReader(io.BytesIO(body))) as stream:
        for _, source in locate_all(["-", ID], stream):
            assert not isinstance(source, TraxError) or isinstance(source, UnknownSource | MediaNotFound)
    with io.TextIOWrapper(io.BufferedReader(io.BytesIO(body))) as stream:
        assert len(list(lines_of(stream))) <= len(body) + 1
