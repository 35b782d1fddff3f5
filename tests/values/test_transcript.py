"""What a transcript says of itself as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.transcript import Segment, Transcript, Word

words = st.builds(
    Word,
    start=st.just(0.0),
    end=st.just(1.0),
    text=st.text("ab ", min_size=1, max_size=9),
    probability=st.floats(0, 1),
)
segments = st.lists(words, min_size=1, max_size=6).map(lambda found: Segment(0.0, 1.0, "", tuple(found)))


def word(text: str, probability: float) -> Word:
    return Word(0.0, 1.0, text, probability)


def test_long_words_weigh_more() -> None:
    segment = Segment(0.0, 1.0, "a longer", (word(" a", 0.1), word(" longer", 0.8)))
    assert segment.confidence == pytest.approx((0.1 + 6 * 0.8) / 7)


def test_a_word_without_letters_weighs_something() -> None:
    assert Segment(0.0, 1.0, "", (word(" ", 0.5),)).confidence == 0.5


def test_nothing_said_has_no_confidence() -> None:
    assert Segment(0.0, 1.0, "").confidence == 0.0
    assert Transcript("en", 1.0).confidence is None
    assert Transcript("en", 1.0, (Segment(0.0, 1.0, "words without times"),)).confidence is None


def test_the_text_is_that_of_the_segments() -> None:
    spoken = Transcript("en", 4.0, (Segment(0.0, 2.0, "Good morning."), Segment(2.0, 4.0, "Do you know?")))
    assert spoken.text == "Good morning. Do you know?"
    assert spoken.word_count == 5


@given(st.lists(segments, min_size=1, max_size=5))
def test_confidence_lies_between_that_of_the_least_and_the_best_word(found: list[Segment]) -> None:
    transcript = Transcript("en", 1.0, tuple(found))
    probabilities = [word.probability for word in transcript.words]
    assert transcript.confidence is not None
    assert min(probabilities) - 1e-9 <= transcript.confidence <= max(probabilities) + 1e-9
    assert transcript.confidence == pytest.approx(Segment(0.0, 1.0, "", transcript.words).confidence)
