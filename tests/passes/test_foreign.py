"""Words that are surer in another language are taken over; others are left as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.passes.words import transcript
from trax.passes.foreign import may_be_foreign, of_language
from trax.passes.rewriting import rewritten, with_segments
from trax.transcript import Segment, Transcript


def with_probability(made: Transcript, probability: float) -> Transcript:
    return replace(
        made,
        segments=tuple(
            replace(segment, words=tuple(replace(word, probability=probability) for word in segment.words))
            for segment in made.segments
        ),
    )


def heard_as_german(place: Segment, probability: float) -> tuple[Segment, ...]:
    made = with_probability(transcript("guten Morgen allerseits"), probability).segments[0]
    shift = place.start - made.start
    words = tuple(replace(word, start=word.start + shift, end=word.end + shift) for word in made.words)
    return (replace(made, start=words[0].start, end=words[-1].end, words=words),)


def test_a_window_is_replaced_as_a_whole() -> None:
    base = with_probability(transcript("hello there", "good more gone all right", "goodbye"), 0.5)
    words = base.segments[1].words
    found = of_language(words, 2, "de", heard_as_german(base.segments[1], 0.8))
    assert found is not None
    changed = with_segments(rewritten(base, found.rewriting), found.segments)
    assert [segment.text for segment in changed.segments] == ["hello there", "guten Morgen allerseits", "goodbye"]
    facts = found.as_json()
    assert (facts["why"], facts["language"]) == ("another language", "de")
    assert (facts["before"], facts["after"]) == ("good more gone all right", "guten Morgen allerseits")


def test_words_that_are_hardly_surer_are_not_taken_over() -> None:
    base = with_probability(transcript("good more gone all right"), 0.7)
    assert of_language(base.words, 0, "de", heard_as_german(base.segments[0], 0.8)) is None
    assert of_language(base.words, 0, "de", ()) is None
    assert of_language((), 0, "de", heard_as_german(base.segments[0], 0.8)) is None


@pytest.mark.parametrize(("probability", "may_be"), [(0.5, True), (0.9, False)])
def test_sure_words_are_in_no_other_language(probability: float, may_be: bool) -> None:
    assert may_be_foreign(with_probability(transcript("the cat sat"), probability).words) is may_be
    assert not may_be_foreign(())
