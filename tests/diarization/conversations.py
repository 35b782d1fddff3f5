"""Conversations that are written down here, and random ones: words with times, and the turns that belong to them."""

from __future__ import annotations

from hypothesis import strategies as st

from trax.transcript import Segment, Transcript, Word
from trax.turns import Diarization, Speaker, SpeakerTurn

A, B, C = "SPEAKER_00", "SPEAKER_01", "SPEAKER_02"


def turns(*told: tuple[float, float, str]) -> tuple[SpeakerTurn, ...]:
    return tuple(SpeakerTurn(*turn) for turn in told)


def heard(*told: tuple[float, float, str], exclusive: tuple[SpeakerTurn, ...] = ()) -> Diarization:
    """A diarization with these turns; which of two at once is heard best is left to Trax unless it is given."""
    found = turns(*told)
    labels = dict.fromkeys(turn.speaker for turn in sorted(found))
    speakers = tuple(
        Speaker(
            label,
            sum(t.end - t.start for t in found if t.speaker == label),
            min(t.start for t in found if t.speaker == label),
            sum(t.speaker == label for t in found),
        )
        for label in labels
    )
    return Diarization(found, exclusive, speakers, "made up", "made-up-1", {"threshold": 0.6})


def segment(*words: tuple[float, float, str]) -> Segment:
    """A segment of words with their times."""
    made = tuple(Word(start, end, f" {text}", 0.9) for start, end, text in words)
    return Segment(made[0].start, made[-1].end, " ".join(text for *_, text in words), made)


def evenly(text: str, start: float = 0.0, end: float | None = None) -> Segment:
    """A segment whose words take 0.4 seconds each, or as long as they are written within these times."""
    words = text.split()
    if end is None:
        return segment(*((start + 0.4 * i, start + 0.4 * (i + 1), word) for i, word in enumerate(words)))
    pace = (end - start) / sum(map(len, words))
    cuts = [start + pace * sum(map(len, words[:i])) for i in range(len(words) + 1)]
    return segment(*zip(cuts, cuts[1:], words, strict=False))


def transcript(*segments: Segment) -> Transcript:
    return Transcript("en", 60.0, segments)


def spoken(made: Transcript) -> str:
    """Who says each word: AABB."""
    names = {A: "A", B: "B", C: "C", None: "-"}
    return "".join(names[word.speaker] for word in made.words)


def times() -> st.SearchStrategy[float]:
    """Down to a millisecond, so that sums come out even."""
    return st.integers(0, 30_000).map(lambda ms: ms / 1000)


@st.composite
def a_turn(draw: st.DrawFn) -> SpeakerTurn:
    start, length = draw(times()), draw(st.integers(1, 8_000)) / 1000
    return SpeakerTurn(start, round(start + length, 3), draw(st.sampled_from([A, B, C])))


def many_turns(at_least: int = 0) -> st.SearchStrategy[list[SpeakerTurn]]:
    return st.lists(a_turn(), min_size=at_least, max_size=12)
