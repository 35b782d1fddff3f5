"""Words, hearings and transcripts for the tests of several hearings."""

from __future__ import annotations

from collections.abc import Sequence

from trax.passes.hearings import Hearing, Role
from trax.transcript import Segment, Transcript, Word
from trax.transcription.transcriber import Reading


def words(text: str, *, start: float = 0.0, sure: float = 0.9) -> tuple[Word, ...]:
    """One word each half second."""
    return tuple(
        Word(start + place / 2, start + place / 2 + 0.4, f" {one}", sure) for place, one in enumerate(text.split())
    )


def hearing(text: str, *others: str, role: Role = "again", sure: float = 0.9) -> Hearing:
    """A hearing with its best reading and the next best, each a little less probable."""
    readings = [Reading(one, -5.0 - place, len(one.split()) + 1) for place, one in enumerate((text, *others))]
    return Hearing(role, words(text, sure=sure), tuple(readings))


def transcript(*texts: str, pause: float = 0.5) -> Transcript:
    """A segment for each text, one after the other."""
    segments: list[Segment] = []
    start = 0.0
    for text in texts:
        own = words(text, start=start)
        segments.append(Segment(own[0].start, own[-1].end, text, own))
        start = own[-1].end + pause
    return Transcript("en", start, tuple(segments))


def text_of(found: Sequence[Word]) -> str:
    return "".join(word.text for word in found).strip()
