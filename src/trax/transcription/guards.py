"""Text that nobody said: more of it than the speech can hold."""

from __future__ import annotations

from trax.audio import Window

DENSEST = 30.0  # characters a second; fast English speech has 20, measured on 158 windows of read speech at most 21
EDGE = 0.6  # seconds that the VAD may have missed at the edges of speech


def is_too_dense(text: str, window: Window, *, is_sure: bool = False) -> bool:
    """Whether nobody could have said so much in the time that the VAD heard speech.

    is_sure: the model has no doubt of the text, so that the whole window counts: over the telephone and in noise the
    VAD hears half of what is said.
    """
    speech = window.duration if is_sure else sum(region.duration for region in window.speech)
    return len(text) > DENSEST * (speech + EDGE)
