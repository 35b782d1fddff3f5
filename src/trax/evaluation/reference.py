"""What really was said, as far as somebody has written it down: with times and speakers, or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trax.timeline import Interval, Seconds
from trax.transcript import Segment
from trax.turns import SpeakerTurn


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of the reference that was said in one go: a line, a sentence, a subtitle."""

    text: str
    start: Seconds | None = None  # None: nobody has measured it
    end: Seconds | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """The words of a recording, who speaks when, or both."""

    utterances: tuple[Utterance, ...] = ()
    turns: tuple[SpeakerTurn, ...] = ()
    language: str | None = None  # ISO 639-1

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(utterance.text for utterance in self.utterances)

    @property
    def word_count(self) -> int:
        return sum(len(text.split()) for text in self.texts)

    @property
    def is_timed(self) -> bool:
        """Whether it is known of every word when it was said, to the utterance."""
        return all(utterance.start is not None and utterance.end is not None for utterance in self.utterances)

    @property
    def end(self) -> Seconds:
        """The last time that is told; 0 where none is."""
        return max([0.0, *(u.end for u in self.utterances if u.end is not None), *(t.end for t in self.turns)])

    def within(self, stretch: Interval) -> Reference:
        """What is said in the stretch: of the utterances, which have times, those whose middle lies in it."""
        kept = (u for u in self.utterances if _middle(u) is not None)
        utterances = tuple(u for u in kept if stretch.start <= (_middle(u) or 0.0) < stretch.end)
        turns = (
            replace(turn, start=max(turn.start, stretch.start), end=min(turn.end, stretch.end))
            for turn in self.turns
            if turn.interval.overlaps(stretch)
        )
        return replace(self, utterances=utterances, turns=tuple(turns))

    def joined(self, other: Reference) -> Reference:
        """The words of one of them and the turns of one of them, this one's first."""
        return Reference(
            self.utterances or other.utterances, self.turns or other.turns, self.language or other.language
        )


def reference_of(segments: Sequence[Segment], language: str | None, *, is_estimated: bool) -> Reference:
    """Segments as a reference; times that are estimated are none."""
    utterances = tuple(
        Utterance(segment.text, speaker=segment.speaker)
        if is_estimated
        else Utterance(segment.text, segment.start, segment.end, segment.speaker)
        for segment in segments
    )
    return Reference(utterances, turns_of(utterances), language)


def turns_of(utterances: tuple[Utterance, ...]) -> tuple[SpeakerTurn, ...]:
    """Who speaks when, as utterances with times and speakers tell it; none where one of them has no time."""
    if any(u.start is None or u.end is None for u in utterances):
        return ()
    spoken = ((u.start, u.end, u.speaker) for u in utterances)
    return tuple(
        sorted(
            SpeakerTurn(start, end, speaker)
            for start, end, speaker in spoken
            if start is not None and end is not None and speaker and start < end
        )
    )


def _middle(utterance: Utterance) -> Seconds | None:
    if utterance.start is None or utterance.end is None:
        return None
    return (utterance.start + utterance.end) / 2
