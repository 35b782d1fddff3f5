"""A transcript in pieces that a language model reads at once, each with what stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trax.transcript import Transcript

CHARACTERS = 1200  # of a piece, or so
MOST_SEGMENTS = 40
NEIGHBOURS = 2  # segments before and after
NEIGHBOUR_CHARACTERS = 300  # of each side
ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Segments to be corrected, and their neighbours to be read; the segments by their number in the transcript."""

    segments: tuple[tuple[int, str], ...]
    before: str
    after: str

    def halves(self) -> tuple[Chunk, Chunk] | None:
        """The same in two; None: it is a single segment."""
        if len(self.segments) < 2:
            return None
        middle = len(self.segments) // 2
        first, second = self.segments[:middle], self.segments[middle:]
        return (
            Chunk(first, self.before, _ahead(second)),
            Chunk(second, _behind(first), self.after),
        )


def chunks_of(transcript: Transcript) -> tuple[Chunk, ...]:
    """All of its text in pieces, cut at the ends of sentences where there are any."""
    numbered = [(number, segment.text) for number, segment in enumerate(transcript.segments) if segment.text.strip()]
    pieces = list(_pieces(numbered))
    return tuple(
        Chunk(
            tuple(piece),
            _behind(pieces[place - 1]) if place else "",
            _ahead(pieces[place + 1]) if place + 1 < len(pieces) else "",
        )
        for place, piece in enumerate(pieces)
    )


def _pieces(numbered: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    piece: list[tuple[int, str]] = []
    size = 0
    for number, text in numbered:
        if piece and (size + len(text) > CHARACTERS * 1.5 or len(piece) >= MOST_SEGMENTS):
            yield piece
            piece, size = [], 0
        piece.append((number, text))
        size += len(text)
        if size >= CHARACTERS and text.rstrip().endswith(ENDS):
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _behind(segments: list[tuple[int, str]] | tuple[tuple[int, str], ...]) -> str:
    """The end of what stands before."""
    return " ".join(text for _, text in segments[-NEIGHBOURS:])[-NEIGHBOUR_CHARACTERS:]


def _ahead(segments: list[tuple[int, str]] | tuple[tuple[int, str], ...]) -> str:
    return " ".join(text for _, text in segments[:NEIGHBOURS])[:NEIGHBOUR_CHARACTERS]
