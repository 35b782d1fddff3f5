"""Windows of at most 30 s for the model, cut where the speaker pauses, from a stream of any length.

A window is unbroken sound of the media: pauses within it stay. What no window covers is silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from trax.audio import SAMPLE_RATE, Samples, Waveform, Window
from trax.timeline import Interval
from trax.vad.regions import Region, VadOptions, frames_of, speech_regions
from trax.vad.silero import FRAME_SAMPLES, FRAME_SECONDS, Probabilities, speech_probabilities

DEFAULT_OPTIONS = VadOptions()


def windows(blocks: Iterable[Samples], options: VadOptions = DEFAULT_OPTIONS) -> Iterator[Window]:
    """Windows in order, disjoint, covering all speech; `blocks` are contiguous from the start of the media.

    At most some 35 s of sound are kept at a time, and no cut depends on how the sound is divided into blocks.
    """
    return cut_windows(speech_probabilities(blocks), options)


def cut_windows(
    stream: Iterable[tuple[Samples, Probabilities]], options: VadOptions = DEFAULT_OPTIONS
) -> Iterator[Window]:
    """Windows of a stream of sound whose speech probabilities are known already."""
    pending = _Pending()
    lookahead = frames_of(options.max_window) + frames_of(options.max_pause) + frames_of(options.min_pause)
    for samples, probabilities in stream:
        pending.append(samples, probabilities)
        while len(pending.probabilities) >= lookahead:
            yield from _advance(pending, lookahead, options, final=False)
    while len(pending.probabilities):
        final = len(pending.probabilities) <= lookahead
        yield from _advance(pending, lookahead, options, final=final)


@dataclass(slots=True)
class _Pending:
    """Sound that no window holds yet."""

    samples: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    probabilities: Probabilities = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    start_sample: int = 0
    in_speech: bool = False  # the first frame continues a region that the last window had to break

    def append(self, samples: Samples, probabilities: Probabilities) -> None:
        self.samples = np.concatenate((self.samples, samples))
        self.probabilities = np.concatenate((self.probabilities, probabilities))

    def drop(self, frames: int, *, in_speech: bool = False) -> None:
        taken = min(frames * FRAME_SAMPLES, len(self.samples))
        self.samples = self.samples[taken:]
        self.probabilities = self.probabilities[frames:]
        self.start_sample += taken
        self.in_speech = in_speech

    def window(self, end: int, regions: list[Region]) -> Window:
        """The first `end` frames, with the regions' parts that lie in them."""
        samples = self.samples[: end * FRAME_SAMPLES].copy()
        offset = self.start_sample / SAMPLE_RATE
        last = offset + len(samples) / SAMPLE_RATE
        speech = tuple(
            Interval(offset + first * FRAME_SECONDS, min(last, offset + min(stop, end) * FRAME_SECONDS))
            for first, stop in regions
            if first < end
        )
        return Window(Waveform(samples, self.start_sample), speech)


def _advance(pending: _Pending, lookahead: int, options: VadOptions, *, final: bool) -> Iterator[Window]:
    """Drop silence or take one window; something always goes."""
    probabilities = pending.probabilities[:lookahead]
    regions = speech_regions(probabilities, options, in_speech=pending.in_speech, final=final)
    padding = frames_of(options.padding)
    lead = (regions[0][0] if regions else len(probabilities)) - padding
    if not regions and final:
        pending.drop(len(probabilities))
    elif lead > 0:
        pending.drop(lead)
    else:
        end = _window_end(regions, probabilities, options, final=final)
        yield pending.window(end, regions)
        pending.drop(end, in_speech=any(first < end < stop for first, stop in regions))


def _window_end(regions: list[Region], probabilities: Probabilities, options: VadOptions, *, final: bool) -> int:
    """Frame at which the window that begins at frame 0 ends."""
    limit = min(frames_of(options.max_window), len(probabilities))
    padding, longest = frames_of(options.padding), frames_of(options.max_pause)
    for number, (_, stop) in enumerate(regions):
        if stop > limit:
            break
        last = number == len(regions) - 1
        next_start = len(probabilities) if last else regions[number + 1][0]
        if next_start - stop > longest or (last and final):
            return min(stop + padding, limit, len(probabilities))
    return _cut(regions, probabilities, limit, options)


def _cut(regions: list[Region], probabilities: Probabilities, limit: int, options: VadOptions) -> int:
    """The best pause near the end of the window; where nobody pauses, the frame least like speech."""
    padding, earliest = frames_of(options.padding), frames_of(options.min_window)
    best, best_score = 0, -1.0
    for (_, stop), (start, _) in zip(regions, [*regions[1:], (len(probabilities),) * 2], strict=True):
        if not earliest <= stop < limit:
            continue
        pause = (start - stop) * FRAME_SECONDS
        score = min(pause, 1.0) + 0.5 * stop / limit
        if score > best_score:
            best, best_score = min(stop + min(padding, (start - stop) // 2), limit), score
    if best:
        return best
    smooth = np.convolve(np.pad(probabilities[:limit], 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return earliest + int(np.argmin(smooth[earliest:])) if limit > earliest else limit
