"""The hard set: clips of `speech/read` in noise, in music, among other voices, in a room, clipped, and on the phone.

    python -m benchmarks.hard_set FOLDER [--held]

writes the clips to `FOLDER`, to be listened to. The same clip sounds the same every time, to the sample. The readers
are in two halves: whatever is tuned is tuned on one of them (`tune`), and the other (`held`) is what is reported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.diarize_phrases import Source, readers, sound_of, sources
from benchmarks.diarize_sound import write_wav
from benchmarks.recordings import Recording
from trax.audio import SAMPLE_RATE, Samples
from trax.timeline import Seconds

SEED = 8
LEVELS = (10.0, 5.0)  # dB that the voice is above what is mixed in
TURN = 5  # conditions that follow each other on one clip lie so far apart
PEAK = 0.97
VOICES = 4  # that speak at the same time in the background
LOWEST_HERTZ = 50.0  # of pink noise
ECHO: Seconds = 0.8  # until it is 60 dB weaker
FIRST_ECHO: Seconds = 0.01
CLIPPED = 0.2  # share of the samples
PHONE_RATE = 8_000
PHONE_BAND = (300.0, 3400.0)  # Hz
MU = 255  # ITU-T G.711
CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))  # semitones above the key
BEATS_PER_CHORD = 4
OVERTONES = 6

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Condition:
    """What was done to a clip."""

    kind: str  # of `KINDS`
    level: float | None = None  # dB, where something is mixed in

    @property
    def name(self) -> str:
        return self.kind if self.level is None else f"{self.kind}-{self.level:g}"


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clean clip."""

    source: Source
    samples: Samples

    @property
    def name(self) -> str:
        return self.source.path.stem


# The clip, all other clips of its half by reader, and chance to what is mixed in, as long as the clip
Addition = Callable[[Clip, Sequence[Clip], Generator], Numbers]


def clips(*, held: bool) -> list[Clip]:
    """All clips of one half of the readers, in order of their names."""
    return list(_clips(held))


def conditions() -> list[Condition]:
    """All that is done to clips; `CLEAN` isn't one of them."""
    mixed = [Condition(kind, level) for kind in ADDITIONS for level in LEVELS]
    return [*mixed, *map(Condition, CHANGES)]


def conditions_of(place: int, number: int) -> list[Condition]:
    """So many conditions for the clip at that place of its half: all of them take turns."""
    every = conditions()
    return [every[(place + TURN * turn) % len(every)] for turn in range(min(number, len(every)))]


def hard(clip: Clip, half: Sequence[Clip], condition: Condition) -> Samples:
    """The clip under a condition; the other voices are those of `half`, to which it belongs."""
    if condition == CLEAN:
        return clip.samples
    # The level has no part in it: both levels have the same noise, so that nothing else differs between them
    chance = np.random.default_rng([SEED, crc32(f"{clip.name} {condition.kind}".encode())])
    voice = clip.samples.astype(np.float64)
    if condition.level is None:
        return _within_peak(CHANGES[condition.kind](voice))
    return _within_peak(at_level(voice, ADDITIONS[condition.kind](clip, half, chance), condition.level))


def recordings(condition: Condition, folder: Path, *, held: bool) -> list[Recording]:
    """The files of one condition, as WAV, with what is said in them."""
    folder = folder / condition.name
    folder.mkdir(parents=True, exist_ok=True)
    half = clips(held=held)
    found = []
    for clip in half:
        path = folder / f"{clip.name}.wav"
        write_wav(path, hard(clip, half, condition))
        found.append(Recording(path, clip.source.text))
    return found


def at_level(voice: Numbers, other: Numbers, decibels: float) -> Numbers:
    """Both together, the voice so much above the other, both by their mean power."""
    gain = np.sqrt(np.square(voice).mean() / (np.square(other).mean() + 1e-12)) * 10 ** (-decibels / 20)
    return np.asarray(voice + gain * other)


def at_loudness(sound: Numbers, level: float) -> Samples:
    """The sound at so many dBFS, by its mean power."""
    return np.asarray(sound / np.sqrt(np.square(sound).mean()) * 10 ** (level / 20), dtype=np.float32)


def white(clip: Clip, _: Sequence[Clip], chance: Generator) -> Numbers:
    return chance.standard_normal(len(clip.samples))


def pink(clip: Clip, _: Sequence[Clip], chance: Generator) -> Numbers:
    length = len(clip.samples)
    spectrum = np.fft.rfft(chance.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    return np.fft.irfft(spectrum * (hertz >= LOWEST_HERTZ) / np.sqrt(np.maximum(hertz, LOWEST_HERTZ)), length)


def babble(clip: Clip, half: Sequence[Clip], chance: Generator) -> Numbers:
    """Several other readers at once, equally loud."""
    others = sorted({other.source.speaker for other in half} - {clip.source.speaker})
    speakers = chance.choice(others, VOICES, replace=False)
    mixed = np.zeros(len(clip.samples))
    for speaker in speakers:
        own = [other for other in half if other.source.speaker == speaker]
        voice = own[chance.integers(len(own))].samples.astype(np.float64)
        voice = np.resize(np.roll(voice, -int(chance.integers(len(voice)))), len(mixed))
        mixed += voice / np.sqrt(np.square(voice).mean() + 1e-12)
    return mixed


def echo(clip: Clip, _: Sequence[Clip], chance: Generator) -> Numbers:
    """What a large room adds to the voice: noise that dies away, as its answer to a click."""
    length = round(ECHO * SAMPLE_RATE)
    room = chance.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    room[: round(FIRST_ECHO * SAMPLE_RATE)] = 0
    size = 1 << (len(clip.samples) + length).bit_length()
    heard = np.fft.irfft(np.fft.rfft(clip.samples, size) * np.fft.rfft(room, size), size)
    return np.asarray(heard[: len(clip.samples)])


def music(clip: Clip, _: Sequence[Clip], chance: Generator) -> Numbers:
    """A band without a singer: chords, a bass, a melody and drums."""
    seconds = len(clip.samples) / SAMPLE_RATE
    beat = 60 / chance.uniform(80, 130)
    key = 55 * 2 ** (chance.integers(12) / 12)
    played = np.zeros(len(clip.samples))
    for number in range(int(seconds / beat) + 1):
        start = number * beat
        chord = CHORDS[number // BEATS_PER_CHORD % len(CHORDS)]
        if number % BEATS_PER_CHORD == 0:
            for tone in chord:
                _add(played, start, 0.35 * _tone(key * 2 ** (tone / 12 + 1), BEATS_PER_CHORD * beat, 1.5))
        _add(played, start, 0.8 * _tone(key * 2 ** (chord[0] / 12), beat, 3.0))
        for half in (0.0, beat / 2):
            tone = int(chance.choice(chord)) + 12 * int(chance.integers(2))
            _add(played, start + half, 0.5 * _tone(key * 2 ** (tone / 12 + 2), beat / 2, 5.0))
        _add(played, start + beat / 2, 0.6 * _struck(chance, 40.0) if number % 2 else 0.6 * _struck(chance, 90.0))
    return played


def clipped(voice: Numbers) -> Numbers:
    """A recording that was much too loud."""
    limit = np.quantile(np.abs(voice), 1 - CLIPPED)
    return np.asarray(np.clip(voice, -limit, limit) * (PEAK / max(limit, 1e-6)))


def phone(voice: Numbers) -> Numbers:
    """A call over a landline: its band, its rate, its 8 bits."""
    length = 2 * (len(voice) // 2)
    spectrum = np.fft.rfft(voice[:length])
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    spectrum[(hertz < PHONE_BAND[0]) | (hertz > PHONE_BAND[1])] = 0
    narrow = np.fft.irfft(spectrum[: length // 4 + 1], length // 2) / (SAMPLE_RATE / PHONE_RATE)
    decoded = np.fft.rfft(_mu_law(narrow))
    wide = np.fft.irfft(decoded * (SAMPLE_RATE / PHONE_RATE), length)
    return np.pad(wide, (0, len(voice) - length))


CLEAN = Condition("clean")
ADDITIONS: Mapping[str, Addition] = {"white": white, "pink": pink, "music": music, "babble": babble, "echo": echo}
CHANGES: Mapping[str, Callable[[Numbers], Numbers]] = {"clipped": clipped, "phone": phone}


def _mu_law(voice: Numbers) -> Numbers:
    """The voice as 8 bits can say it."""
    peak = np.abs(voice).max() + 1e-12
    compressed = np.sign(voice) * np.log1p(MU * np.abs(voice) / peak) / np.log1p(MU)
    steps = np.rint(compressed * 127) / 127
    return np.asarray(np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(MU)) / MU * peak)


def _tone(hertz: float, seconds: Seconds, decay: float) -> Numbers:
    """A plucked string."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    swing = sum(
        np.sin(2 * np.pi * hertz * number * times) / number**1.5
        for number in range(1, OVERTONES + 1)
        if hertz * number < SAMPLE_RATE / 2
    )
    return np.asarray(swing * np.exp(-decay * times) * np.minimum(1, times / 0.005))


def _struck(chance: Generator, decay: float) -> Numbers:
    """A drum."""
    times = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(chance.standard_normal(len(times)) * np.exp(-decay * times))


def _add(played: Numbers, start: Seconds, sound: Numbers) -> None:
    begin = round(start * SAMPLE_RATE)
    part = sound[: max(0, len(played) - begin)]
    played[begin : begin + len(part)] += part


def _within_peak(sound: Numbers) -> Samples:
    return np.asarray(sound * min(1.0, PEAK / (np.abs(sound).max() + 1e-12)), dtype=np.float32)


@cache
def _clips(held: bool) -> tuple[Clip, ...]:
    return tuple(sorted(_loaded(held), key=lambda clip: clip.name))


def _loaded(held: bool) -> Iterator[Clip]:
    everything = sources()
    for speaker in readers(held=held):
        yield from (Clip(source, sound_of(source.path)) for source in everything[speaker])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held", action="store_true", help="the readers on whom nothing is tuned")
    options = parser.parse_args()
    for condition in conditions():
        print(condition.name, len(recordings(condition, options.folder, held=options.held)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
