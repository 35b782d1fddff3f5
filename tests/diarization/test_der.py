"""The diarization error rate: cases that are worked out by hand, and what must always be true."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diarization.conversations import A, B, C, many_turns, turns
from trax.diarization.der import der
from trax.diarization.spans import spans
from trax.timeline import Interval, covered
from trax.turns import SpeakerTurn

TALK = turns((0, 4, "Ann"), (5, 9, "Bob"))


@pytest.mark.parametrize(
    ("found", "missed", "false_alarm", "confusion"),
    [
        (turns((0, 4, A), (5, 9, B)), 0, 0, 0),
        (turns((0, 4, B), (5, 9, A)), 0, 0, 0),
        (turns((0, 3, A), (5, 9, B)), 1, 0, 0),
        (turns((0, 4.5, A), (5, 9, B)), 0, 0.5, 0),
        (turns((0, 4, A), (5, 9, A)), 0, 0, 4),  # one speaker found for two
        (turns((0, 3, A), (3, 4, C), (5, 9, B)), 0, 0, 1),  # a speaker too many
        (turns((0, 4, A), (2, 4, B), (5, 9, B)), 0, 2, 0),  # somebody else heard meanwhile
        ((), 8, 0, 0),
    ],
)
def test_errors_are_told_apart(
    found: tuple[SpeakerTurn, ...], missed: float, false_alarm: float, confusion: float
) -> None:
    error = der(TALK, found)
    assert (error.missed, error.false_alarm, error.confusion, error.total) == (missed, false_alarm, confusion, 8)
    assert error.rate == (missed + false_alarm + confusion) / 8


def test_the_labels_that_share_most_time_are_taken_for_the_same() -> None:
    found = turns((0, 1, A), (1, 4, B), (5, 9, A))
    error = der(TALK, found)
    assert error.mapping == {A: "Bob", B: "Ann"}
    assert error.confusion == 1


def test_of_two_who_speak_at_once_each_counts() -> None:
    both = turns((0, 4, "Ann"), (2, 6, "Bob"))
    error = der(both, turns((0, 6, A)))
    assert (error.total, error.missed, error.confusion) == (8, 2, 2)
    error = der(both, turns((0, 6, A)), skip_overlap=True)
    assert (error.total, error.missed, error.confusion) == (4, 0, 2)


def test_around_the_borders_of_the_reference_nothing_is_scored() -> None:
    found = turns((0.2, 4.2, A), (5, 7, B), (7, 9, C))
    error = der(TALK, found, collar=0.25)
    assert (error.missed, error.false_alarm) == (0, 0)
    assert error.confusion == pytest.approx(1.75)
    assert error.total == pytest.approx(7)


def test_only_what_lies_within_is_scored() -> None:
    error = der(TALK, turns((0, 4, A), (20, 30, B)), within=[Interval(3, 6), Interval(25, 26)])
    assert (error.total, error.missed, error.false_alarm) == (2, 1, 1)


def test_where_nobody_speaks_the_rate_is_one_if_somebody_was_found() -> None:
    assert der((), ()).rate == 0
    assert der((), turns((0, 1, A))).rate == 1


def test_a_speaker_whose_turns_overlap_counts_once() -> None:
    assert der(turns((0, 4, "Ann"), (3, 6, "Ann")), turns((0, 6, A))).rate == 0


@settings(max_examples=60, deadline=None)
@given(many_turns(), st.permutations([A, B, C]), st.sampled_from([0.0, 0.1]), st.booleans())
def test_other_labels_and_another_order_are_no_error(
    talk: list[SpeakerTurn], labels: list[str], collar: float, skip_overlap: bool
) -> None:
    other = dict(zip([A, B, C], labels, strict=True))
    found = [SpeakerTurn(turn.start, turn.end, other[turn.speaker]) for turn in reversed(talk)]
    assert der(talk, found, collar, skip_overlap).rate == 0


@settings(max_examples=60, deadline=None)
@given(many_turns(), many_turns())
def test_errors_add_up_to_all_that_was_found_and_all_that_was_said(
    talk: list[SpeakerTurn], found: list[SpeakerTurn]
) -> None:
    error, back = der(talk, found), der(found, talk)
    assert (error.missed, error.false_alarm) == pytest.approx((back.false_alarm, back.missed))
    assert error.confusion == pytest.approx(back.confusion)
    assert error.total - error.missed == pytest.approx(back.total - back.missed)
    assert min(error.missed, error.false_alarm, error.confusion) >= -1e-9
    assert error.total == pytest.approx(sum(len(span.speakers) * (span.end - span.start) for span in spans(talk)))


@settings(max_examples=60, deadline=None)
@given(many_turns())
def test_spans_cover_what_the_turns_cover_and_name_who_speaks(talk: list[SpeakerTurn]) -> None:
    found = spans(talk)
    assert all(one.end <= following.start for one, following in pairwise(found))
    for label in (A, B, C):
        own = covered(turn.interval for turn in talk if turn.speaker == label)
        assert own == pytest.approx(sum(span.end - span.start for span in found if label in span.speakers))
