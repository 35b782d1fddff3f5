"""A media file as bytes: its identity, its name for people, and its path as text."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from trax.errors import MediaChanged, MediaNotFound, UnreadableMedia

MAX_NAME = 255  # characters of media_files.filename
_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells one file's bytes from another's; `mtime_ns` is only a hint that they may have changed."""

    sha256: str
    size_bytes: int
    mtime_ns: int


def identify(path: Path) -> FileIdentity:
    """The file's identity, from one read.

    Raises: MediaNotFound, UnreadableMedia; MediaChanged when the file is written to meanwhile.
    """
    with open_media(path) as descriptor:
        before = os.fstat(descriptor)
        digest = hashlib.sha256()
        size_bytes = 0
        while block := _read(descriptor, path):
            digest.update(block)
            size_bytes += len(block)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size_bytes != after.st_size:
        raise MediaChanged(
            f"{display_name(path)} changed while it was read.",
            "Wait until it is complete, then run the command again.",
        )
    return FileIdentity(digest.hexdigest(), size_bytes, after.st_mtime_ns)


@contextmanager
def open_media(path: Path) -> Iterator[int]:
    """A descriptor of the regular file at `path`, for reading; a pipe or a device never blocks.

    Raises: MediaNotFound, UnreadableMedia.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _open_error(path, error) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise UnreadableMedia(f"{display_name(path)} is {_mode_words(mode)}.", "Give a media file.")
        yield descriptor
    finally:
        os.close(descriptor)


def display_name(path: Path) -> str:
    """The file's name as it can be stored and shown: NFC, printable, one line, at most 255 characters."""
    text = os.fsencode(path.name).decode("utf-8", "replace")
    clean = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _UNPRINTABLE else character
        for character in unicodedata.normalize("NFC", text)
    )
    if len(clean) > MAX_NAME:
        suffix = Path(clean).suffix[:16]
        clean = clean[: MAX_NAME - len(suffix) - 1] + "\N{HORIZONTAL ELLIPSIS}" + suffix
    return clean or "unnamed"


def path_text(path: Path) -> str:
    """The path as text for a database column; a name that isn't valid UTF-8 becomes a `file:` URI."""
    text = str(path)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return path.absolute().as_uri()
    return text


def path_from_text(text: str) -> Path:
    """The path that `path_text` wrote."""
    if text.startswith("file:///"):
        return Path(os.fsdecode(unquote_to_bytes(text.removeprefix("file://"))))
    return Path(text)


# Control characters, bidirectional marks and other invisible ones, surrogates, line separators.
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _read(descriptor: int, path: Path) -> bytes:
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError as error:
        raise UnreadableMedia(
            f"{display_name(path)} can't be read: {error.strerror}.", "Check the disk or the network folder."
        ) from error


def _open_error(path: Path, error: OSError | ValueError) -> MediaNotFound | UnreadableMedia:
    name = display_name(path)
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENOTDIR) or number is None:
        return MediaNotFound(f"There is no file {name}.", "Check the path.")
    if number in (errno.EACCES, errno.EPERM):
        return UnreadableMedia(f"There is no permission to read {name}.", "Change its permissions, or its owner.")
    if number == errno.ENXIO:
        return UnreadableMedia(f"{name} is {_mode_words(stat.S_IFSOCK)}.", "Give a media file.")
    return UnreadableMedia(f"{name} can't be opened: {os.strerror(number)}.", "Check the path and the disk.")


def _mode_words(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe, not a file"
    if stat.S_ISSOCK(mode):
        return "a socket, not a file"
    return "a device, not a file"
