"""What `benchmarks.accuracy` hears: clean recordings, the hard set, and sounds in which nobody says a word.

Of `speech/read`, and of the hard set that is made of it, there is only the half of the readers on which nothing was
tuned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.diarize_phrases import readers, sources
from benchmarks.diarize_sound import write_wav
from benchmarks.hard_set import ADDITIONS, at_loudness, clips, conditions_of, hard
from benchmarks.recordings import DATA, Recording, long_speech, other_speech

NOISES = ("empty.mp3", "empty.wav", "laugh1.mp3", "laugh2.mp3")  # of `speech/edge`
LOUD, QUIET = -26.0, -45.0  # dBFS
MADE = ("white", "pink", "music")
CLIPS = 4  # whose length made noise has


@dataclass(frozen=True, slots=True)
class Unit:
    """A recording and where it belongs."""

    set: str  # read, longform, other, silent; of the hard set the condition
    recording: Recording
    is_hard: bool = False

    @property
    def key(self) -> str:
        return f"{self.set}/{self.recording.name}"


def units(folder: Path, number: int) -> Iterator[Unit]:
    """All that is heard; each clip of the hard set under so many conditions, which take turns."""
    for reader in readers(held=True):
        for source in sources()[reader]:
            yield Unit("read", Recording(source.path, source.text))
    yield Unit("longform", long_speech())
    for recording in other_speech():
        yield Unit("other", recording)
    yield from _silent(folder)
    yield from _hard(folder, number)


def _silent(folder: Path) -> Iterator[Unit]:
    for name in NOISES:
        yield Unit("silent", Recording(DATA / "speech" / "edge" / name, ""))
    half = clips(held=True)
    for place, clip in enumerate(half[:CLIPS]):
        for kind in MADE:
            noise = ADDITIONS[kind](clip, half, np.random.default_rng(place))
            for level in (LOUD, QUIET):
                path = folder / f"{kind}{level:g}-{place}.wav"
                write_wav(path, at_loudness(noise, level))
                yield Unit("silent", Recording(path, ""))


def _hard(folder: Path, number: int) -> Iterator[Unit]:
    half = clips(held=True)
    turns = zip(*(conditions_of(place, number) for place in range(len(half))), strict=True)
    for turn in turns:  # so that a run that is cut short has heard every clip
        for clip, condition in zip(half, turn, strict=True):
            path = folder / f"{condition.name}-{clip.name}.wav"
            write_wav(path, hard(clip, half, condition))
            yield Unit(condition.name, Recording(path, clip.source.text), is_hard=True)


def seconds_of(path: Path) -> float:
    """How long a recording is."""
    from trax.media.probe import probe

    return probe(path).duration or 0.0
