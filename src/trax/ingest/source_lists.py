"""Lists of sources: text files and standard input, one source on each line."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from trax.errors import UnknownSource
from trax.media.files import display_name
from trax.media.formats import MEDIA_SUFFIXES
from trax.media.magic import HEAD_BYTES, recognise

MAX_LINE: Final = 1 << 20  # characters that are read of a line; no source is nearly as long

_SUFFIXES: Final = frozenset({".txt", ".list", ".lst", ".urls", ".m3u", ".m3u8"})
# Text, but never a list, whatever its first line looks like.
_OTHER: Final = frozenset(
    {".csv", ".tsv", ".json", ".md", ".html", ".xml", ".srt", ".vtt", ".rttm", ".log", ".py", ".sh"}
)
_TEXT: Final = frozenset({"text", "blank text", "empty"})
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_list(lines: Iterable[str]) -> Iterator[str]:
    """The sources of a list, one for each line that is neither blank nor a `# comment`.

    Lines that can't be a source come through, so that `locate` can say why; those without an end come cut.
    """
    for line in lines:
        source = line[:MAX_LINE].lstrip("\ufeff").strip()
        if source and not source.startswith("#"):
            yield source


def is_list(path: Path) -> bool:
    """Whether a regular file is a list by its name, and nothing in its first bytes speaks against it.

    Raises: UnknownSource: it is the playlist of a stream.
    """
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        head = _head(path)
    except OSError:  # told when it is opened
        return True
    content = recognise(head)
    if content is not None and content.words == "a playlist (M3U)":
        _check_playlist(path, head)
        return True
    return content is not None and content.words in _TEXT


def looks_like_list(path: Path) -> bool:
    """Whether a regular file of another name holds lines of text."""
    if path.suffix.lower() in _OTHER | MEDIA_SUFFIXES:
        return False
    try:
        content = recognise(_head(path))
    except OSError:
        return False
    return content is not None and content.words == "text"


@contextmanager
def open_list(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a text file, in UTF-8, or in UTF-16 with its mark.

    Raises: OSError.
    """
    with path.open("rb") as file, closing(_lines(file)) as lines:
        yield lines


def lines_of(stream: Iterable[str]) -> Iterator[str]:
    """The lines of standard input, as they come.

    Its bytes are read where they can be had: names of files needn't be UTF-8.
    """
    binary = getattr(stream, "buffer", None)
    return _lines(binary) if isinstance(binary, io.BufferedReader) else iter(stream)


def _lines(binary: io.BufferedReader) -> Generator[str]:
    wide = binary.peek(2)[:2] in _UTF_16
    text = io.TextIOWrapper(binary, "utf-16" if wide else "utf-8", "replace" if wide else "surrogateescape")
    try:
        while line := text.readline(MAX_LINE):
            rest = line
            while len(rest) == MAX_LINE and not rest.endswith("\n"):
                rest = text.readline(MAX_LINE)
            yield line
    finally:
        with suppress(ValueError):  # closed by its owner
            text.detach()  # it isn't ours to close


def _check_playlist(path: Path, head: bytes) -> None:
    if b"#EXT-X-" in head:
        raise UnknownSource(
            f"{display_name(path)} is the playlist of a stream (HLS), not a list of files.",
            "Save the stream to a file with another program, then give the file.",
        )


def _head(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)
