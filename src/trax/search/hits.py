"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class Line:
    """What was said before or after a hit."""

    start: Seconds
    end: Seconds
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A moment in which it was said."""

    media_id: UUID
    result_id: UUID
    version: int
    pipeline_version: str
    title: str  # of the video or episode, else the file's name
    start: Seconds
    end: Seconds
    text: str
    speaker: str | None
    confidence: float | None  # None: not measured
    score: float  # only to be compared with others of the same search
    marks: tuple[tuple[int, int], ...]  # spans in the text
    language: str
    link: str | None  # begins to play there
    source: str  # path or address the media came from
    channel: str | None
    published: str | None  # a day; that on which it was added where no other is known
    is_estimated: bool  # the times were never measured
    before: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of hits, and what has to be known of it."""

    hits: tuple[Hit, ...]
    total: int | None  # of all pages; None: not counted
    corrected: str | None  # what was searched for instead
    is_partial: bool  # more matched than were ranked
    notes: tuple[str, ...] = ()
