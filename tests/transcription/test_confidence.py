"""Confidences are shares of right words: within bounds, in order, and near what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks.calibration import right
from hypothesis import given
from hypothesis import strategies as st

from tests.passes.words import transcript
from tests.transcription.clips import Clips
from trax.audio import SAMPLE_RATE, Samples
from trax.database.documents import confidence_scores
from trax.transcript import Transcript
from trax.transcription.confidence import estimate_accuracy, mean_confidence, word_confidences
from trax.transcription.faster_whisper import FasterWhisperTranscriber
from trax.vad.windows import windows

PROBABILITIES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8)


def heard(*probabilities: float, logprob: float = -0.3) -> Transcript:
    made = transcript(" ".join("word" for _ in probabilities))
    [segment] = made.segments
    words = tuple(replace(word, probability=one) for word, one in zip(segment.words, probabilities, strict=True))
    return replace(made, segments=(replace(segment, words=words, avg_logprob=logprob),))


@given(PROBABILITIES, st.floats(-10.0, 0.0))
def test_each_word_has_a_share(probabilities: list[float], logprob: float) -> None:
    made = heard(*probabilities, logprob=logprob)
    confidences = word_confidences(made)
    assert len(confidences) == len(probabilities)
    assert all(0 < confidence < 1 for confidence in confidences)
    assert 0 < (estimate_accuracy(made) or 0) < 1


@given(PROBABILITIES, st.data())
def test_a_surer_word_makes_no_other_less_sure(probabilities: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(probabilities) - 1))
    surer = list(probabilities)
    surer[place] = data.draw(st.floats(surer[place], 1.0))
    pairs = zip(word_confidences(heard(*probabilities)), word_confidences(heard(*surer)), strict=True)
    assert all(before <= after + 1e-12 for before, after in pairs)


def test_where_nothing_was_said_nothing_is_sure() -> None:
    nothing = Transcript("en", 1.0)
    assert (mean_confidence(nothing), estimate_accuracy(nothing)) == (None, None)
    assert confidence_scores(nothing)["overall"] is None


def test_a_word_that_is_unsure_in_a_good_segment_is_more_likely_right_than_the_model_says() -> None:
    """As measured: of words with 0.45 of their own, 60 % are right (`docs/confidence.md`)."""
    good, bad = heard(0.98, 0.45, 0.98, logprob=-0.2), heard(0.3, 0.45, 0.3, logprob=-1.2)
    assert word_confidences(good)[1] > 0.6
    assert word_confidences(bad)[1] < 0.3


def test_the_estimate_of_accuracy_rises_with_probability() -> None:
    estimates = [estimate_accuracy(heard(p, p, p)) or 0.0 for p in (0.0, 0.3, 0.6, 0.9, 0.99, 1.0)]
    assert estimates == sorted(estimates)
    assert estimates[-1] - estimates[0] > 0.8


@pytest.mark.parametrize(
    ("probability", "logprob", "measured"),
    [(0.614, -0.648, 0.470), (0.804, -0.315, 0.798), (0.873, -0.197, 0.903), (0.927, -0.109, 0.966)],
)
def test_the_estimate_is_near_what_was_measured(probability: float, logprob: float, measured: float) -> None:
    """Means over clips of other readers than those of the fit (`benchmarks.calibration`), from bad to good ones."""
    assert estimate_accuracy(heard(*[probability] * 20, logprob=logprob)) == pytest.approx(measured, abs=0.1)


@pytest.mark.shared_data
def test_of_real_words_as_many_are_right_as_is_said(clips: Clips, tiny: FasterWhisperTranscriber) -> None:
    names = sorted(clips.references())[1::12]
    made = [_heard(clips.read(name), tiny) for name in names]
    said = [confidence for one in made for confidence in word_confidences(one)]
    is_right = [one for name, one in zip(names, made, strict=True) for one in right(one, clips.references()[name])]
    assert len(said) > 100
    assert sum(said) / len(said) == pytest.approx(sum(is_right) / len(is_right), abs=0.06)


def _heard(sound: Samples, engine: FasterWhisperTranscriber) -> Transcript:
    found = [segment for result in engine.transcribe(windows([sound]), "en") for segment in result.segments]
    return Transcript("en", len(sound) / SAMPLE_RATE, tuple(found))


def test_scores_are_means_of_words() -> None:
    made = heard(0.99, 0.9, 0.1)
    confidences = word_confidences(made)
    scores = confidence_scores(made)
    assert scores["overall"] == scores["segments"][0] == pytest.approx(sum(confidences) / 3, abs=1e-4)
    assert (scores["words"], scores["words_below_half"]) == (3, 1)
