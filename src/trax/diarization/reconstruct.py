"""From the speakers of all windows back to turns on the time axis of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from trax.diarization.assignment import NOBODY
from trax.diarization.local_speakers import FRAME_DURATION, FRAME_STEP, FRAMES, Activity, LocalWindow, alone
from trax.timeline import Seconds

Counts = NDArray[np.uint16]
Turn = tuple[Seconds, Seconds, int]  # start, end, index of the speaker


def heard(window: LocalWindow) -> Activity:
    """All frames of each voice."""
    return window.activity


def windows_by_speaker(
    windows: Sequence[LocalWindow],
    speakers: NDArray[np.intp],
    number: int,
    part: Callable[[LocalWindow], Activity] = heard,
) -> Counts:
    """(frames of the file, number): in how many windows each speaker is heard then."""
    counts = np.zeros((frames_of(windows), number), dtype=np.uint16)
    for window, named in zip(windows, speakers, strict=True):
        frames, begin = part(window), first_frame(window)
        for speaker in set(named.tolist()) - {NOBODY}:
            counts[begin : begin + FRAMES, speaker] += frames[:, named == speaker].any(axis=1)
    return counts


def clean_seconds(windows: Sequence[LocalWindow], speakers: NDArray[np.intp], number: int) -> NDArray[np.float64]:
    """(number,): for how long each speaker is heard alone; time that several windows share counts once."""
    clean = windows_by_speaker(windows, speakers, number, lambda window: alone(window.activity))
    return np.asarray((clean > 0).sum(axis=0) * FRAME_STEP)


def speakers_at_once(windows: Sequence[LocalWindow]) -> NDArray[np.intp]:
    """(frames of the file,): how many people speak then, as most windows have it."""
    voices = np.zeros(frames_of(windows), dtype=np.float32)
    covering = np.zeros_like(voices)
    for window in windows:
        begin = first_frame(window)
        voices[begin : begin + FRAMES] += window.activity.sum(axis=1)
        covering[begin : begin + FRAMES] += 1
    return np.rint(voices / np.maximum(covering, 1)).astype(np.intp)


def turns(counts: Counts, at_once: NDArray[np.intp], duration: Seconds) -> list[Turn]:
    """Turns in order of time: in each frame as many speakers as `at_once` says, those that most windows have heard."""
    chosen = _loudest(counts, at_once)
    found = (turn for speaker in range(counts.shape[1]) for turn in _runs(chosen[:, speaker], speaker, duration))
    return sorted(found)


def _loudest(counts: Counts, at_once: NDArray[np.intp]) -> NDArray[np.bool_]:
    left = counts.copy()
    chosen = np.zeros(counts.shape, dtype=np.bool_)
    for place in range(min(int(at_once.max(initial=0)), counts.shape[1])):
        frames = np.flatnonzero(at_once > place)
        winners = left[frames].argmax(axis=1)
        chosen[frames, winners] |= left[frames, winners] > 0
        left[frames, winners] = 0
    return chosen


def _runs(active: NDArray[np.bool_], speaker: int, duration: Seconds) -> Iterator[Turn]:
    """Stretches of frames; a frame stands for the moment in its middle."""
    edges = np.flatnonzero(np.diff(active, prepend=False, append=False))
    for begin, end in edges.reshape(-1, 2).tolist():
        start = begin * FRAME_STEP + FRAME_DURATION / 2
        stop = min(end * FRAME_STEP + FRAME_DURATION / 2, duration)
        if start < stop:
            yield start, stop, speaker


def first_frame(window: LocalWindow) -> int:
    """Where the window begins, in frames of the file."""
    return round(window.start / FRAME_STEP)


def frames_of(windows: Iterable[LocalWindow]) -> int:
    """How many frames the file has, as far as windows reach."""
    return max((first_frame(window) + FRAMES for window in windows), default=0)
