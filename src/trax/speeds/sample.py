"""Sound to measure on: a recording that travels with Trax, or the user's own, as long as the measurement needs it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE
from trax.errors import UnreadableMedia
from trax.media.decode import decode
from trax.timeline import Seconds

Pcm = NDArray[np.int16]  # shape (n_samples,), mono, 16 kHz


def sample_path() -> Path:
    """The sample conversation: inside the installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent.parent / "samples" / "conversation.ogg"
    return packaged if packaged.is_file() else Path(__file__).parents[3] / "samples" / "conversation.ogg"


def beginning(path: Path, most: Seconds) -> Pcm:
    """The first seconds of a file, all of a shorter one. Raises: MediaError."""
    blocks: list[Pcm] = []
    missing = int(most * SAMPLE_RATE)
    with decode(path) as decoding:
        for block in decoding:
            blocks.append((np.clip(block[:missing], -1, 1) * 32767).astype("<i2"))
            missing -= len(blocks[-1])
            if missing <= 0:
                break
    if not blocks:
        raise UnreadableMedia(f"{path.name} holds no sound at all.", "Name another file.")
    return np.concatenate(blocks)


def write_sound(path: Path, sound: Pcm, seconds: Seconds) -> Path:
    """A WAV file of that length; sound that is shorter is repeated."""
    missing = int(seconds * SAMPLE_RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        while missing > 0:
            file.writeframesraw(sound[:missing].tobytes())
            missing -= len(sound[:missing])
    return path
