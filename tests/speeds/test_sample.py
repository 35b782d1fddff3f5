"""Sound to measure on: as long as asked for, and the same sound over and over."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from trax.audio import SAMPLE_RATE
from trax.errors import UnreadableMedia
from trax.speeds.sample import beginning, sample_path, write_sound


def read(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_the_sample_is_there_and_speaks() -> None:
    sound = beginning(sample_path(), 3600)
    assert 30 * SAMPLE_RATE < len(sound) < 36 * SAMPLE_RATE
    assert np.abs(sound.astype(np.int32)).max() > 3000


def test_only_the_beginning_is_taken() -> None:
    whole = beginning(sample_path(), 3600)
    part = beginning(sample_path(), 5)
    assert len(part) == 5 * SAMPLE_RATE
    assert np.array_equal(part, whole[: len(part)])


def test_sound_is_repeated_or_cut_to_length(tmp_path: Path) -> None:
    sound = np.arange(3 * SAMPLE_RATE, dtype=np.int16)
    assert np.array_equal(read(write_sound(tmp_path / "short.wav", sound, 1)), sound[:SAMPLE_RATE])
    long = read(write_sound(tmp_path / "long.wav", sound, 7))
    assert len(long) == 7 * SAMPLE_RATE
    assert np.array_equal(long, np.resize(sound, 7 * SAMPLE_RATE))


def test_a_file_without_any_sound_is_refused(tmp_path: Path) -> None:
    write_sound(tmp_path / "empty.wav", np.zeros(1, dtype=np.int16), 0)
    with pytest.raises(UnreadableMedia):
        beginning(tmp_path / "empty.wav", 1)
