"""What dialogues are made of: readers' clips, cut where they pause, with the words of each phrase.

Where somebody speaks is told by the sound's energy, so that pauses of a reader count as nobody's speech.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from benchmarks.recordings import DATA
from trax.audio import SAMPLE_RATE, Samples
from trax.media.decode import DecodeOptions, decode
from trax.timeline import Interval, Seconds, union
from trax.transcript import Word

FRAME: Seconds = 0.01
SMOOTHED = 5  # frames
ABOVE_NOISE, BELOW_SPEECH = 10.0, 35.0  # dB: what is speech is so far above the one and not farther below the other
PAUSE: Seconds = 0.3  # shorter ones are part of the speech
SHORTEST: Seconds = 0.1


@dataclass(frozen=True, slots=True)
class Phrase:
    """Speech between two pauses of a reader."""

    time: Interval  # of the clip
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A recording of one reader."""

    name: str
    speaker: str
    samples: Samples
    phrases: tuple[Phrase, ...]  # those in which there are words


@dataclass(frozen=True, slots=True)
class Source:
    """A recording as it lies on disk."""

    path: Path
    speaker: str
    text: str


def sources() -> dict[str, list[Source]]:
    """All clips of `speech/read`, by reader."""
    folder = DATA / "speech" / "read"
    found: dict[str, list[Source]] = {}
    for entry in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines()):
        found.setdefault(entry["speaker"], []).append(Source(folder / entry["file"], entry["speaker"], entry["text"]))
    return {speaker: sorted(found[speaker], key=lambda one: one.path.name) for speaker in sorted(found, key=int)}


def readers(*, held: bool) -> list[str]:
    """Half of the readers: those on whom nothing was ever tried out, or the others."""
    return list(sources())[1 if held else 0 :: 2]


def clip_of(source: Source, heard: Sequence[Word]) -> Clip:
    """The clip with its words where they are said; `heard` tells when, its text doesn't matter where it is wrong."""
    samples = sound_of(source.path)
    words = source.text.lower().split()
    spoken = speech(samples)
    said: dict[int, list[str]] = {}
    for word, time in zip(words, word_times(words, heard), strict=True):
        nearest = min(range(len(spoken)), key=lambda number: _distance(spoken[number], time))
        said.setdefault(nearest, []).append(word)
    phrases = tuple(Phrase(spoken[number], tuple(said[number])) for number in sorted(said))
    return Clip(source.path.name, source.speaker, samples, phrases)


def sound_of(path: Path) -> Samples:
    with decode(path, DecodeOptions()) as decoding:
        return np.concatenate(list(decoding))


def speech(samples: Samples) -> list[Interval]:
    """Where somebody speaks in a clean recording of one person."""
    size = round(FRAME * SAMPLE_RATE)
    frames = len(samples) // size
    energy = np.square(samples[: frames * size].reshape(frames, size)).mean(axis=1)
    loudness = 10 * np.log10(np.convolve(energy, np.ones(SMOOTHED) / SMOOTHED, "same") + 1e-10)
    quiet, loud = np.percentile(loudness, (5, 95))
    is_loud = loudness > max(quiet + ABOVE_NOISE, loud - BELOW_SPEECH)
    edges = np.flatnonzero(np.diff(is_loud, prepend=False, append=False)).reshape(-1, 2) * FRAME
    joined = union((Interval(start, end) for start, end in edges.tolist()), max_gap=PAUSE)
    return [found for found in joined if found.duration >= SHORTEST]


def word_times(words: Sequence[str], heard: Sequence[Word]) -> list[Seconds]:
    """When each word is said: its middle where it was heard, else between its neighbours."""
    tokens, known = [token(word) for word in words], [token(word.text) for word in heard]
    places: list[float] = []
    times: list[Seconds] = []
    for block in SequenceMatcher(None, tokens, known, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            word = heard[block.b + step]
            places.append(block.a + step)
            times.append((word.start + word.end) / 2)
    if not places:
        raise ValueError("nothing of it was heard")
    return [float(time) for time in np.interp(np.arange(len(words)), places, times)]


def token(text: str) -> str:
    """A word without what only writing knows."""
    return re.sub(r"[^a-z0-9']", "", text.lower().replace("’", "'"))


def speech_seconds(clips: Iterable[Clip]) -> Mapping[str, Seconds]:
    """How long each reader speaks in all clips together."""
    found: dict[str, Seconds] = {}
    for clip in clips:
        found[clip.speaker] = found.get(clip.speaker, 0.0) + sum(phrase.time.duration for phrase in clip.phrases)
    return found


def _distance(interval: Interval, time: Seconds) -> Seconds:
    return max(interval.start - time, time - interval.end, 0.0)
