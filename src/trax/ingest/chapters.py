"""Chapters of a video: as YouTube lists them beside its player, or as the description does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from trax.ingest.page_json import dig, integer, listed, shown, text

LEAST_CHAPTERS: Final = 3
LEAST_SECONDS: Final = 10  # YouTube's own rules for descriptions
MOST_CHAPTERS: Final = 1000
MOST_LINE: Final = 400  # characters
MOST_TEXT: Final = 20_000  # YouTube allows 5000

_PLAYER_BAR: Final = (
    "playerOverlays", "playerOverlayRenderer", "decoratedPlayerBarRenderer", "decoratedPlayerBarRenderer",
    "playerBar", "multiMarkersPlayerBarRenderer", "markersMap",
)  # fmt: skip

_TIME: Final = r"(?:\d{1,3}:)?\d{1,2}:\d{2}"
_DASH: Final = r"[-–—~→|:.]"
_LEADING: Final = re.compile(
    rf"(?:\d{{1,3}}[.)]\s+)?\W{{0,8}}?(?P<time>{_TIME})(?!:?\d)(?:\s*[-–—~→]\s*{_TIME}(?!:?\d))?[\])]?"
    rf"\s*(?:{_DASH}\s*){{0,3}}(?P<title>\S.*)"
)
_TRAILING: Final = re.compile(rf"(?P<title>\S.*?)\s*(?:{_DASH}\s*){{0,3}}[\[(]?(?<!\d)(?<!\d:)(?P<time>{_TIME})[\])]?")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a video with a name; without an end where the video's length is unknown."""

    start: float
    end: float | None
    title: str


def chapters(data: Any, description: str, duration: int | None) -> tuple[Chapter, ...]:
    """What YouTube lists, else what the description lists; nothing where neither makes sense."""
    for starts in (_of_player_bar(data), _of_panel(data)):
        if found := _timed(list(starts), duration):
            return found
    return described(description, duration)


def described(description: str, duration: int | None) -> tuple[Chapter, ...]:
    """The chapters of a description: three lines or more with times, from 0:00 on, each 10 s or more long."""
    starts = list(_of_lines(description))
    while starts and starts[0][0] != 0:  # "Recorded at 10:30"
        del starts[0]
    if len(starts) < LEAST_CHAPTERS or any(b[0] - a[0] < LEAST_SECONDS for a, b in pairwise(starts)):
        return ()
    return _timed(starts, duration)


def _timed(starts: list[tuple[float, str]], duration: int | None) -> tuple[Chapter, ...]:
    """Chapters that begin there, if they are in order and within the video."""
    if not starts or len(starts) > MOST_CHAPTERS or any(a[0] >= b[0] for a, b in pairwise(starts)):
        return ()
    if duration is not None and starts[-1][0] >= duration:
        return ()
    ends = [*(start for start, _ in starts[1:]), None if duration is None else float(duration)]
    return tuple(Chapter(start, end, title) for (start, title), end in zip(starts, ends, strict=True))


def _of_player_bar(data: Any) -> Iterator[tuple[float, str]]:
    for marker in listed(data, *_PLAYER_BAR):
        if found := listed(marker, "value", "chapters"):
            yield from _of_renderers(found)
            return


def _of_renderers(found: Iterable[Any]) -> Iterator[tuple[float, str]]:
    for entry in found:
        chapter = dig(entry, "chapterRenderer")
        start, title = integer(dig(chapter, "timeRangeStartMillis")), text(dig(chapter, "title"))
        if start is not None and title:
            yield start / 1000, shown(title)


def _of_panel(data: Any) -> Iterator[tuple[float, str]]:
    for panel in listed(data, "engagementPanels"):
        path = ("engagementPanelSectionListRenderer", "content", "macroMarkersListRenderer", "contents")
        if found := listed(panel, *path):
            yield from _of_items(found)
            return


def _of_items(found: Iterable[Any]) -> Iterator[tuple[float, str]]:
    for entry in found:
        item = dig(entry, "macroMarkersListItemRenderer")
        time, title = text(dig(item, "timeDescription")), text(dig(item, "title"))
        if title and time and re.fullmatch(_TIME, time.strip()):
            yield float(_seconds(time)), shown(title)


def _of_lines(description: str) -> Iterator[tuple[float, str]]:
    for line in description[:MOST_TEXT].splitlines():
        if ":" not in line or len(line) > MOST_LINE:
            continue
        words = line.strip()
        if (match := _LEADING.fullmatch(words) or _TRAILING.fullmatch(words)) and (title := shown(match["title"])):
            yield float(_seconds(match["time"])), title


def _seconds(time: str) -> int:
    seconds = 0
    for part in time.strip().split(":"):
        seconds = seconds * 60 + int(part)
    return seconds
