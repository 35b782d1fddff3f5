"""A transcript as one row of spoken pieces in reading order, whether its segments have word times or not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trax.export.typography import columns, may_break_words, needs_space, split_ideographs, split_words
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, Word


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that stays on one line: a word, or what of an unspaced script can't be parted."""

    start: Seconds  # never before the start of the piece that precedes it
    end: Seconds
    text: str
    speaker: str | None
    spaced: bool  # a space separates it from the piece before it


def pieces(transcript: Transcript) -> list[Piece]:
    """Every word of the transcript, in order, with times that never run backwards."""
    ordered: list[Piece] = []
    latest = 0.0
    for piece in _glued(transcript):
        start = max(latest, _finite(piece.start, latest))
        ordered.append(replace(piece, start=start, end=max(start, _finite(piece.end, start))))
        latest = start
    return ordered


def joined(row: list[Piece]) -> str:
    """The pieces as running text."""
    return "".join((" " if piece.spaced and i else "") + piece.text for i, piece in enumerate(row))


def _finite(value: float, otherwise: float) -> float:
    return value if math.isfinite(value) else otherwise


def _glued(transcript: Transcript) -> Iterator[Piece]:
    """Loose pieces, those that must not be parted made one."""
    current: Piece | None = None
    for piece, parting in _loose(transcript):
        if current is None:
            current = piece
        elif piece.spaced or parting or piece.speaker != current.speaker:
            yield current
            current = piece
        else:
            current = replace(
                current,
                end=max(current.end, piece.end),
                start=min(current.start, piece.start),
                text=current.text + piece.text,
            )
    if current is not None:
        yield current


def _loose(transcript: Transcript) -> Iterator[tuple[Piece, bool]]:
    """Each piece, and whether a line may end before it although no space stands there."""
    last = ""  # the character before the piece
    for segment in transcript.segments:
        begins, space = True, False  # a segment's first word; a space seen since the last word
        for word in segment.words or _imagined_words(segment):
            parts = split_words(word.text)
            space = space or word.text[:1].isspace()
            for number, part in enumerate(parts):
                if begins:
                    space = not last or needs_space(last, part[0])
                parting = begins or may_break_words(last, part[0])
                for piece in _divided(word, segment, parts, number, space):
                    yield piece, parting
                    parting = True
                last, begins, space = part[-1], False, True
            if parts:
                space = word.text[-1:].isspace()


def _divided(word: Word, segment: Segment, parts: list[str], number: int, spaced: bool) -> Iterator[Piece]:
    """One part of a word, cut where its script allows; the word's time is shared by width."""
    shares = [columns(part) or 1 for part in parts]
    length = (word.end - word.start) / sum(shares)
    time = word.start + length * sum(shares[:number])
    cuts = split_ideographs(parts[number])
    for cut_number, text in enumerate(cuts):
        end = time + length * (columns(text) or 1)
        yield Piece(time, end, text, segment.speaker or word.speaker, spaced and cut_number == 0)
        time = end


def _imagined_words(segment: Segment) -> tuple[Word, ...]:
    """One word that is the whole text: its time is then shared among the real ones by width."""
    return (Word(segment.start, segment.end, f" {segment.text}", 0.0),)
