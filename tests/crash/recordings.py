"""Many short recordings out of one: real sound, and no two files with the same bytes."""

from __future__ import annotations

import random
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trax.audio import SAMPLE_RATE, Samples
from trax.media.decode import DecodeOptions, decode

SOURCE = Path(__file__).resolve().parents[2] / "samples" / "conversation.ogg"
SHORTEST, LONGEST = 2.0, 6.0  # seconds


class Recordings:
    """Cuts the sample conversation into files in `folder`."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._folder = folder
        self._chance = chance
        self._count = 0
        self._sound: Samples | None = None

    def make(self, conduct: str, count: int) -> list[Path]:
        """So many new files whose names begin with `conduct`."""
        return [self._cut(conduct) for _ in range(count)]

    def repeated(self, seconds: float) -> Path:
        """The whole conversation again and again, for so long."""
        sound = self._whole()
        times = int(seconds * SAMPLE_RATE / len(sound)) + 1
        return self._write("repeated", np.tile(sound, times)[: int(seconds * SAMPLE_RATE)])

    def _cut(self, conduct: str) -> Path:
        sound = self._whole()
        length = int(self._chance.uniform(SHORTEST, LONGEST) * SAMPLE_RATE)
        start = self._chance.randrange(len(sound) - length)
        return self._write(conduct, sound[start : start + length])

    def _write(self, conduct: str, sound: Samples) -> Path:
        self._count += 1
        path = self._folder / f"{conduct}-{self._count:04}.wav"
        whole_numbers = (np.clip(sound, -1, 1) * 32767).astype("<i2")
        whole_numbers[0] = self._count  # one sample off, so that no two files are equal
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(whole_numbers.tobytes())
        return path

    def _whole(self) -> Samples:
        if self._sound is None:
            with decode(SOURCE, DecodeOptions()) as decoding:
                self._sound = np.concatenate(list(decoding))
        return self._sound


def texts(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]
