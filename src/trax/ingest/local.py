"""Files, folders and patterns on this machine."""

from __future__ import annotations

import difflib
import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from trax.errors import MediaNotFound, UnreadableMedia
from trax.media.files import display_name
from trax.media.formats import MEDIA_SUFFIXES
from trax.media.magic import HEAD_BYTES, recognise

_UNFINISHED: Final = frozenset(
    {".part", ".partial", ".crdownload", ".download", ".opdownload", ".tmp", ".temp", ".ytdl", ".aria2", ".!ut", ".!qb"}
)
# Never media, whatever the first bytes look like: not worth opening.
_OTHER: Final = frozenset(
    {".txt", ".json", ".srt", ".vtt", ".md", ".rttm", ".jpg", ".jpeg", ".png", ".pdf", ".py", ".html"}
)
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
_NEAR = 0.6  # likeness of a name that was probably meant


def expand(sources: Sequence[str]) -> list[Path]:
    """The media files that the sources name: absolute, distinct, each source's in order of name.

    A file that is named is taken as it is, whatever it holds. From a folder (with everything below it that may be
    read) and from a pattern (`*`, `?`, `[...]`, `**`) come the files that look like media.

    Raises: MediaNotFound, with the name that was probably meant; UnreadableMedia for a closed folder.
    """
    found: list[Path] = []
    for _, paths in expand_each(sources):
        if not isinstance(paths, list):
            raise paths
        found += paths
    return found


def expand_each(sources: Sequence[str]) -> Iterator[tuple[str, list[Path] | MediaNotFound | UnreadableMedia]]:
    """Each source with its media files, less those of the sources before it, or with the reason why it has none.

    One source that is wrong doesn't hold up the others; all else is as for `expand`.
    """
    seen: set[Path] = set()
    for source in sources:
        try:
            paths = list(dict.fromkeys(_one_source(source)))
        except (MediaNotFound, UnreadableMedia) as error:
            yield source, error
            continue
        yield source, [path for path in paths if path not in seen]
        seen.update(paths)


def _one_source(source: str) -> list[Path]:
    if not source.strip() or "\0" in source:
        raise MediaNotFound("An empty name is no file.", "Name a media file, a folder or a pattern.")
    path = Path(os.path.abspath(_expanded(source)))  # noqa: PTH100 - resolve() would follow links
    mode = _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        return _or_none_found(_in_folder(path), source, "the folder")
    if mode is not None:
        return [path]
    if glob.has_magic(source):
        return _or_none_found(_in_pattern(source), source, "what matches")
    raise MediaNotFound(f"There is no file {_shown(source)}.", _advice(path))


def _expanded(source: str) -> Path:
    """The source with `~` as the home folder."""
    try:
        return Path(source).expanduser()
    except RuntimeError:  # no such user
        return Path(source)


def _mode(path: Path) -> int | None:
    """What is there; None for nothing."""
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UnreadableMedia(
                f"There is no permission to look at {display_name(path)}.", "Change the permissions of its folder."
            ) from error
        return None  # ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG


def _or_none_found(paths: Iterable[Path], source: str, where: str) -> list[Path]:
    found = list(paths)
    if not found:
        raise MediaNotFound(
            f"There are no media files in {where} {_shown(source)}.",
            "Hidden files and unfinished downloads don't count; name a file to take it as it is.",
        )
    return found


def _in_folder(folder: Path) -> Iterator[Path]:
    """Media files below the folder; folders behind symbolic links aren't entered, so no loop is endless."""
    try:
        entries = _entries(folder)
    except OSError as error:
        raise UnreadableMedia(
            f"The folder {display_name(folder)} can't be read: {error.strerror}.", "Change its permissions."
        ) from error
    yield from _among(entries)


def _among(entries: Sequence[os.DirEntry[str]]) -> Iterator[Path]:
    """Media files among the entries and below them; a folder that is closed to us holds none for us."""
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            with suppress(OSError):
                yield from _among(_entries(Path(entry.path)))
        elif looks_like_media(Path(entry.path)):
            yield Path(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _in_pattern(source: str) -> Iterator[Path]:
    folder = Path(glob.escape(str(Path.cwd())))  # its own name is no pattern
    pattern = str(folder / _expanded(source))
    for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207
        path = Path(os.path.abspath(name))  # noqa: PTH100 - resolve() would follow links
        if looks_like_media(path):
            yield path


def looks_like_media(path: Path) -> bool:
    """By suffix; by the first bytes where the suffix is missing or unknown. No FFmpeg, no promise."""
    if not may_be_media(path):
        return False
    suffix = path.suffix.lower()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        if suffix in MEDIA_SUFFIXES and suffix not in (".ts", ".dv"):
            return True
        content = recognise(_head(path))
    except OSError as error:  # what is there and can't be read is told by its own error
        return suffix in MEDIA_SUFFIXES and error.errno not in _ABSENT
    return content is not None and content.media


def may_be_media(path: Path) -> bool:
    """By its name alone: neither hidden nor an unfinished download, nor of a kind that never is."""
    return not path.name.startswith(".") and path.suffix.lower() not in _UNFINISHED | _OTHER


def _head(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)


def _advice(path: Path) -> str:
    """The next step for a name that isn't there."""
    folder = path.parent
    if _mode(folder) is None:
        return f"The folder {_shown(str(folder))} doesn't exist either; check the path."
    try:
        names = [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 - names suffice
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name, names[:5_000], n=1, cutoff=_NEAR)
    return f"Did you mean {display_name(folder / near[0])}?" if near else "Check the path."


def _shown(source: str) -> str:
    """The source on one line, without what a terminal would obey."""
    text = os.fsencode(source).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
