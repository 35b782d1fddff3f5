"""What the commands share in talking to a person: messages on standard error, tables and JSON on standard output."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table


def say(message: str) -> None:
    """A message for the person at the terminal; never part of the product, so that its loss stops nothing."""
    with suppress(OSError):
        typer.echo(message, err=True)


def say_progress(message: str) -> None:
    """A message that only a person who is watching needs."""
    if sys.stderr.isatty():
        say(message)


def say_cause(error: BaseException | None) -> None:
    """Where an error came from, for whoever mends Trax: only with TRAX_DEBUG."""
    if os.environ.get("TRAX_DEBUG") and error is not None and error.__cause__ is not None:
        say("".join(traceback.format_exception(error.__cause__)))


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows under their headings; plain columns where standard output is not a terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 10_000
    console = Console(file=sys.stdout, width=width, highlight=False, markup=False, soft_wrap=width is not None)
    with console.capture() as captured:
        console.print(table(columns, rows))
    typer.echo(captured.get(), nl=False)  # Rich would end the program by itself where a pipe is closed


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Rows under their headings, for Rich."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # IDs and times are for copying: they are never cut or broken
        made.add_column(column, no_wrap=column not in ("file", "problem", "note"), overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return made


def clock(seconds: float | None) -> str:
    """1:02:03 or 2:03; a dash for the unknown."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment(value: datetime | None) -> str | None:
    """A moment for JSON, with its offset."""
    return None if value is None else value.isoformat()


def local(moment: datetime) -> str:
    """Day and time where the user is; JSON has the offset instead."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def size(count: int) -> str:
    """Bytes in the unit that a person would use."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def short(id: Any) -> str:
    """The first eight digits of an ID: enough to name a row of any but the largest archives."""
    return str(id)[:8]


def one_line(text: str) -> str:
    """A name that can't break a table or reach the terminal as a command."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
