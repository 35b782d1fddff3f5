"""Options about where media comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from trax.jobs.selection import Selection

Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Of feeds: episodes of that day (2026-11-22) and later.", metavar="DATE"),
]
Newest = Annotated[
    int | None, typer.Option("--limit", min=1, help="Of each feed, playlist or channel: only so many, the newest.")
]


def selection_of(since: datetime | None, limit: int | None) -> Selection:
    """What part of long lists is wanted."""
    return Selection(None if since is None else since.date(), limit)
