"""The person's own editor, and what they typed: it is never lost."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trax.cli.console import say
from trax.errors import OutputError, UsageError

USUAL: Final = ("vi", "nano")
SET_ONE: Final = (
    "Name one: `EDITOR=nano trax edit ID`. Without one: `trax edit ID --print`, and `trax edit ID --file FILE`."
)
AT_ONCE = 2.0  # seconds: nobody has read a transcript in that time


def editor() -> list[str]:
    """The command that opens a file.

    Raises: UsageError: there is none, or no terminal for it.
    """
    named = os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip()
    if named:
        try:
            return shlex.split(named)
        except ValueError as error:
            raise UsageError(f"$VISUAL or $EDITOR can't be read as a command: {error}.", SET_ONE) from error
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("There is no terminal for an editor.", SET_ONE)
    found = next((name for name in USUAL if shutil.which(name)), None)
    if found is None:
        raise UsageError("No editor was found.", SET_ONE)
    return [found]


@contextmanager
def in_editor(document: str, id: str, *, keep: bool) -> Iterator[str]:
    """The document as the person leaves it. Whatever goes wrong then, the text stays, and they are told where.

    keep: it stays in any case.

    Raises: UsageError: no editor, or one that ends with an error. OutputError: the text can't be written.
    """
    command = editor()
    path = _written(document, id)
    began = time.monotonic()
    try:
        _run(command, path)
        typed = _read(path)
        yield typed
    except BaseException:
        _keep(path, document, id)
        raise
    if typed == document and time.monotonic() - began < AT_ONCE:
        say("The editor returned at once. If it is still open, it has to be told to wait, as by `code --wait`.")
        say(f"The text is {path}. Go on with: {_again(path, id)}")
    elif keep:
        _keep(path, document, id)
    else:
        path.unlink(missing_ok=True)


def _written(document: str, id: str) -> Path:
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"trax-{id[:8]}-", suffix=".txt")
        os.close(descriptor)
        Path(name).write_text(document, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"The text for the editor can't be written: {error.strerror}.", "Make room.") from error
    return Path(name)


def _run(command: list[str], path: Path) -> None:
    handler = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the editor's, as long as it runs
    try:
        code = subprocess.run([*command, str(path)], check=False).returncode
    except OSError as error:
        raise UsageError(f"{command[0]!r} can't be started: {error.strerror}.", SET_ONE) from error
    finally:
        signal.signal(signal.SIGINT, handler)
    if code:
        raise UsageError(f"{command[0]!r} ended with code {code}: nothing was stored.", "Close it without an error.")


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"{path} is gone: {error.strerror}.", "Save the text where it was.") from error
    except UnicodeDecodeError as error:
        raise UsageError("The text is no longer in UTF-8.", "Save it in UTF-8.") from error


def _keep(path: Path, document: str, id: str) -> None:
    """Say where the text is; where nobody changed it there is nothing to keep."""
    try:
        if path.read_bytes() == document.encode():
            path.unlink()
            return
    except OSError:
        return
    say(f"What was typed is in {path}. Go on with: {_again(path, id)}")


def _again(path: Path, id: str) -> str:
    return f"trax edit {id} --file {shlex.quote(str(path))}"
