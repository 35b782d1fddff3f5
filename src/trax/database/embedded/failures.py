"""From the server's log to one sentence for the user."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from trax.errors import DatabaseUnavailable

_TAIL_BYTES = 8192
_LINE_CHARACTERS = 300
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] ")
_TRACEBACK = re.compile(r"^Traceback .*\n(?:[ \t].*\n|\n)*", re.MULTILINE)  # the exception below it stays
_REASON = re.compile(r"FATAL:|PANIC:|could not|\berror:")  # a statement's ERROR ends no server
_OTHER_SERVER = "set TRAX_DATABASE_URL to a PostgreSQL 15 or newer"

# Text of the log -> what happened, what to do.
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"No space left on device|Disk quota exceeded|File too large",
        "The disk is full, so the database can't be written.",
        "Free some space, or set TRAX_HOME to a folder on another disk, and try again; nothing is lost.",
    ),
    (
        r"database files are incompatible with server|initialized by PostgreSQL version",
        "The data folder belongs to another version of PostgreSQL.",
        "Dump it with the version of Trax that made it (pg_dump), and load it into a new TRAX_HOME.",
    ),
    (
        r"[Ll]ocale.*(not recognized|incompatible|not exist)|invalid locale",
        "This system lacks the locale that the database was made with.",
        f"Install the locale C.UTF-8 (package libc-bin or locales), or {_OTHER_SERVER}.",
    ),
    (
        r"could not look up effective user ID|user does not exist",
        "The current user id has no name, and PostgreSQL needs one.",
        f"Add the user to /etc/passwd, or {_OTHER_SERVER}.",
    ),
    (
        r"Cannot allocate memory|could not map anonymous shared memory",
        "There is too little memory for the database server.",
        f"Free some memory (256 MB are enough), or {_OTHER_SERVER}.",
    ),
    (
        r"could not bind|could not create any TCP/IP sockets",
        "The database server finds no free port on 127.0.0.1.",
        f"Look at what uses the ports of this machine, or {_OTHER_SERVER}.",
    ),
    (
        r"Permission denied|Operation not permitted|Read-only file system|invalid permissions",
        "The database server has no right to its own files.",
        "Check the owner of the folder TRAX_HOME/postgres and that its disk is writable.",
    ),
    (
        r"PANIC|invalid checkpoint record|could not locate a valid checkpoint|invalid data in file",
        "The data folder of the database is damaged.",
        "Restore it from a backup; {log} tells more.",
    ),
)


def explain(what: str, log: str, log_path: Path) -> DatabaseUnavailable:
    """The error for `what` went wrong, with the cause that `log` (the end of the server's log) shows."""
    for pattern, message, next_step in _CAUSES:
        if re.search(pattern, log):
            return DatabaseUnavailable(message, next_step.replace("{log}", str(log_path)))
    line = telling_line(log)
    shown = f" The log ends with: {line}" if line else ""
    return DatabaseUnavailable(f"{what}{shown}", f"Look into {log_path} for the cause, or {_OTHER_SERVER}.")


def explain_os_error(error: OSError, folder: Path) -> DatabaseUnavailable:
    """The error for a file of the embedded server that can't be read or written."""
    where = error.filename or folder
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DatabaseUnavailable(f"The disk is full: {where} can't be written.", _CAUSES[0][2])
    return DatabaseUnavailable(
        f"The data folder of the database can't be used: {reason} ({where}).",
        "Set TRAX_HOME to a folder that you may write to, or mend the rights of this one.",
    )


def log_since(log_path: Path, offset: int) -> str:
    """What the log got after `offset` bytes, its end at most."""
    try:
        with log_path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(offset if offset <= size else 0, size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def telling_line(log: str) -> str:
    """The last line that tells why something ended; else the last one; empty where there is none."""
    lines = [_STAMP.sub("", line.strip()) for line in _TRACEBACK.sub("", log).splitlines()]
    told = [line for line in lines if line and "the database system is" not in line]  # said to those who come early
    reasons = [line for line in told if _REASON.search(line)]
    line = (reasons or told or [""])[-1]
    return line if len(line) <= _LINE_CHARACTERS else f"{line[:_LINE_CHARACTERS]}..."
