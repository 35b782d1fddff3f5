"""Who spoke when: what a diarizer returns, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from trax.audio import Samples
from trax.errors import UsageError
from trax.timeline import Interval, Seconds


@dataclass(frozen=True, slots=True, order=True)
class SpeakerTurn:
    """A stretch in which one person speaks."""

    start: Seconds
    end: Seconds
    speaker: str  # label: SPEAKER_00, SPEAKER_01, ... by first appearance

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice that was told apart from the others of its file."""

    label: str
    seconds: Seconds  # of all turns
    first_at: Seconds
    turns: int
    embedding: tuple[float, ...] | None = None  # unit length; comparable with those of the same `model_id` alone


@dataclass(frozen=True, slots=True)
class Diarization:
    """All turns of a file, in order of time."""

    turns: tuple[SpeakerTurn, ...]  # overlap where people talk at once
    exclusive: tuple[SpeakerTurn, ...]  # at most one speaker at a time: the one that is heard best
    speakers: tuple[Speaker, ...]  # by first appearance
    engine: str
    model_id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Seconds] = field(default_factory=dict)  # seconds of work by step


MOST_SPEAKERS = 100  # in a recording


@dataclass(frozen=True, slots=True)
class SpeakerCount:
    """How many speakers there are, as far as the user knows."""

    exact: int | None = None
    least: int | None = None
    most: int | None = None

    def __post_init__(self) -> None:
        given = [number for number in (self.exact, self.least, self.most) if number is not None]
        if any(number < 1 for number in given):
            raise UsageError("A recording has at least one speaker.", "Give a number of speakers from 1 on.")
        if any(number > MOST_SPEAKERS for number in given):
            raise UsageError(
                f"More than {MOST_SPEAKERS} speakers can't be told apart.", f"Give a number from 1 to {MOST_SPEAKERS}."
            )
        if self.exact is not None and len(given) > 1:
            raise UsageError("The number of speakers is given twice.", "Give either the number or its bounds.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise UsageError(
                f"At least {self.least} and at most {self.most} speakers can't be.", "Swap the two bounds."
            )


class Diarizer(Protocol):
    """An engine that tells voices apart."""

    @property
    def name(self) -> str: ...

    def description(self) -> dict[str, Any]:
        """Engine, model and versions, as they are stored with each result."""
        ...

    def diarize(
        self,
        blocks: Iterable[Samples],
        count: SpeakerCount,
        check: Callable[[], None],
        told: Callable[[Seconds], None],
    ) -> Diarization:
        """Who speaks when in this sound.

        blocks: mono, 16 kHz, in order; check: called often, what it raises ends the work; told: seconds that are done.
        """
        ...
