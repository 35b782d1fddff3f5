"""What changes while somebody looks: a table that renews itself in place, or a JSON line for each change."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import typer

from trax.cli.console import print_table

View = TypeVar("View")
Tables = Sequence[tuple[Sequence[str], Sequence[Sequence[Any]]]]  # columns and rows of each
Document = dict[str, Any]


def follow_tables(views: Iterator[View], tables_of: Callable[[View], Tables]) -> None:
    """Show each view in the place of the one before; one after the other where standard output is no terminal."""
    if not sys.stdout.isatty():
        before: Tables | None = None
        for view in views:
            tables = tables_of(view)
            if tables != before:
                print_tables(tables)
            before = tables
        return
    from rich.console import Console, Group
    from rich.live import Live

    from trax.cli.console import table

    console = Console(file=sys.stdout, highlight=False, markup=False)
    with ExitStack() as opened:
        live = opened.enter_context(Live(console=console, auto_refresh=False, vertical_overflow="crop"))
        for view in views:
            live.update(Group(*(table(*columns_and_rows) for columns_and_rows in tables_of(view))), refresh=True)


def follow_lines(
    views: Iterator[View], documents_of: Callable[[View], Sequence[Document]], *, restless: Sequence[str] = ()
) -> None:
    """Print a document on a line of its own when it is new or has changed; the keys in `restless` alone don't count."""
    known: dict[str, Document] = {}
    for view in views:
        for document in documents_of(view):
            lasting = {key: value for key, value in document.items() if key not in restless}
            if known.get(document["id"]) != lasting:
                known[document["id"]] = lasting
                typer.echo(json.dumps(document, ensure_ascii=False, default=str))


def print_tables(tables: Tables) -> None:
    """Tables with an empty line between them."""
    for number, (columns, rows) in enumerate(tables):
        if number:
            typer.echo()
        print_table(columns, rows)
