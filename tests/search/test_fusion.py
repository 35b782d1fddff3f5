"""One ranking from several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.search.fusion import fuse

RANKINGS = st.lists(st.lists(st.integers(0, 9), max_size=8, unique=True), max_size=4)


def test_what_both_find_is_better_than_what_one_finds() -> None:
    fused = fuse([["a", "b", "c"], ["d", "b"]])
    assert [key for key, _ in fused] == ["b", "a", "d", "c"]
    assert fused[0][1] == pytest.approx(2 / 62)


@given(RANKINGS)
def test_everything_is_there_once_best_first(rankings: list[list[int]]) -> None:
    fused = fuse(rankings)
    assert sorted(key for key, _ in fused) == sorted({key for ranking in rankings for key in ranking})
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)


@given(st.lists(st.integers(0, 9), unique=True), st.integers(1, 3))
def test_rankings_that_agree_stay_as_they_are(ranking: list[int], times: int) -> None:
    assert [key for key, _ in fuse([ranking] * times)] == ranking


def test_a_key_counts_once_in_a_ranking() -> None:
    assert fuse([["a", "a", "b"]]) == fuse([["a", "b"]])
    assert fuse([]) == []
