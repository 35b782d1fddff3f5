"""Slips of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.search.typos import corrections, distance, slips

SHORT = st.text("abc", max_size=7)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
        ("machine", "mahcine", 1),
        ("kubernets", "kubernetes", 1),
        ("ca", "abc", 3),  # no letter is changed twice
        ("a cat", "an act", 2),
    ],
)
def test_distances(first: str, second: str, expected: int) -> None:
    assert distance(first, second) == expected


@given(SHORT, SHORT)
def test_a_distance_is_the_same_both_ways(first: str, second: str) -> None:
    apart = distance(first, second)
    assert apart == distance(second, first)
    assert abs(len(first) - len(second)) <= apart <= max(len(first), len(second))
    assert (apart == 0) == (first == second)


@given(SHORT, st.integers(0, 6), st.sampled_from("abc"))
def test_one_slip_is_one_apart(word: str, place: int, letter: str) -> None:
    place = min(place, len(word))
    assert distance(word, word[:place] + letter + word[place:]) == 1
    if place + 1 < len(word):
        swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        assert distance(word, swapped) == (swapped != word)


def test_the_nearest_comes_first_then_what_was_said_most() -> None:
    said = [("mashing", 90), ("machine", 5), ("machines", 70), ("masonic", 900), ("machine's", 1)]
    assert corrections("mashine", said) == ["mashing", "machine", "machines"]
    assert corrections("machin", [("machine", 2), ("aching", 5), ("machina", 2)]) == ["machina", "machine", "aching"]


def test_short_words_are_taken_as_they_are() -> None:
    assert [slips("a" * letters) for letters in (1, 3, 4, 5, 6, 9, 10, 30)] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert corrections("cat", [("car", 99), ("cats", 99)]) == []
    assert corrections("cat", [("cat", 1)]) == ["cat"]
