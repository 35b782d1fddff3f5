"""What the two nets hear in ten seconds of sound: up to three voices, and what each sounds like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trax.timeline import Seconds

WINDOW: Seconds = 10.0
FRAMES = 589  # of a window
FRAME_STEP: Seconds = 270 / 16_000
FRAME_DURATION: Seconds = 991 / 16_000
VOICES = 3  # that the segmentation tells apart within a window; at most two of them at once
DIMENSIONS = 256

Activity = NDArray[np.uint8]  # (FRAMES, VOICES): 1 where the voice is heard
CLEAN_SHARE = 0.2  # of a window in which a voice is alone, from which on its embedding counts in the clustering


@dataclass(frozen=True, slots=True, eq=False)
class LocalWindow:
    """Up to three voices of ten seconds; which voice of another window is the same person is not known yet."""

    start: Seconds
    activity: Activity
    embeddings: NDArray[np.float32]  # (VOICES, DIMENSIONS), not normalised; a row of NaN for a voice without one
    is_clean: NDArray[np.bool_]  # (VOICES,): alone for long enough that the embedding is of one person


def alone(activity: Activity) -> Activity:
    """The frames of each voice in which no other voice of the window is heard."""
    return np.asarray(activity * (activity.sum(axis=1, keepdims=True) == 1), dtype=np.uint8)


def clean_voices(activity: Activity) -> NDArray[np.bool_]:
    """`is_clean` of a window with this activity."""
    return np.asarray(alone(activity).sum(axis=0) >= CLEAN_SHARE * FRAMES)
