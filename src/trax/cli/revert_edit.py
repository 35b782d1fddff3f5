"""`trax revert-edit`: a corrected transcript without one of its corrections."""

from __future__ import annotations

from typing import Annotated

import typer

from trax.cli.console import one_line, short
from trax.cli.options import Id


def revert_edit(
    id: Id,
    edit: Annotated[str, typer.Argument(metavar="EDIT", help="The edit as `trax diff` names it, such as s12e1.")],
) -> None:
    """Take one correction back: a new version without it, made from the one that is named."""
    from trax.archive import Archive
    from trax.cli.console import say_progress

    with Archive(announce=say_progress) as archive:
        result = archive.revert_edit(id, edit)
    typer.echo(f"{short(result.id)}  {one_line(result.title)}: version {result.version} without {edit}")
