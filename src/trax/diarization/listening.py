"""Sound in, the voices of each window out: the nets do as little work as will do.

The embedding net sees each stretch of sound once, and not once for every voice of every window that it is in. Where
nobody speaks it isn't asked at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from trax.audio import SAMPLE_RATE, Samples
from trax.diarization.fbank import FRAME, STEP, Features, fbank
from trax.diarization.local_speakers import (
    DIMENSIONS,
    FRAMES,
    VOICES,
    WINDOW,
    Activity,
    LocalWindow,
    alone,
    clean_voices,
)
from trax.diarization.networks import Networks, Vectors
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds

WINDOW_SAMPLES = int(WINDOW * SAMPLE_RATE)
TRUNK_STEP = 8 * STEP  # samples that a row of the trunk's features stands for
STRETCH = WINDOW_SAMPLES  # samples that the trunk sees at once, as it was trained
ROWS = STRETCH // TRUNK_STEP
MARGIN = 6 * TRUNK_STEP  # of sound before and after it, so that its ends are heard as its middle is
SECTION = 6  # stretches that are shared out among the threads together
SILENT = 1e-4  # a window that never gets louder (-80 dBFS) holds no voice
FEW_FRAMES = 2  # alone for less, a voice is taken with the others that talk over it


@dataclass(slots=True)
class Sound:
    """The part of the sound that is still needed."""

    blocks: Iterator[Samples]
    begin: int = 0  # of the part, in samples of the whole
    known: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    is_over: bool = False

    @property
    def end(self) -> int:
        return self.begin + len(self.known)

    def read_to(self, end: int) -> None:
        """Read until so much is known, or there is no more."""
        parts = [self.known]
        known = self.end
        while known < end and not self.is_over:
            block = next(self.blocks, None)
            if block is None:
                self.is_over = True
            else:
                parts.append(block)
                known += len(block)
        self.known = np.concatenate(parts) if len(parts) > 1 else self.known

    def forget_before(self, begin: int) -> None:
        if begin > self.begin:
            self.known = self.known[begin - self.begin :].copy()
            self.begin = begin

    def part(self, begin: int, end: int) -> Samples:
        """As much of it as there is."""
        return self.known[max(0, begin - self.begin) : max(0, end - self.begin)]


@dataclass(slots=True)
class Listener:
    """Hears the voices of one file."""

    networks: Networks
    hop: Callable[[Seconds], Seconds]  # from one window to the next, by where the first begins
    threads: int
    check: Callable[[], None]
    watch: Stopwatch
    _rows: dict[int, Vectors] = field(default_factory=dict)  # the trunk's features, by the stretch's number
    duration: Seconds = 0.0

    def windows(self, blocks: Iterable[Samples]) -> Iterator[LocalWindow]:
        """The voices of each window, in order; windows in which nobody speaks are left out."""
        sound = Sound(iter(blocks))
        begin = 0
        with ThreadPoolExecutor(self.threads, thread_name_prefix="trax-voices") as pool:
            while True:
                end = begin + SECTION * STRETCH
                sound.read_to(end + 2 * STRETCH + MARGIN)
                starts = list(self._starts(begin, min(end, sound.end), sound))
                yield from self._section(starts, sound, pool)
                self.duration = min(end, sound.end) / SAMPLE_RATE
                if sound.is_over and (not starts or end >= sound.end):
                    break
                begin = end
                sound.forget_before(begin - STRETCH - MARGIN)
                self._rows = {number: rows for number, rows in self._rows.items() if number >= begin // STRETCH - 1}
        self.duration = sound.end / SAMPLE_RATE

    def _starts(self, begin: int, end: int, sound: Sound) -> Iterator[int]:
        """Where windows begin, in samples; the last one reaches the end of the sound."""
        at = self._next(begin)
        while at < end and (at == 0 or at - self._step(at) + WINDOW_SAMPLES < sound.end):
            yield at
            at += self._step(at)

    def _step(self, at: int) -> int:
        return round(self.hop(at / SAMPLE_RATE) * SAMPLE_RATE)

    def _next(self, begin: int) -> int:
        """The first window that doesn't begin before."""
        step = self._step(begin)
        return -(-begin // step) * step

    def _section(self, starts: list[int], sound: Sound, pool: ThreadPoolExecutor) -> Iterator[LocalWindow]:
        self.check()
        with self.watch.stage("segmentation"):
            activities = list(pool.map(lambda at: self._activity(sound, at), starts))
        heard = [(at, activity) for at, activity in zip(starts, activities, strict=True) if activity.any()]
        self.check()
        with self.watch.stage("embedding"):
            needed = {number for at, activity in heard for number in _stretches(at, activity)} - set(self._rows)
            order = sorted(needed)
            self._rows.update(zip(order, pool.map(lambda number: self._features(sound, number), order), strict=True))
            found = list(pool.map(lambda one: self._window(*one), heard))
        yield from found

    def _activity(self, sound: Sound, at: int) -> Activity:
        self.check()
        part = sound.part(at, at + WINDOW_SAMPLES)
        if len(part) < FRAME or np.abs(part).max() < SILENT:
            return np.zeros((FRAMES, VOICES), np.uint8)
        return self.networks.activity(np.pad(part, (0, WINDOW_SAMPLES - len(part))))

    def _features(self, sound: Sound, number: int) -> Vectors:
        """(ROWS, channels): of a stretch, heard with some sound before and after it."""
        self.check()
        begin = number * STRETCH
        first = max(begin - MARGIN, 0)
        bands = fbank(sound.part(first, begin + STRETCH + MARGIN + FRAME - STEP))
        if len(bands) == 0:
            return np.zeros((ROWS, self.networks.head.channels), np.float32)
        own = bands[(begin - first) // STEP : (begin - first + STRETCH) // STEP]
        rows = self.networks.features(_levelled(bands, own))[(begin - first) // TRUNK_STEP :][:ROWS]
        return np.pad(rows, ((0, ROWS - len(rows)), (0, 0)))

    def _window(self, at: int, activity: Activity) -> LocalWindow:
        voices = np.flatnonzero(activity.any(axis=0))
        clean = alone(activity)
        taken = np.where(clean.sum(axis=0) > FEW_FRAMES, clean, activity)[:, voices]
        rows, masks = self._rows_under(at, taken)
        embeddings = np.full((VOICES, DIMENSIONS), np.nan, np.float32)
        there = masks.any(axis=1)
        if there.any():
            embeddings[voices[there]] = self.networks.head(rows, masks[there])
        return LocalWindow(at / SAMPLE_RATE, activity, embeddings, clean_voices(activity))

    def _rows_under(self, at: int, taken: Activity) -> tuple[Vectors, Activity]:
        """(rows, channels) and (voices, rows): the features of the window's sound, and whose they are."""
        first = at // TRUNK_STEP
        moments = (np.arange(first, first + ROWS + 1) * TRUNK_STEP + TRUNK_STEP // 2 - at) / WINDOW_SAMPLES
        inside = np.flatnonzero((moments >= 0) & (moments < 1))
        rows = np.concatenate([self._of_stretch(first // ROWS + n) for n in (0, 1)])[first % ROWS + inside]
        return rows, taken[(moments[inside] * FRAMES).astype(int)].T

    def _of_stretch(self, number: int) -> Vectors:
        """The features of a stretch; zeros where nobody speaks and nobody asked for them."""
        known = self._rows.get(number)
        return np.zeros((ROWS, self.networks.head.channels), np.float32) if known is None else known


def _levelled(bands: Features, own: Features) -> Features:
    """Less the mean of the stretch itself: the microphone's part of it."""
    return bands - own.mean(axis=0, keepdims=True) if len(own) else bands


def _stretches(at: int, activity: Activity) -> set[int]:
    """Numbers of the stretches in which somebody speaks in this window."""
    frames = np.flatnonzero(activity.any(axis=1))
    first, last = (at + int(frames[n] * WINDOW_SAMPLES / FRAMES) for n in (0, -1))
    begin, end = first // STRETCH, min(last, at + WINDOW_SAMPLES - 1) // STRETCH
    return set(range(begin, end + 1))
