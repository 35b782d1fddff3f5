"""Stretches of a transcript that are short enough to be heard at once, each with the edits that it can tell of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trax.enhancement.values import Edit
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, Word

LONGEST: Seconds = 25.0  # of Whisper's 30, with room for the margins
MARGIN: Seconds = 0.3  # of sound before the first and after the last word, where nobody else speaks


@dataclass(frozen=True, slots=True)
class Place:
    """A word, and where it stands."""

    segment: int
    index: int
    word: Word


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a row, and all edits within them."""

    places: tuple[Place, ...]
    edits: tuple[Edit, ...]
    start: Seconds
    end: Seconds

    @property
    def text(self) -> str:
        """What is read there now."""
        return "".join(place.word.text for place in self.places).strip()

    def reading(self, edit: Edit) -> str:
        """What would be read with that edit."""
        before = [p.word.text for p in self.places if (p.segment, p.index) < (edit.segment, edit.start)]
        after = [p.word.text for p in self.places if (p.segment, p.index) >= (edit.segment, edit.end)]
        parts = ["".join(before).strip(), edit.after.strip(), "".join(after).strip()]
        space = " " if any(place.word.text.startswith(" ") for place in self.places) else ""
        return space.join(part for part in parts if part)


def passages(transcript: Transcript, edits: Sequence[Edit], *, by_speaker: bool = False) -> Iterator[Passage]:
    """Those that hold edits, in order of time.

    by_speaker: each speaker is on a channel of their own, and is heard alone.
    """
    speakers = sorted({s.speaker for s in transcript.segments}, key=str) if by_speaker else [None]
    found: list[Passage] = []
    for speaker in speakers:
        chosen = [(n, s) for n, s in enumerate(transcript.segments) if not by_speaker or s.speaker == speaker]
        found += _of_one(chosen, edits)
    yield from sorted(found, key=lambda passage: passage.start)


def _of_one(segments: Sequence[tuple[int, Segment]], edits: Sequence[Edit]) -> Iterator[Passage]:
    of_segment: dict[int, list[Edit]] = {}
    for edit in edits:
        of_segment.setdefault(edit.segment, []).append(edit)
    cut = list(_cut(segments, of_segment))
    for number, places in enumerate(cut):
        inside = [e for n in dict.fromkeys(p.segment for p in places) for e in of_segment.get(n, ())]
        inside = [edit for edit in inside if _holds(places, edit)]
        if inside:
            earlier = cut[number - 1][-1].word.end if number else 0.0
            later = cut[number + 1][0].word.start if number + 1 < len(cut) else float("inf")
            yield Passage(
                tuple(places),
                tuple(inside),
                max(0.0, min(places[0].word.start, max(earlier, places[0].word.start - MARGIN))),
                max(places[-1].word.end, min(later, places[-1].word.end + MARGIN)),
            )


def _cut(segments: Sequence[tuple[int, Segment]], edits: dict[int, list[Edit]]) -> Iterator[list[Place]]:
    """All words in lists that are short enough: whole segments where that can be, and no edit in two."""
    waiting: list[Place] = []
    for number, segment in segments:
        for piece in _pieces([Place(number, index, word) for index, word in enumerate(segment.words)], edits):
            if waiting and piece[-1].word.end - waiting[0].word.start > LONGEST:
                yield waiting
                waiting = []
            waiting = waiting + piece
    if waiting:
        yield waiting


def _pieces(places: list[Place], edits: dict[int, list[Edit]]) -> Iterator[list[Place]]:
    """A segment, or where that is too long its parts."""
    start = 0
    for index in range(1, len(places)):
        is_full = places[index].word.end - places[start].word.start > LONGEST
        if is_full and not any(e.start < index < e.end for e in edits.get(places[index].segment, ())):
            yield places[start:index]
            start = index
    if places:
        yield places[start:]


def _holds(places: Sequence[Place], edit: Edit) -> bool:
    """Whether all of the edit is there; what is inserted belongs to the word before it, or to the first."""
    there = [place.index for place in places if place.segment == edit.segment]
    first = max(0, edit.start - 1) if edit.start == edit.end else edit.start
    return bool(there) and there[0] <= first <= there[-1]
