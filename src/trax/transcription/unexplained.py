"""Speech that the VAD heard and no word explains: Whisper now and then ends a window's text too early."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.coverage.explaining import MARGIN
from trax.timeline import Interval, Seconds
from trax.transcript import Word

PADDING: Seconds = 0.4  # kept around the speech where no word is in the way


def unexplained(window: Window, words: Sequence[Word], least: Seconds) -> Iterator[Window]:
    """The stretches between words with at least so many seconds of speech, each as a window of its own."""
    for gap in _gaps(window, words):
        speech = [part for part in window.speech if part.overlap(gap) > 0]
        if sum(part.overlap(gap) for part in speech) < least:
            continue
        first, last = max(gap.start, speech[0].start), min(gap.end, speech[-1].end)
        outer = _between_words(gap, words, window)
        yield excerpt(window, Interval(max(outer.start, first - PADDING), min(outer.end, last + PADDING)))


def excerpt(window: Window, interval: Interval) -> Window:
    """A part of a window, to the sample."""
    offset = window.waveform.start_sample
    start = max(offset, round(interval.start * SAMPLE_RATE))
    end = min(window.waveform.end_sample, round(interval.end * SAMPLE_RATE))
    samples = np.ascontiguousarray(window.waveform.samples[start - offset : end - offset])
    part = Interval(start / SAMPLE_RATE, end / SAMPLE_RATE)
    speech = tuple(
        Interval(max(region.start, part.start), min(region.end, part.end))
        for region in window.speech
        if region.overlaps(part)
    )
    return Window(Waveform(samples, start), speech)


def _gaps(window: Window, words: Sequence[Word]) -> Iterator[Interval]:
    """Where no word is near, from the start of the window to its end."""
    start = window.start
    for word in words:
        if word.start - MARGIN > start:
            yield Interval(start, word.start - MARGIN)
        start = word.end + MARGIN
    if window.start + window.duration > start:
        yield Interval(start, window.start + window.duration)


def _between_words(gap: Interval, words: Sequence[Word], window: Window) -> Interval:
    """The gap up to the words beside it."""
    before = [word.end for word in words if word.start < gap.start]
    after = [word.start for word in words if word.start >= gap.end]
    return Interval(max(before, default=window.start), min(after, default=window.start + window.duration))
