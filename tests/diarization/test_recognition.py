"""Pairs, labels of two diarizations, and whose voice it is."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.diarization.agreement import agreements, shared_seconds
from trax.diarization.likeness import Voice, matches, unit
from trax.diarization.pairing import best_pairs
from trax.timeline import Interval, covered, subtract, union

ANN, BOB, CLEO = (UUID(int=number) for number in (1, 2, 3))
SIZE = 8

gains = st.integers(1, 5).flatmap(
    lambda columns: st.lists(
        st.lists(st.integers(-3, 9).map(float), min_size=columns, max_size=columns), min_size=1, max_size=5
    )
)


@given(gains)
def test_pairs_are_the_best_that_there_are(table: list[list[float]]) -> None:
    pairs = best_pairs(table)
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    assert rows == sorted(set(rows))
    assert len(columns) == len(set(columns))
    assert all(table[row][column] > 0 for row, column in pairs)
    width = max(len(table), len(table[0]))
    square = [[max(0.0, gain) for gain in row] + [0.0] * (width - len(row)) for row in table]
    square += [[0.0] * width for _ in range(width - len(table))]
    best = max(sum(square[row][column] for row, column in enumerate(order)) for order in permutations(range(width)))
    assert sum(table[row][column] for row, column in pairs) == best


def test_nothing_has_no_pairs() -> None:
    assert best_pairs([]) == best_pairs([[], []]) == best_pairs([[0.0, -1.0]]) == []


turns = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 9)).map(lambda t: Interval(t[0], t[0] + t[1])), max_size=8
)


@given(turns, turns)
def test_shared_seconds_are_what_is_left_without_the_rest(one: list[Interval], other: list[Interval]) -> None:
    expected = covered(one) - covered(subtract(one, other))
    assert shared_seconds(union(one), union(other)) == pytest.approx(expected)


def test_labels_that_changed_places_are_found_again() -> None:
    before = {"A": [Interval(0, 50), Interval(60, 90)], "B": [Interval(50, 60)], "C": [Interval(100, 103)]}
    now = {"X": [Interval(50, 60.5)], "Y": [Interval(0, 49), Interval(61, 90)]}
    found = {one.before: (one.now, one.is_mutual) for one in agreements(before, now)}
    assert found == {"A": ("Y", True), "B": ("X", True)}


def test_who_is_one_with_others_now_is_not_taken_for_sure() -> None:
    before = {"A": [Interval(0, 60)], "B": [Interval(60, 100)]}
    (found,) = agreements(before, {"X": [Interval(0, 100)]})
    assert (found.before, found.is_mutual) == ("A", False)
    split = {"X": [Interval(0, 40)], "Y": [Interval(40, 60)]}
    assert agreements(before, split) == []


def voice(*parts: float) -> Voice:
    made = unit([*parts, *[0.0] * (SIZE - len(parts))])
    assert made is not None
    return made


def like(person: int, cosine: float, other: int = SIZE - 1) -> Voice:
    """A voice that is that much like a person's, who is an axis of the space."""
    made = np.zeros(SIZE)
    made[person], made[other] = cosine, np.sqrt(1 - cosine**2)
    return voice(*made)


def test_embeddings_become_voices_of_length_one() -> None:
    assert unit([3, 4]) == pytest.approx([0.6, 0.8])
    assert [unit(nothing) for nothing in ([], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0])] == [None] * 4


@pytest.mark.parametrize(
    ("cosine", "outcome"), [(0.39, None), (0.41, False), (0.54, False), (0.56, True), (0.99, True)]
)
def test_thresholds(cosine: float, outcome: bool | None) -> None:
    found = matches({"S": like(0, cosine)}, {ANN: [like(0, 1.0)]})
    assert [match.is_sure for match in found] == ([] if outcome is None else [outcome])
    assert all(match.score == pytest.approx(cosine, abs=1e-6) for match in found)


def test_the_next_person_has_to_be_far_behind() -> None:
    heard = voice(0.72, 0.66)
    (found,) = matches({"S": heard}, {ANN: [like(0, 1.0)], BOB: [like(1, 1.0)]})
    assert (found.speaker_id, found.is_sure) == (ANN, False)
    # also where it is known that the other one is somebody else of the file, but not where this one is not the other
    known = {ANN: [like(0, 1.0)], BOB: [like(1, 1.0)]}
    (found,) = matches({"S": heard}, known, taken={BOB})
    assert (found.speaker_id, found.is_sure) == (ANN, False)
    (found,) = matches({"S": heard}, known, refused={("S", BOB)})
    assert (found.speaker_id, found.is_sure) == (ANN, True)


def test_nobody_is_two_voices_of_a_file() -> None:
    known = {ANN: [like(0, 1.0)], BOB: [like(1, 1.0)]}
    found = matches({"S": like(0, 0.9), "T": like(0, 0.7)}, known)
    assert [(match.label, match.speaker_id) for match in found] == [("S", ANN)]
    both = matches({"S": like(0, 0.9, 1), "T": like(0, 0.95)}, known)
    assert {match.label: match.speaker_id for match in both} == {"S": BOB, "T": ANN}
    assert matches({"S": like(0, 0.9)}, known, taken={ANN}) == []


def test_the_three_best_prints_of_a_person_count() -> None:
    prints = [like(0, cosine) for cosine in (0.9, 0.8, 0.7, 0.1, -0.5)]
    (found,) = matches({"S": voice(1.0)}, {ANN: prints, CLEO: []})
    assert found.score == pytest.approx(0.8)


def test_without_voices_or_prints_there_is_nobody() -> None:
    assert matches({}, {ANN: [voice(1.0)]}) == matches({"S": voice(1.0)}, {}) == []


def test_the_better_likeness_is_not_given_up_for_two_poor_ones() -> None:
    found = matches({"S0": _alike(0.89, 0.41), "S1": _alike(0.6, 0.0)}, {ANN: [_alike(1, 0)], BOB: [_alike(0, 1)]})
    assert [(match.label, match.speaker_id, match.is_sure) for match in found] == [("S0", ANN, True)]


def test_who_is_less_like_a_person_than_another_voice_is_not_sure() -> None:
    voices = {"S0": _alike(0.70, 0.41), "S1": _alike(0.72, 0.69)}
    found = matches(voices, {ANN: [_alike(1, 0)], BOB: [_alike(0, 1)]})
    assert {match.label: match.is_sure for match in found} == {"S0": False, "S1": False}


def test_two_voices_that_are_nearly_as_much_like_a_person_are_not_sure() -> None:
    (found,) = matches({"S0": like(0, 0.80), "S1": like(0, 0.75)}, {ANN: [like(0, 1.0)]})
    assert (found.label, found.is_sure) == ("S0", False)
    (found,) = matches({"S0": like(0, 0.80), "S1": like(0, 0.65)}, {ANN: [like(0, 1.0)]})
    assert (found.label, found.is_sure) == ("S0", True)
    # a voice that is clearly somebody else's is in nobody's way
    both = matches({"S0": _alike(0.75, 0.0), "S1": _alike(0.66, 0.75)}, {ANN: [_alike(1, 0)], BOB: [_alike(0, 1)]})
    assert [match.is_sure for match in both] == [False, False]
    both = matches({"S0": _alike(0.70, 0.0), "S1": _alike(0.62, 0.75)}, {ANN: [_alike(1, 0)], BOB: [_alike(0, 1)]})
    assert [match.is_sure for match in both] == [True, True]


def _alike(ann: float, bob: float) -> Voice:
    made = unit([ann, bob, *[0.0] * (SIZE - 3), max(0.0, 1 - ann**2 - bob**2) ** 0.5])
    assert made is not None
    return made
