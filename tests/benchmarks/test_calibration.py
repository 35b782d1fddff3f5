"""Which words count as right, and how far confidences are off, tried on what can be told by hand."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.calibration import calibration_error, right

from tests.passes.words import transcript


def test_words_are_right_at_their_place() -> None:
    made = transcript("The cat sat, on on a Mat.")
    assert right(made, "the cat sat on the mat").tolist() == [True, True, True, True, False, False, True]


def test_what_nobody_said_is_wrong() -> None:
    assert right(transcript("thank you"), "").tolist() == [False, False]
    assert right(transcript(), "the cat").tolist() == []


def test_the_error_is_the_distance_of_bins() -> None:
    sure = np.array([0.95] * 10 + [0.25] * 10)
    is_right = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    assert calibration_error((sure, is_right)) == pytest.approx((0.05 + 0.25) / 2)
