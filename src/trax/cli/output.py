"""Files that commands write: whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from trax.errors import OutputError

LONGEST_STEM_BYTES = 200  # file systems allow 255 for a name; a distinction and the suffix come on top


@dataclass(slots=True)
class OutputFolder:
    """A folder that takes files, no two of them under one name."""

    path: Path
    _taken: set[str] = field(default_factory=set)

    def make(self) -> None:
        """Make the folder if need be. Raises: OutputError: it can't be made, or nothing can be written to it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _explained(self.path, error) from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise _explained(self.path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))

    def write(self, stem: str, suffix: str, text: str, *, distinction: str) -> Path:
        """The new file `stem+suffix`, with the distinction after the stem where that name has been given before."""
        for name in _names(shortened(stem), suffix, distinction):
            if name.casefold() not in self._taken:
                break
        self._taken.add(name.casefold())  # file systems may see no difference between A and a
        return write_file(self.path, name, text)


def write_file(folder: Path, name: str, text: str) -> Path:
    """The file of that name, written anew; the folder is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explained(folder, error) from error
    write_text(folder / name, text)
    return folder / name


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step: a reader sees the old file or the new one, never a half.

    What isn't a file of its own (a device, a pipe, a link such as /dev/stdout) is written to and never replaced.

    Raises: OutputError: disk full, no permission, no such folder.
    """
    draft = path.with_name(f".trax-{os.getpid()}.part")
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        raise _explained(path, error) from error
    finally:
        with suppress(OSError):  # a draft that can't be removed was never made
            draft.unlink(missing_ok=True)


def shortened(stem: str) -> str:
    """The stem, cut between two characters to what a file's name may hold."""
    while len(os.fsencode(stem)) > LONGEST_STEM_BYTES:
        stem = stem[:-1]
    return stem


def _names(stem: str, suffix: str, distinction: str) -> Iterator[str]:
    yield f"{stem}{suffix}"
    yield f"{stem}-{distinction}{suffix}"
    yield from (f"{stem}-{distinction}-{number}{suffix}" for number in count(2))


def _explained(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} can't be written: {error.strerror or error}.",
        "Choose another place with --output; the transcript itself is stored and can be exported at any time.",
    )
