"""Tracks and words that tests of coverage are made of."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from trax.coverage.values import SOUNDS, Heard, Stretch, Track
from trax.transcript import Segment, Word

LONGEST = 20_000  # milliseconds


def track(*stretches: tuple[str, float]) -> Track:
    """Stretches by kind and end, in seconds."""
    starts = [0.0, *(end for _, end in stretches)]
    return tuple(
        Stretch(kind, round(start * 1000), round(end * 1000))
        for (kind, end), start in zip(stretches, starts, strict=False)
    )


def said(*times: tuple[float, float], text: str = "", speaker: str | None = None) -> list[Segment]:
    """A segment for each word; the words are all different unless there is a text."""
    return [
        Segment(start, end, spoken, (Word(start, end, f" {spoken}", 0.9, speaker),), speaker=speaker)
        for number, (start, end) in enumerate(times)
        for spoken in [text or f"word{number}"]
    ]


def kinds(found: Track) -> list[tuple[str, float, float]]:
    return [(stretch.kind, stretch.interval.start, stretch.interval.end) for stretch in found]


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Anything that may have been heard."""
    cuts = draw(st.lists(st.integers(1, LONGEST - 1), max_size=12, unique=True).map(sorted))
    edges = [0, *cuts, LONGEST]
    sounds = draw(st.lists(st.sampled_from(SOUNDS), min_size=len(edges) - 1, max_size=len(edges) - 1))
    found: list[Stretch] = []
    for sound, first, last in zip(sounds, edges[:-1], edges[1:], strict=True):
        if found and found[-1].kind == sound:
            found[-1] = Stretch(sound, found[-1].start, last)
        else:
            found.append(Stretch(sound, first, last))
    return tuple(found)


@st.composite
def words(draw: st.DrawFn, speakers: Sequence[str | None] = (None,)) -> list[Segment]:
    """Words anywhere, in any order, over each other, and beyond the end."""
    found: list[Segment] = []
    for number in range(draw(st.integers(0, 8))):
        begin = draw(st.floats(0, LONGEST / 1000 + 1))
        length = draw(st.floats(0, 3))
        text = draw(st.sampled_from((f"word{number}", "again")))
        found += said((begin, begin + length), text=text, speaker=draw(st.sampled_from(speakers)))
    return found


heards = st.one_of(
    tracks().map(lambda one: Heard((one,))),
    st.tuples(tracks(), tracks()).map(lambda both: Heard(both, ("1", "2"))),
)
