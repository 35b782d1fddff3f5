"""How much of a feed, a playlist or a channel is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Selection:
    """The newest `limit` entries, and none from before `since`."""

    since: date | None = None
    limit: int | None = None
