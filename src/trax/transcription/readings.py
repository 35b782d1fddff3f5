"""How probable a text is as what is said in a window: the sum over its tokens, each after those before it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from trax.transcription.decoding import MAX_LENGTH, join

AT_ONCE = 8  # readings in one batch
FRAMES_PER_ROW = 2  # of the spectrogram, in one row of what the encoder makes
LEAST = 1e-10  # probability of a token that the model rules out
PROMPT = 8  # tokens that stand before the text, at most


def log_probabilities(model: Any, tokenizer: Any, encoded: Any, texts: Sequence[str]) -> list[float | None]:
    """One for each text; None: it has no tokens, or more than the model reads.

    encoded: of one window, shape (1, n, d_model).
    """
    tokens = [tokenizer.encode(f" {text.strip()}") if text.strip() else [] for text in texts]
    fitting = [place for place, found in enumerate(tokens) if 0 < len(found) <= MAX_LENGTH - PROMPT]
    scores: list[float | None] = [None] * len(texts)
    for places in _batches(fitting):
        found = _scored(model, tokenizer, encoded, [list(tokens[place]) for place in places])
        for place, score in zip(places, found, strict=True):
            scores[place] = score
    return scores


def _scored(model: Any, tokenizer: Any, encoded: Any, tokens: list[list[int]]) -> list[float]:
    frames = np.asarray(encoded).shape[1] * FRAMES_PER_ROW
    aligned = model.align(join([encoded] * len(tokens)), list(tokenizer.sot_sequence), tokens, frames)
    return [sum(math.log(max(LEAST, probability)) for probability in one.text_token_probs) for one in aligned]


def _batches(places: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(places), AT_ONCE):
        yield places[start : start + AT_ONCE]
