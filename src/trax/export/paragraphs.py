"""A transcript as paragraphs for reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trax.export.spoken import Piece, joined, pieces
from trax.timeline import Seconds
from trax.transcript import Transcript

PAUSE = 2.0  # s; a longer silence begins a paragraph
FULL = 700  # characters after which the next sentence begins a paragraph
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।", "։", "።")
_CLOSING = "\"')]}”’»」』）"


@dataclass(frozen=True, slots=True)
class Paragraph:
    start: Seconds
    end: Seconds
    speaker: str | None
    text: str


def paragraphs(transcript: Transcript) -> list[Paragraph]:
    """All text in order; a new paragraph where the speaker changes, after a pause, and when one grows long."""
    return [
        Paragraph(row[0].start, max(piece.end for piece in row), row[0].speaker, joined(row))
        for row in _rows(transcript)
    ]


def ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(SENTENCE_ENDS)


def _rows(transcript: Transcript) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    length = 0
    for piece in pieces(transcript):
        if row and _begins_paragraph(row[-1], piece, length):
            yield row
            row, length = [], 0
        row.append(piece)
        length += len(piece.text) + piece.spaced
    if row:
        yield row


def _begins_paragraph(before: Piece, after: Piece, length: int) -> bool:
    if after.speaker != before.speaker or after.start - before.end > PAUSE:
        return True
    return length >= FULL and ends_sentence(before.text)
