"""Options about corrections, in every command that makes or queues them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trax.cli.console import one_line
from trax.errors import UsageError

Glossary = Annotated[
    Path | None,
    typer.Option("--glossary", metavar="FILE", help="Names and terms as they are spelt, one a line."),
]
MaxCost = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", help="What the language model may cost in all, in US dollars."),
]
MOST_BYTES = 1_000_000  # of a glossary


def enhance_options(glossary: Path | None, max_cost: float | None) -> dict[str, Any]:
    """What corrections are told, as `Archive.request` takes it.

    Raises: UsageError: a glossary that can't be read.
    """
    terms = None if glossary is None else read_glossary(glossary)
    return {name: value for name, value in (("glossary", terms), ("max_cost", max_cost)) if value is not None}


def read_glossary(path: Path) -> tuple[str, ...]:
    """The terms in a file.

    Raises: UsageError: it can't be read, or is no text.
    """
    name = one_line(str(path))
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"The glossary {name} can't be read: {error.strerror}.", "Check the path.") from error
    if len(text) > MOST_BYTES:
        raise UsageError(f"{name} is too large for a glossary.", "Keep the terms that occur in this recording.")
    try:
        lines = text.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"The glossary {name} is not in UTF-8.", "Save it as UTF-8.") from error
    terms = (line.strip() for line in lines)
    return tuple(term for term in terms if term and not term.startswith("#"))
