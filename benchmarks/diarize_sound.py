"""The sound of a dialogue that is made up: voices with their levels, in a room, with its noise."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from benchmarks.diarize_phrases import Clip, Phrase
from trax.audio import SAMPLE_RATE, Samples
from trax.timeline import Interval, Seconds
from trax.turns import SpeakerTurn

LOUDNESS = -23.0  # dBFS of speech
LEVELS = (-5.0, 3.0)  # dB that readers differ by from that
QUIET_NOISE, ROOM_NOISE = -60.0, -48.0  # dBFS
REVERBERATION: Seconds = 0.35  # until it is 60 dB weaker
DIRECT = 6.0  # dB that a voice is above its own reverberation
MARGIN: Seconds = 0.05  # of a clip before and after its phrases, faded


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A turn that is to be mixed in."""

    start: Seconds
    clip: Clip
    phrases: tuple[Phrase, ...]  # one after the other, of that clip

    @property
    def length(self) -> Seconds:
        return self.phrases[-1].time.end - self.phrases[0].time.start

    @property
    def end(self) -> Seconds:
        return self.start + self.length

    def turns(self) -> Iterator[SpeakerTurn]:
        """Each phrase: a pause belongs to nobody."""
        shift = self.start - self.phrases[0].time.start
        for phrase in self.phrases:
            yield SpeakerTurn(phrase.time.start + shift, phrase.time.end + shift, self.clip.speaker)


def mixed(said: Sequence[Said], *, in_room: bool, seed: int) -> Samples:
    """The sound of it, at most 0.97 loud."""
    chance = np.random.default_rng([seed, 1])
    sound = _noise(in_room, max(one.end for one in said) + 1.0, chance)
    levels = {speaker: chance.uniform(*LEVELS) for speaker in sorted({one.clip.speaker for one in said})}
    rooms = {speaker: _room(chance) if in_room else None for speaker in sorted(levels)}
    for one in said:
        speaker = one.clip.speaker
        voice = _voice(one, levels[speaker], rooms[speaker])
        begin = round((one.start - MARGIN) * SAMPLE_RATE)
        end = min(begin + len(voice), len(sound))
        sound[begin:end] += voice[: end - begin]
    return np.asarray(sound * min(1.0, 0.97 / np.abs(sound).max()), dtype=np.float32)


def write_wav(path: Path, sound: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.rint(sound * 32767).astype("<i2").tobytes())


def on_the_phone(sound: Samples, seed: int) -> Samples:
    """The same voice as another device has it: 300 to 3400 Hz, in a room, with noise."""
    chance = np.random.default_rng([seed, 2])
    heard = _convolved(sound, _room(chance))
    spectrum = np.fft.rfft(heard)
    hertz = np.fft.rfftfreq(len(heard), 1 / SAMPLE_RATE)
    band = np.fft.irfft(spectrum * ((hertz >= 300) & (hertz <= 3400)), len(heard))
    noise = chance.standard_normal(len(band)) * np.sqrt(np.square(band).mean()) * _gain(-20)
    return np.asarray((band + noise) * min(1.0, 0.97 / np.abs(band + noise).max()), dtype=np.float32)


def _voice(said: Said, level: float, room: Samples | None) -> Samples:
    """The sound of a turn, with `MARGIN` before and after it, and what the room adds."""
    begin = round((said.phrases[0].time.start - MARGIN) * SAMPLE_RATE)
    end = round((said.phrases[-1].time.end + MARGIN) * SAMPLE_RATE)
    samples = said.clip.samples[max(0, begin) : end]
    part = np.pad(samples, (max(0, -begin), end - max(0, begin) - len(samples)))
    spoken = np.concatenate([said.clip.samples[_slice(phrase.time)] for phrase in said.phrases])
    ramp = np.linspace(0, 1, round(MARGIN * SAMPLE_RATE), dtype=np.float32)
    part[: len(ramp)] *= ramp
    part[-len(ramp) :] *= ramp[::-1]
    part = part * np.float32(_gain(LOUDNESS + level) / np.sqrt(np.square(spoken).mean() + 1e-12))
    return part if room is None else _convolved(part, room)


def _slice(time: Interval) -> slice:
    return slice(round(time.start * SAMPLE_RATE), round(time.end * SAMPLE_RATE))


def _room(chance: Generator) -> Samples:
    """What a room makes of a click."""
    samples = round(REVERBERATION * SAMPLE_RATE)
    tail = chance.standard_normal(samples) * 10 ** (-3 * np.arange(samples) / samples)
    tail[: round(0.005 * SAMPLE_RATE)] = 0
    tail *= _gain(-DIRECT) / np.sqrt(np.square(tail).sum())
    tail[0] = 1
    return np.asarray(tail, dtype=np.float32)


def _convolved(sound: Samples, room: Samples) -> Samples:
    length = len(sound) + len(room) - 1
    size = 1 << (length - 1).bit_length()
    product = np.fft.rfft(sound, size) * np.fft.rfft(room, size)
    return np.asarray(np.fft.irfft(product, size)[:length], dtype=np.float32)


def _noise(in_room: bool, seconds: Seconds, chance: Generator) -> Samples:
    """Pink noise, as of a room in which nobody speaks; the same minute again and again, without a seam."""
    samples = 60 * SAMPLE_RATE
    spectrum = np.fft.rfft(chance.standard_normal(samples))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[: round(50 * samples / SAMPLE_RATE)] = 0  # 50 Hz and less
    minute = np.fft.irfft(spectrum, samples)
    minute *= _gain(ROOM_NOISE if in_room else QUIET_NOISE) / np.sqrt(np.square(minute).mean())
    return np.resize(minute.astype(np.float32), round(seconds * SAMPLE_RATE))


def _gain(decibels: float) -> float:
    return float(10 ** (decibels / 20))
