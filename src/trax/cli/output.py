"""Files that commands write: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from trax.errors import OutputError

LONGEST_STEM = 100  # characters; file systems allow 255 bytes, and the draft's name is longer


def write_file(folder: Path, stem: str, suffix: str, text: str) -> Path:
    """The file `folder/stem+suffix`, written anew; the folder is made if need be."""
    path = folder / f"{stem[:LONGEST_STEM]}{suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explained(folder, error) from error
    write_text(path, text)
    return path


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step: a reader sees the old file or the new one, never a half.

    Raises: OutputError: disk full, no permission, no such folder.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # a device or a pipe is written to, never replaced
            return
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _explained(path, error) from error


def _explained(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} can't be written: {error.strerror or error}.",
        "Choose another place with --output; the transcript itself is stored and can be exported at any time.",
    )
