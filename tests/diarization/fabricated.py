"""Windows as the nets would return them, of conversations that are written down here: no model is needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trax.diarization.local_speakers import (
    DIMENSIONS,
    FRAME_DURATION,
    FRAME_STEP,
    FRAMES,
    VOICES,
    WINDOW,
    LocalWindow,
    clean_voices,
)
from trax.diarization.plda import REDUCED, Plda

Turns = Sequence[tuple[float, float, int]]

NOISE = 0.35  # length of what one person's embeddings differ by, beside a voice of length 1


def plain_plda() -> Plda:
    """Takes the first half of an embedding as it is; people differ four times as much as one person does."""
    return Plda(
        mean=np.zeros(DIMENSIONS),
        reduction=np.eye(DIMENSIONS, REDUCED),
        reduced_mean=np.zeros(REDUCED),
        centre=np.zeros(REDUCED),
        rotation=3.0 * np.eye(REDUCED),
        spread=np.full(REDUCED, 16.0),
    )


def voices(number: int, seed: int = 0) -> np.ndarray:
    """(number, DIMENSIONS): what people sound like, at right angles to each other."""
    random = np.random.default_rng(seed)
    return np.linalg.qr(random.normal(size=(REDUCED, number)))[0].T @ np.eye(REDUCED, DIMENSIONS)


def windows_of(
    turns: Turns, duration: float, hop: float = 1.0, seed: int = 0, starts: Sequence[float] | None = None
) -> list[LocalWindow]:
    """Windows of a conversation; the voices of each are in an order of its own."""
    random = np.random.default_rng(seed)
    people = voices(1 + max((who for _, _, who in turns), default=0))
    if starts is None:
        starts = np.arange(0.0, max(duration - WINDOW, 0.0) + hop, hop).tolist()
    return [_window(start, turns, people, random) for start in starts]


def _window(start: float, turns: Turns, people: np.ndarray, random: np.random.Generator) -> LocalWindow:
    moments = start + np.arange(FRAMES) * FRAME_STEP + FRAME_DURATION / 2
    activity = np.zeros((FRAMES, VOICES), dtype=np.uint8)
    embeddings = np.full((VOICES, DIMENSIONS), np.nan, dtype=np.float32)
    present = sorted({who for begin, end, who in turns if ((moments >= begin) & (moments < end)).any()})[:VOICES]
    for voice, who in zip(random.permutation(VOICES), present, strict=False):
        for begin, end, speaker in turns:
            activity[(moments >= begin) & (moments < end), voice] |= speaker == who
        noise = random.normal(size=DIMENSIONS)
        embeddings[voice] = 5.0 * (people[who] + NOISE * noise / np.linalg.norm(noise))
    return LocalWindow(start, activity, embeddings, clean_voices(activity))


def taking_turns(people: int, length: float = 4.0, rounds: int = 5, gap: float = 0.5) -> list[tuple[float, float, int]]:
    """Everyone speaks in turn."""
    return [
        (index * (length + gap), index * (length + gap) + length, index % people) for index in range(people * rounds)
    ]
