"""What was said, when, and how sure the model is: values without identity, as every stage passes them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trax.timeline import Seconds


@dataclass(frozen=True, slots=True)
class Word:
    """One word with the space that Whisper puts before it."""

    start: Seconds  # from the start of the media, not of the window
    end: Seconds
    text: str  # joining the texts of a segment's words gives the segment's text
    probability: float  # mean of its tokens, 0..1, uncalibrated
    speaker: str | None = None
    speaker_confidence: float | None = None  # 0..1: how sure the speaker is; None: told by others, or not at all


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech that is read as one unit: a sentence, or what stands between two pauses."""

    start: Seconds
    end: Seconds
    text: str  # without leading or trailing space
    words: tuple[Word, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    temperature: float = 0.0
    speaker: str | None = None

    @property
    def confidence(self) -> float:
        """Mean probability of the words, weighted by their length in characters; 0..1."""
        return mean_probability(self.words) or 0.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """All segments of one media file, in order of time."""

    language: str  # ISO 639-1
    duration: Seconds  # of the media, as decoded
    segments: tuple[Segment, ...] = ()
    language_probability: float | None = None  # None: given by the user or not measured

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def word_count(self) -> int:
        return len(self.text.split())

    @property
    def confidence(self) -> float | None:
        """Mean word probability over the whole transcript, 0..1; None where nothing was said."""
        return mean_probability(self.words)


def mean_probability(words: Sequence[Word]) -> float | None:
    """Mean probability of the words, weighted by their length in characters; None where there is no word."""
    weights = [max(1, len(word.text.strip())) for word in words]
    if not weights:
        return None
    return sum(weight * word.probability for weight, word in zip(weights, words, strict=True)) / sum(weights)
