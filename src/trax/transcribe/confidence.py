"""How accurate a transcript probably is, told from the model's own probabilities.

The estimate is `SLOPE * confidence + OFFSET`, where confidence is the mean word probability weighted by the length of
the words. Both numbers were fitted by `benchmarks/calibration.py`; its README says on what, and how far off the
estimate is. It is an estimate of 1 - WER, not a measurement: only a reference text gives that.
"""

from __future__ import annotations

from trax.transcript import Transcript

SLOPE = 1.0
OFFSET = 0.02


def estimate_accuracy(transcript: Transcript) -> float | None:
    """Expected share of words that are right, 0..1; None where nothing was said."""
    confidence = transcript.confidence
    if confidence is None:
        return None
    return min(1.0, max(0.0, SLOPE * confidence + OFFSET))
