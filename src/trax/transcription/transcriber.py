"""What every speech engine promises, and the options and results that pass through it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from trax.audio import Window
from trax.storable import storable_json
from trax.timeline import Seconds
from trax.transcript import Segment, Word

# Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", §4.5, and openai/whisper's defaults
COMPRESSION_RATIO_LIMIT = 2.4
AVG_LOGPROB_LIMIT = -1.0
NO_SPEECH_LIMIT = 0.6


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How a window is decoded; the defaults are Whisper's own, but for what is tried where the first reading fails."""

    beam_size: int = 5
    fallback_beam_size: int = 5  # where a narrower search failed
    patience: float = 1.0
    no_repeat_tokens: int = 3  # a reading that failed is searched again with no phrase of this length twice; 0: never
    temperatures: tuple[float, ...] = (0.0,)  # any above 0 draws at random: no run could be repeated
    best_of: int = 5  # samples at temperatures above 0
    length_penalty: float = 1.0
    compression_ratio_limit: float = COMPRESSION_RATIO_LIMIT
    avg_logprob_limit: float = AVG_LOGPROB_LIMIT
    no_speech_limit: float = NO_SPEECH_LIMIT
    initial_prompt: str | None = None  # names and spellings that every window is told beforehand
    relisten_after: Seconds = 1.5  # unexplained speech of this length is listened to again; 0: never
    margin: Seconds | None = 8.0  # silence after the sound that the encoder is given; None: up to its 30 s
    max_segment: Seconds = 30.0
    segment_pause: Seconds = 0.8  # a pause of this length ends a segment
    alternatives: int = 0  # readings of each window that are told beside its words, at most `beam_size`


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The language that most of the sound seems to be in."""

    language: str  # ISO 639-1 (Whisper also knows a few three-letter codes)
    probability: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One of several texts that the model found in a window."""

    text: str
    logprob: float  # of all its tokens, the end included
    tokens: int


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What was said in one window; no segments where the model heard nothing."""

    start: Seconds  # of the window, in the media
    end: Seconds
    segments: tuple[Segment, ...]
    readings: tuple[Reading, ...] = ()  # as many as `alternatives`, the best first; what was heard again isn't in them

    def to_json(self) -> dict[str, Any]:
        """Everything, as PostgreSQL can store it; `from_json` gives an equal result back.

        Only what PostgreSQL refuses comes back changed, as it would in the transcript: NUL, and infinities as NaN.
        """
        document: dict[str, Any] = storable_json(asdict(self))
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> WindowResult:
        readings = tuple(Reading(**_with_numbers(reading, ("logprob",))) for reading in document.get("readings", ()))
        return cls(document["start"], document["end"], tuple(map(_segment, document["segments"])), readings)


def _segment(document: Mapping[str, Any]) -> Segment:
    words = tuple(Word(**_with_numbers(word, ("start", "end", "probability"))) for word in document["words"])
    scores = ("start", "end", "avg_logprob", "no_speech_prob", "compression_ratio", "temperature")
    return Segment(**{**_with_numbers(document, scores), "words": words})


def _with_numbers(document: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The document with NaN where a number couldn't be stored."""
    return {**document, **{name: math.nan for name in names if document[name] is None}}


def _unchecked() -> None:
    """Nobody wants to stop."""


def _unheard(position: int, result: WindowResult, seconds: Mapping[str, Seconds]) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What goes on between an engine and whoever waits for it, all of it in the thread that asks for results."""

    known: Mapping[int, WindowResult] = field(default_factory=dict)  # by position from 0: not to be heard again
    check: Callable[[], None] = _unchecked  # called several times a second; what it raises ends the work at once
    # Called for each window that was not known, as soon as it is heard: before its result is given, and perhaps before
    # an earlier one's. The seconds are its share of the time of the thread that heard it, by stage.
    heard: Callable[[int, WindowResult, Mapping[str, Seconds]], None] = _unheard


class Transcriber(Protocol):
    """An engine that is loaded and ready; one instance serves any number of media."""

    @property
    def english_only(self) -> bool:
        """Whether the model knows no language but English."""
        ...

    def description(self) -> dict[str, Any]:
        """Everything needed to run it again, as JSON: model, revision, device, compute type, threads, versions."""
        ...

    def detect_language(self, windows: Sequence[Window], check: Callable[[], None] = ...) -> LanguageGuess:
        """The language of the first few windows; English with probability 1 where the model knows no other.

        What `check` raises, called several times a second, ends the work at once.
        """
        ...

    def readings(
        self, window: Window, language: str, texts: Sequence[str], check: Callable[[], None] = ...
    ) -> list[float | None]:
        """The log probability of each text as what is said in the window; None where it can't be told.

        Only differences between texts of one window mean anything.
        """
        ...

    def transcribe(
        self,
        windows: Iterable[Window],
        language: str,
        options: TranscribeOptions = ...,
        listening: Listening = ...,
    ) -> Iterator[WindowResult]:
        """One result per window, in the order of the windows, those that were known included.

        Results don't depend on which windows were known.

        Raises: LanguageUnsupported: the model doesn't know `language`.
        """
        ...
