"""Where a search looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class Filters:
    """What a moment has to be beside its words; None: anything."""

    speaker: str | None = None  # a name, or a part of it
    channel: str | None = None  # a part of the name of a channel or podcast
    media: str | None = None  # the beginning of an ID, or a part of a title or file name
    since: date | None = None  # published that day or later
    until: date | None = None  # published that day or before
    language: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    min_duration: Seconds | None = None  # of the media
    max_duration: Seconds | None = None
    all_versions: bool = False  # older versions of transcripts, too
