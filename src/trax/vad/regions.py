"""From speech probabilities to regions of speech: a region starts loud and clear and ends after a real pause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trax.timeline import Seconds
from trax.vad.silero import FRAME_SECONDS, Probabilities

Region = tuple[int, int]  # frames [start, end)


@dataclass(frozen=True, slots=True)
class VadOptions:
    """What counts as speech, and how windows are cut."""

    threshold: float = 0.5  # speech starts at this probability (Silero's own default)
    end_threshold: float = 0.35  # and lasts as long as it isn't below this one
    min_speech: Seconds = 0.2  # what is shorter is a click or a breath: a short "yes" lasts longer
    min_pause: Seconds = 0.1  # shorter ones lie within words
    padding: Seconds = 0.4  # kept before and after speech: soft beginnings and endings of words
    max_pause: Seconds = 3.0  # silence that is longer ends a window
    max_window: Seconds = 30.0  # what the model takes
    min_window: Seconds = 20.0  # a window that must be cut isn't cut before


def frames_of(seconds: Seconds) -> int:
    """Frames that begin within so many seconds, at least one."""
    return max(1, int(seconds / FRAME_SECONDS))


def speech_regions(
    probabilities: Probabilities, options: VadOptions, *, in_speech: bool = False, final: bool = True
) -> list[Region]:
    """Regions of speech in order, disjoint, each at least `min_speech` long.

    `in_speech`: the first frame continues a region of what came before. `final`: nothing follows; else a region at the
    end is kept however short it is still.
    """
    shortest = frames_of(options.min_speech)
    regions = []
    for start, end in _regions(probabilities, options, in_speech, final):
        continues = (in_speech and start == 0) or (not final and end == len(probabilities))
        if end > start and (continues or end - start >= shortest):
            regions.append((start, end))
    return regions


def _regions(probabilities: Probabilities, options: VadOptions, in_speech: bool, final: bool) -> Iterator[Region]:
    pause = frames_of(options.min_pause)
    start = 0 if in_speech else -1
    quiet = -1  # first frame of the silence that may end the region
    for frame, probability in enumerate(probabilities.tolist()):
        if probability >= options.threshold:
            quiet = -1
            if start < 0:
                start = frame
        elif start >= 0 and probability < options.end_threshold:
            if quiet < 0:
                quiet = frame
            if frame - quiet + 1 >= pause:
                yield start, quiet
                start = quiet = -1
    if start >= 0:
        yield start, quiet if final and quiet >= 0 else len(probabilities)
