"""Which windows are worth another hearing, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trax.audio import Window
from trax.loops import without_loops
from trax.passes.hearings import comparable
from trax.timeline import Interval, Seconds
from trax.transcript import Segment, Word
from trax.transcription.transcriber import NO_SPEECH_LIMIT
from trax.transcription.unexplained import unexplained

# With both, some 95 % of the errors are heard again in 80 % of hard sound, and 70 % of them in half of clean sound
# (tiny.en on the tuning readers of the hard set)
LEAST_SURE = 0.4  # of a window's words
UNSURE_SHARE = 0.08  # of a window's words that are expected to be wrong
LEAST_GAP: Seconds = 1.0  # of speech without words
DENSE_TEXT = 2.0  # compression ratio: 2.4 is a loop
FASTEST = 25.0  # characters a second of speech
SLOWEST = 4.0
LONG: Seconds = 3.0  # of speech, whose rate means something


def reasons(window: Window, words: Sequence[Word], segments: Sequence[Segment]) -> tuple[str, ...]:
    """Why the window should be heard again; none where all seems right.

    words, segments: those of the window.
    """
    return tuple(_reasons(window, words, segments))


def gaps(window: Window, words: Sequence[Word]) -> list[Window]:
    """Speech of the window that no word explains."""
    return list(unexplained(window, words, LEAST_GAP))


def _reasons(window: Window, words: Sequence[Word], segments: Sequence[Segment]) -> Iterator[str]:
    if words:
        unsure = sum(1 - word.probability for word in words) / len(words)
        if min(word.probability for word in words) < LEAST_SURE or unsure > UNSURE_SHARE:
            yield "unsure words"
    is_dense = any(segment.compression_ratio > DENSE_TEXT for segment in segments)
    if is_dense or len(without_loops(words, key=lambda word: comparable(word.text))) < len(words):
        yield "repeats itself"
    if any(segment.no_speech_prob > NO_SPEECH_LIMIT for segment in segments):
        yield "perhaps nobody spoke"
    if gaps(window, words):
        yield "speech without words"
    if _is_odd(window, words):
        yield "odd pace"


def _is_odd(window: Window, words: Sequence[Word]) -> bool:
    if not words:
        return False
    speech = sum(region.duration for region in window.speech)
    rate = sum(len(word.text) for word in words) / max(0.1, speech)
    return rate > FASTEST or (speech > LONG and rate < SLOWEST)


def share_in_speech(words: Sequence[Word], window: Window) -> float:
    """The part of the words' time in which the VAD heard speech."""
    total = sum(word.end - word.start for word in words)
    heard = sum(Interval(word.start, word.end).overlap(region) for word in words for region in window.speech)
    return heard / total if total else 1.0
