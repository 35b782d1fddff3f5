"""How accurate a transcript probably is, told from the model's own probabilities.

    logit(accuracy) = SLOPE * logit(confidence) + OFFSET

Confidence is the mean probability of the words, weighted by their length. Both numbers come from
`benchmarks/calibration.py`: tiny.en on the clips of LibriSpeech `speech/read`, clean and in white noise, 216
transcripts from 0 to 100 % right. Fitted on half of the clips, the estimate was off by 6.5 points of 1 - WER on average
on the other half, by 3.4 points on its clean clips. For other models, languages and kinds of sound it is an
extrapolation: only a reference text measures accuracy.
"""

from __future__ import annotations

import math

from trax.transcript import Transcript

SLOPE = 1.76
OFFSET = -1.02
SUREST = 0.995  # probabilities beyond this say no more


def estimate_accuracy(transcript: Transcript) -> float | None:
    """Expected share of words that are right, 0..1; None where nothing was said."""
    confidence = transcript.confidence
    if confidence is None:
        return None
    clipped = min(SUREST, max(1 - SUREST, confidence))
    odds = SLOPE * math.log(clipped / (1 - clipped)) + OFFSET
    return 1 / (1 + math.exp(-odds))
