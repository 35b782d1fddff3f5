"""What speed is measured on: short clips, one long file, and a mixed batch; each file with what was said."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import DATA, Recording, long_speech, other_speech, read_speech
from trax.audio import SAMPLE_RATE
from trax.timeline import Interval, Seconds

SHORT_CLIPS = 60
MIXED_CLIPS = 28
PIECE_LENGTHS: tuple[Seconds, ...] = (15, 20, 40, 50, 75)  # in turn: 22 pieces of them last 16 min
PIECES = 22
QUICK = {"a": 6, "b": 1, "c": 8}  # files
QUICK_PIECE: Seconds = 90  # stands for the long file


@dataclass(frozen=True, slots=True)
class SpeedSet:
    """Recordings that every system transcribes in one go."""

    key: str
    title: str
    recordings: tuple[Recording, ...]
    audio_seconds: Seconds
    words: int  # of the references


def speed_set(key: str, folder: Path, *, quick: bool = False) -> SpeedSet:
    """Set a, b or c; what has to be cut is written to `folder`."""
    titles = {"a": "short clips", "b": "one long file", "c": "mixed batch"}
    recordings = {"a": _short, "b": _long, "c": _mixed}[key](folder, quick)
    if quick:
        recordings = recordings[:: max(1, len(recordings) // QUICK[key])][: QUICK[key]]
    seconds = sum(_duration(recording.path) for recording in recordings)
    words = sum(len(recording.text.split()) for recording in recordings)
    return SpeedSet(key, titles[key], tuple(recordings), seconds, words)


def segment_clips(recording: Recording, folder: Path) -> list[Recording]:
    """Each segment of the reference as a file of its own."""
    groups = [[segment] for segment in recording.segments]
    return list(_cut(recording, groups, folder / "segments"))


def _short(_: Path, quick: bool) -> list[Recording]:
    return read_speech()[:SHORT_CLIPS]


def _long(folder: Path, quick: bool) -> list[Recording]:
    if not quick:
        return [long_speech()]
    groups = _groups(long_speech().segments, (QUICK_PIECE,))
    return list(_cut(long_speech(), groups[:1], folder / "quick"))


def _mixed(folder: Path, quick: bool) -> list[Recording]:
    """Every kind of English that has a reference, in an order in which the lengths are mixed."""
    long = long_speech()
    pieces = _cut(long, _groups(long.segments, PIECE_LENGTHS)[:PIECES], folder / "pieces")
    clips = read_speech()[:: len(read_speech()) // MIXED_CLIPS][:MIXED_CLIPS]
    recordings = [*other_speech(), *clips, _dialogue(), *pieces]
    chance = np.random.default_rng(5)
    return [recordings[number] for number in chance.permutation(len(recordings))]


def _dialogue() -> Recording:
    """30 s of two people on the phone."""
    folder = DATA / "speech" / "dialogue"
    turns = [line.split(maxsplit=5) for line in (folder / "sample.stm").read_text().splitlines()]
    turns = sorted((turn for turn in turns if len(turn) == 6), key=lambda turn: float(turn[3]))
    return Recording(folder / "sample.wav", " ".join(turn[5] for turn in turns))


Segment = tuple[Interval, str]


def _groups(segments: Sequence[Segment], lengths: Sequence[Seconds]) -> list[list[Segment]]:
    """Neighbouring segments in groups that last at least the lengths, in turn."""
    groups: list[list[Segment]] = [[]]
    for segment in segments:
        groups[-1].append(segment)
        if segment[0].end - groups[-1][0][0].start >= lengths[(len(groups) - 1) % len(lengths)]:
            groups.append([])
    return [group for group in groups if group]


def _cut(recording: Recording, groups: Sequence[Sequence[Segment]], folder: Path) -> Iterator[Recording]:
    folder.mkdir(parents=True, exist_ok=True)
    sound = _sound(recording.path)
    for number, group in enumerate(groups):
        path = folder / f"{recording.path.stem}-{number:03}.wav"
        first, last = group[0][0].start, group[-1][0].end
        _write(path, sound[int(first * SAMPLE_RATE) : int(last * SAMPLE_RATE)])
        yield Recording(path, " ".join(text for _, text in group))


def _sound(path: Path) -> NDArray[np.int16]:
    from faster_whisper.audio import decode_audio

    samples: NDArray[np.float32] = decode_audio(str(path), sampling_rate=SAMPLE_RATE)
    return np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _write(path: Path, samples: NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())


def _duration(path: Path) -> Seconds:
    from trax.media.probe import probe

    return probe(path).duration or 0.0
