"""The log of a worker on standard error: lines for people, or JSON for machines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from datetime import UTC, datetime
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

from trax.cli.console import one_line, short


@contextmanager
def logging_to(stream: TextIO, form: str, level: str) -> Iterator[None]:
    """Everything that is logged within the block, in one form, on one stream.

    Of other libraries, and of Python's warnings, only what is a warning or worse.
    """
    handler = logging.StreamHandler(stream) if level == "debug" else _ShortHandler(stream)
    handler.setFormatter(_JsonLines() if form == "json" else _Lines())
    root, ours = logging.getLogger(), logging.getLogger("trax")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    ours.setLevel(level.upper())
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])


def log_to_standard_error(form: str, level: str) -> AbstractContextManager[None]:
    """`logging_to` standard error as it is now."""
    return logging_to(sys.stderr, form, level)


class _ShortHandler(logging.StreamHandler[TextIO]):
    """Of other libraries' tracebacks it shows the cause alone: a lost connection fills pages otherwise."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or record.name.startswith("trax"):
            return super().format(record)
        while error.__cause__ is not None:
            error = error.__cause__
        brief = copy(record)
        message = record.getMessage().splitlines()[0]
        brief.msg, brief.args = "%s: %s: %s", (message, type(error).__name__, " ".join(str(error).split()))
        brief.exc_info = brief.exc_text = None
        return super().format(brief)


class _Lines(logging.Formatter):
    """2026-11-22T16:05:36Z INFO completed talk.mp3 in 12.3 s job=0a1b2c3d attempt=2"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%SZ}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = one_line(" ".join(record.message.split()))  # a file's name can't forge a line
        facts = _facts(record)
        line = super().formatMessage(record)
        if not facts and not record.name.startswith("trax"):
            line += f" logger={record.name}"
        if "job_id" in facts:
            line += f" job={short(facts['job_id'])}"
        if "attempt" in facts:
            line += f" attempt={facts['attempt']}"
        return line


class _JsonLines(JsonFormatter):
    """One object a line: time, level and message first, then the facts."""

    def __init__(self) -> None:
        super().__init__("%(name)s %(levelname)s %(message)s", timestamp=True, json_ensure_ascii=False)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        facts = log_data.pop("facts", {})
        first = {
            "timestamp": log_data.pop("timestamp"),
            "level": log_data.pop("levelname").lower(),
            "message": log_data.pop("message"),
        }
        name = log_data.pop("name")
        return {**first, **facts, **log_data, "logger": name}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = getattr(record, "facts", {})
    return facts
