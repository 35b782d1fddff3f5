"""Pairs of words as numbers: the same for what was said and for what is searched for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trax.search import pairs
from trax.search.pairs import pairs_in
from trax.search.words import words


def test_a_phrase_has_pairs_of_the_text_that_it_is_in() -> None:
    said = pairs_in("It's the state -- of the ART, isn't it?")
    assert set(pairs_in("state of the art")) < set(said)
    assert not set(pairs_in("art of the state")) <= set(said)
    assert all(-(2**31) <= number < 2**31 for number in said)


def test_two_long_words_have_no_number() -> None:
    assert pairs_in("machine learning") == []
    assert len(pairs_in("machine learning is learning")) == 2


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_taken_apart_as_any_text(text: str) -> None:
    assert pairs._words(text) == words(text)
