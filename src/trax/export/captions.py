"""Cues for subtitle files: the transcript cut where a reader expects it, timed so that it can be read.

The bounds are those that subtitle editors check: two lines of 42 columns, 20 columns a second, at most 7 s on screen.
What comes first when they conflict: every word in order and whole, no overlap, then reading speed, then good breaks.
Speech faster than 20 columns a second stays on screen until the next cue begins and is faster than the bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from trax.export.cue_breaks import LINE_COLUMNS, line_break, plan_cues
from trax.export.spoken import Piece, joined, pieces
from trax.export.typography import columns, one_line
from trax.timeline import Seconds
from trax.transcript import Transcript

MAX_RATE = 20.0  # columns per second
MIN_DURATION_MS = 833  # 5/6 s, what subtitle guides ask for a flash of one word
MAX_DURATION_MS = 7000
MIN_GAP_MS = 80  # two frames at 25 frames a second, so that a viewer sees the change
SHORTEST_MS = 200  # words that are stamped with the same instant are put this far apart
LABEL_COLUMNS = 24  # a longer name is shortened, so that words fit beside it


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: when it stands on screen, and its one or two lines."""

    start_ms: int
    end_ms: int  # > start_ms, and not after the start of the next cue
    lines: tuple[str, ...]
    speaker: str | None = None


def cues(transcript: Transcript, *, labels: bool = False) -> list[Cue]:
    """The whole transcript as cues in order, without overlap.

    `labels` puts "NAME: " before the first words of each turn, where speakers are known.
    """
    row = pieces(transcript)
    label_places = frozenset[int]()
    if labels:
        row, label_places = _with_labels(row)
    groups = [row[start:end] for start, end in plan_cues(row, label_places)]
    return _timed(groups, transcript.duration)


def _with_labels(row: list[Piece]) -> tuple[list[Piece], frozenset[int]]:
    labelled: list[Piece] = []
    places: set[int] = set()
    speaker: str | None = None
    for piece in row:
        if piece.speaker and piece.speaker != speaker and (name := _label(piece.speaker)):
            places.add(len(labelled))
            labelled.append(replace(piece, text=name, end=piece.start, spaced=True))
            labelled.append(replace(piece, spaced=True))
        else:
            labelled.append(piece)
        speaker = piece.speaker
    return labelled, frozenset(places)


def _label(speaker: str) -> str:
    name = one_line(speaker)
    if columns(name) > LABEL_COLUMNS:
        while columns(name) > LABEL_COLUMNS - 1:
            name = name[:-1]
        name = name.rstrip() + "…"
    return f"{name}:" if name else ""


def _timed(groups: list[list[Piece]], duration: Seconds) -> list[Cue]:
    starts = _starts(groups)
    made: list[Cue] = []
    for number, (group, start) in enumerate(zip(groups, starts, strict=True)):
        lines = _lines(group)
        needed = max(MIN_DURATION_MS, math.ceil(columns(" ".join(lines)) / MAX_RATE * 1000))
        spoken_end = round(max(piece.end for piece in group) * 1000)
        if number + 1 < len(starts):
            end = _end(start, spoken_end, needed, starts[number + 1])
        else:
            limit = max(_milliseconds(duration), spoken_end, start + MIN_DURATION_MS)
            end = min(max(spoken_end, start + needed), limit, start + MAX_DURATION_MS)
        made.append(Cue(start, end, lines, group[0].speaker))
    return made


def _starts(groups: list[list[Piece]]) -> list[int]:
    starts: list[int] = []
    for group in groups:
        start = round(group[0].start * 1000)
        starts.append(max(start, starts[-1] + SHORTEST_MS) if starts else start)
    return starts


def _end(start: int, spoken_end: int, needed: int, next_start: int) -> int:
    """When a cue leaves the screen: with its words, later if they need longer, before the next in any case."""
    end = min(max(spoken_end, start + needed), start + MAX_DURATION_MS)
    if end <= next_start - MIN_GAP_MS:
        return end
    if next_start - MIN_GAP_MS - start >= needed:
        return next_start - MIN_GAP_MS
    return min(next_start, start + MAX_DURATION_MS)


def _lines(group: list[Piece]) -> tuple[str, ...]:
    text = joined(group)
    if columns(text) <= LINE_COLUMNS or len(group) == 1:
        return (text,)
    middle = line_break(group)
    return joined(group[:middle]), joined(group[middle:])


def _milliseconds(time: Seconds) -> int:
    return round(time * 1000) if math.isfinite(time) else 0
