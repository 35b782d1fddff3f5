"""Listening to sound as it streams by: what is in it beside speech.

A description: nothing is decided by it. What is right and what is wrong of it is in docs/coverage.md, measured by
`python -m benchmarks.coverage`; the thresholds were chosen by looking at some hundred short files of many kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples, Window
from trax.coverage.cells import CELL_SAMPLES, Cells
from trax.coverage.spans import Span, joined, shifted, track_of
from trax.coverage.values import Track
from trax.timeline import Seconds

FLOOR: Final = -60.0  # dBFS: what is weaker is silence, whatever the speech
BELOW_SPEECH: Final = (30.0, 20.0)  # dB: what is weaker than speech by the first is silence, by less than the other not
ROOM: Final = 6.0  # dB above the quietest tenth of the pauses: in between, what only a room sounds like is silence
FEWEST_TONES: Final = 10.0  # of a cell of music, in the mean of its neighbourhood
NEAR: Final = 5  # cells of which most are loud, where it isn't silent: a click alone is no noise
FAR: Final = 31  # cells, 4 s: the neighbourhood in which music is told from noise

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


class Listener:
    """Hears the sound that is given to the VAD, and the windows that it makes of it.

    blocks = listener.listen(blocks)
    for window in windows(blocks): listener.heard(window)
    listener.track()
    """

    def __init__(self) -> None:
        self._cells = Cells()
        self._speech: list[tuple[Seconds, Seconds]] = []

    def listen(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, as they are asked for."""
        for block in blocks:
            self._cells.add(block)
            yield block

    def heard(self, window: Window) -> None:
        """Take up the speech of the next window, whose times begin with the sound."""
        self._speech += [(region.start, region.end) for region in window.speech]

    def track(self, start: Seconds = 0.0) -> Track:
        """What was heard in all of the sound, which begins at that moment of the media."""
        whole = (0, _ms(self._cells.samples))
        speech = joined((round(first * 1000), round(last * 1000)) for first, last in self._speech)
        loud, music = _told_apart(self._cells, speech)
        layers = [("speech", speech), ("music", _spans(music)), ("noise", _spans(loud))]
        track = track_of([(kind, spans) for kind, spans in layers], whole, "silence")
        return shifted(track, round(start * 1000))


def _told_apart(cells: Cells, speech: list[Span]) -> tuple[Flags, Flags]:
    """Which cells are not silent, and which of these are music."""
    levels, tones = cells.ended()
    outside = _outside(speech, len(levels))
    loud = (levels > _silence(levels[~outside], levels[outside])) & outside
    mostly_loud = _mean(loud, outside, NEAR) >= 0.5
    is_music = _mean(tones, loud, FAR) >= FEWEST_TONES
    mostly_loud &= outside
    return _to_the_edge(mostly_loud, outside), _to_the_edge(mostly_loud & is_music, outside)


def _to_the_edge(flags: Flags, outside: Flags) -> Flags:
    """With the cells that speech only begins or ends in: what is beside it, goes up to it."""
    beside = np.zeros_like(flags)
    beside[1:] |= flags[:-1]
    beside[:-1] |= flags[1:]
    return flags | (beside & ~outside)


def _silence(speech: Numbers, pauses: Numbers) -> float:
    """Level below which it is silent, in dBFS; by the levels of the speech and of the pauses, where there are any."""
    if not len(speech) or not len(pauses):
        return FLOOR
    loudness = 10 * np.log10(np.mean(10 ** (speech / 10)))
    room = np.quantile(pauses, 0.1) + ROOM
    return max(FLOOR, float(np.clip(room, loudness - BELOW_SPEECH[0], loudness - BELOW_SPEECH[1])))


def _outside(speech: list[Span], count: int) -> Flags:
    """The cells in which there is no speech at all."""
    outside = np.ones(count, dtype=np.bool_)
    for start, end in speech:
        outside[start * SAMPLE_RATE // 1000 // CELL_SAMPLES : -(-end * SAMPLE_RATE // 1000 // CELL_SAMPLES)] = False
    return outside


def _mean(values: Numbers | Flags, counted: Flags, width: int) -> Numbers:
    """The mean of the counted values around each cell; 0 where none is counted."""
    sums, counts = _around(np.where(counted, values, 0.0), width), _around(counted.astype(np.float64), width)
    return sums / np.maximum(counts, 1.0)


def _around(values: Numbers, width: int) -> Numbers:
    """Sums of so many values around each."""
    sums = np.cumsum(np.pad(values, (width // 2 + 1, width // 2)))
    return sums[width:] - sums[:-width]


def _spans(flags: Flags) -> list[Span]:
    """Where cells are set, in milliseconds."""
    edges = np.flatnonzero(np.diff(np.pad(flags.astype(np.int8), 1)))
    return [(_ms(first * CELL_SAMPLES), _ms(last * CELL_SAMPLES)) for first, last in edges.reshape(-1, 2).tolist()]


def _ms(samples: int) -> int:
    return round(samples * 1000 / SAMPLE_RATE)
