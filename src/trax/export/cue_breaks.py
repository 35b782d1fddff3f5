"""Where one cue ends and the next begins: the cheapest way to cut the whole row of pieces, by dynamic programming.

A cut costs little at the end of a sentence, more at a comma or a pause, most inside a phrase. A cue costs more when it
can't be read in its time, hides a pause, or carries the first words of a sentence that it doesn't finish.
The costs are a matter of taste, set by reading the results; the bounds (lines, columns, duration) are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from trax.export.paragraphs import ends_sentence
from trax.export.spoken import Piece
from trax.export.typography import columns
from trax.timeline import Seconds

LINE_COLUMNS = 42
MAX_SPAN: Seconds = 7.0
LONGEST_PAUSE: Seconds = 2.0  # no cue spans a longer silence
_COMFORT_RATE = 20.0  # columns per second
_COMFORT_SPAN: Seconds = 1.0
_NOTICED_PAUSE: Seconds = 0.3
_FELT_PAUSE: Seconds = 0.7
_CLAUSE_ENDS = (",", ";", ":", "–", "—", "、", "，", "；", "：", "،")
_SCRAP_COLUMNS = 14  # a cue with less than this is worth joining to another


@dataclass(frozen=True, slots=True)
class _Row:
    """The pieces with what each step of the search needs, worked out once."""

    pieces: list[Piece]
    ends_before: list[int]  # columns of the row before a piece, spaces included
    line_end: list[int]  # the piece after the last that fits on a line begun by this one
    sentence: list[bool]  # the piece ends a sentence
    gap: list[Seconds]  # silence after the piece
    forced: list[bool]  # the cue must end after the piece
    forbidden: list[bool]  # the cue must not end after the piece

    def width(self, start: int, end: int) -> int:
        return self.ends_before[end] - self.ends_before[start] - self.pieces[start].spaced


def plan_cues(pieces: list[Piece], labels: frozenset[int] = frozenset()) -> list[tuple[int, int]]:
    """The cues as ranges of pieces, which together cover the row; `labels` are pieces never parted from the next."""
    row = _prepare(pieces, labels)
    count = len(pieces)
    best = [0.0] + [float("inf")] * count
    came_from = [0] * (count + 1)
    for start in range(count):
        if best[start] == float("inf"):
            continue
        for end, cost in _choices(row, start):
            if best[start] + cost < best[end]:
                best[end], came_from[end] = best[start] + cost, start
    ranges: list[tuple[int, int]] = []
    end = count
    while end > 0:
        ranges.append((came_from[end], end))
        end = came_from[end]
    return ranges[::-1]


def line_break(group: list[Piece]) -> int:
    """The piece that begins the second line: both lines fit, break after punctuation, lines of like length."""
    row = _prepare(group, frozenset())
    count = len(group)

    def cost(middle: int) -> float:
        left, right = row.width(0, middle), row.width(middle, count)
        overflow = sum(
            width > LINE_COLUMNS and pieces > 1 for width, pieces in ((left, middle), (right, count - middle))
        )
        return 100.0 * overflow + abs(left - right) / LINE_COLUMNS + 0.4 * _break_cost(row, middle - 1)

    return min(range(1, count), key=cost)


def _prepare(pieces: list[Piece], labels: frozenset[int]) -> _Row:
    widths = [columns(piece.text) + piece.spaced for piece in pieces]
    ends_before = list(accumulate(widths, initial=0))
    following = pieces[1:]
    gaps = [max(0.0, after.start - piece.end) for piece, after in zip(pieces, following, strict=False)]
    forced = [
        number not in labels and (gap > LONGEST_PAUSE or piece.speaker != after.speaker)
        for number, (piece, after, gap) in enumerate(zip(pieces, following, gaps, strict=False))
    ]
    return _Row(
        pieces=pieces,
        ends_before=ends_before,
        line_end=_line_ends(pieces, ends_before),
        sentence=[ends_sentence(piece.text) for piece in pieces],
        gap=[*gaps, float("inf")],
        forced=[*forced, True],
        forbidden=[number in labels for number in range(len(pieces))],
    )


def _line_ends(pieces: list[Piece], ends_before: list[int]) -> list[int]:
    line_ends: list[int] = []
    end = 0
    for start, piece in enumerate(pieces):
        end = max(end, start + 1)
        while end < len(pieces) and ends_before[end + 1] - ends_before[start] - piece.spaced <= LINE_COLUMNS:
            end += 1
        line_ends.append(end)
    return line_ends


def _choices(row: _Row, start: int) -> list[tuple[int, float]]:
    """Every end that a cue begun at `start` may have, with its cost; never empty."""
    second_line = row.line_end[start]
    last = row.line_end[second_line] if second_line < len(row.pieces) else second_line
    choices: list[tuple[int, float]] = []
    hidden_pause, unfinished = 0.0, False
    for end in range(start + 1, last + 1):
        piece = row.pieces[end - 1]
        if choices and piece.end - row.pieces[start].start > MAX_SPAN:
            break
        if not row.forbidden[end - 1]:
            choices.append((end, _cost(row, start, end, hidden_pause, unfinished)))
        if row.forced[end - 1]:
            break
        hidden_pause = max(hidden_pause, row.gap[end - 1])
        unfinished = unfinished or row.sentence[end - 1]
    return choices


def _cost(row: _Row, start: int, end: int, hidden_pause: Seconds, unfinished: bool) -> float:
    width = row.width(start, end)
    begins = row.pieces[start].start
    room = min(MAX_SPAN, row.pieces[end].start - begins if end < len(row.pieces) else MAX_SPAN)
    cost = 1.0 + _break_cost(row, end - 1)
    cost += 3.0 * min(3.0, max(0.0, width / _COMFORT_RATE - room) / max(room, 0.1))
    cost += 2.0 * max(0.0, _COMFORT_SPAN - room)
    cost += 1.5 * max(0.0, hidden_pause - _FELT_PAUSE)
    if width < _SCRAP_COLUMNS and not row.sentence[end - 1]:
        cost += 0.8
    if unfinished and not row.sentence[end - 1]:
        cost += 0.6
    return cost


def _break_cost(row: _Row, last: int) -> float:
    """How badly it reads to stop after a piece, 0 (end of a sentence or turn) to 1.5 (inside a phrase)."""
    if row.sentence[last] or (row.forced[last] and not row.forbidden[last]):
        return 0.0
    if row.pieces[last].text.endswith(_CLAUSE_ENDS):
        return 0.5
    return 0.6 if row.gap[last] >= _NOTICED_PAUSE else 1.5
