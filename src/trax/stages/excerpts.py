"""Sound of single stretches of a file, in one pass over it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from trax.audio import SAMPLE_RATE, Samples, Waveform, Window
from trax.errors import MediaError
from trax.flow import Hook
from trax.media.decode import DecodeOptions, decode
from trax.timeline import Interval, Seconds

SHORTEST: Seconds = 0.1  # less is no sound to be heard


def excerpts(path: Path, options: DecodeOptions, spans: Sequence[Interval], hook: Hook) -> Iterator[Window | None]:
    """One window for each span, in the order of the spans, which begin one after the other; None: there is no sound.

    spans: in seconds of the media. Memory holds what one span needs.
    """
    if not spans:
        return
    end = max(span.end for span in spans)
    start = max(options.start, min(spans[0].start, end - SHORTEST))
    stretch = replace(options, start=start, end=end if options.end is None else min(end, options.end))
    waiting = list(spans)
    held, first = np.zeros(0, dtype=np.float32), stretch.start_sample
    with closing(_blocks(path, stretch, hook)) as blocks:
        for block in blocks:
            held = np.concatenate([held, block])
            while waiting and _sample(waiting[0].end) <= first + len(held):
                yield _window(held, first, waiting.pop(0))
            gone = min(len(held), max(0, _sample(waiting[0].start) - first)) if waiting else len(held)
            held, first = held[gone:], first + gone
    for span in waiting:
        yield _window(held, first, span)


def _blocks(path: Path, stretch: DecodeOptions, hook: Hook) -> Generator[Samples, None, None]:
    """The sound of the stretch; nothing where the media ends before it begins: others' words may be of a longer one."""
    try:
        with decode(path, stretch) as decoding:
            for block in decoding:
                hook.check()
                yield block
    except MediaError as error:
        if type(error) is not MediaError:
            raise


def _window(held: Samples, first: int, span: Interval) -> Window | None:
    begin = max(0, _sample(span.start) - first)
    samples = held[begin : max(0, _sample(span.end) - first)].copy()
    if len(samples) < SHORTEST * SAMPLE_RATE:
        return None
    return Window(Waveform(samples, first + begin), (span,))


def _sample(time: Seconds) -> int:
    return round(time * SAMPLE_RATE)
