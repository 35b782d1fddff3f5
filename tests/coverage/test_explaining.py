"""What words explain of what was heard: nothing is counted twice, and nothing is left out."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.coverage.tracks import LONGEST, heards, kinds, said, track, tracks, words
from trax.coverage.explaining import covered
from trax.coverage.spans import Span, common, gaps, joined, length, of_kind, without
from trax.coverage.storing import as_json, from_json
from trax.coverage.values import KINDS, Coverage, Heard, Stretch
from trax.transcript import Segment

SPANS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300))).map(joined)


@given(heards, words(("1", "2", "Anna", None)))
def test_every_moment_has_one_kind(heard: Heard, segments: list[Segment]) -> None:
    found = covered(heard, segments)
    edges = [(stretch.start, stretch.end) for stretch in found.track]
    assert edges[0][0] == 0
    assert edges[-1][1] == LONGEST
    assert all(end == start for (_, end), (start, _) in pairwise(edges))
    assert all(start < end for start, end in edges)
    assert {stretch.kind for stretch in found.track} <= set(KINDS)
    assert all(one.kind != other.kind for one, other in pairwise(found.track))
    assert round(sum(found.seconds.values()), 6) == found.duration == LONGEST / 1000


@given(heards, words(("1", "2", None)))
def test_coverage_survives_json(heard: Heard, segments: list[Segment]) -> None:
    found = covered(heard, segments)
    back = from_json(json.loads(json.dumps(as_json(found))))
    assert back == found
    assert covered(back.heard, segments) == found, "told anew from what is stored"


@given(tracks(), words())
def test_unexplained_is_speech_and_far_from_every_word(heard: tuple[Stretch, ...], segments: list[Segment]) -> None:
    found = covered(Heard((heard,)), segments)
    missed = of_kind(found.track, "unexplained")
    speech = joined(of_kind(heard, "speech"), 600)
    assert without(missed, speech) == []
    kept = [segment for segment in segments if segment.text != "again"]
    said_there = joined((round(one.start * 1000), round(one.end * 1000)) for one in kept)
    assert common(missed, said_there) == []


@given(tracks(), words())
def test_more_words_never_leave_more_unexplained(heard: tuple[Stretch, ...], segments: list[Segment]) -> None:
    less = covered(Heard((heard,)), segments)
    more = covered(Heard((heard,)), [*segments, *said((2.0, 4.0), text="more")])
    assert without(of_kind(more.track, "unexplained"), joined(of_kind(less.track, "unexplained"), 600)) == []


@given(SPANS, SPANS)
def test_spans_are_sets_of_milliseconds(first: list[Span], second: list[Span]) -> None:
    def points(spans: list[Span]) -> set[int]:
        return {point for start, end in spans for point in range(start, end)}

    assert points(common(first, second)) == points(first) & points(second)
    assert points(without(first, second)) == points(first) - points(second)
    assert points(gaps(first, (0, 300))) == set(range(300)) - points(first)
    assert length(first) == len(points(first))


def test_speech_between_words_is_unexplained() -> None:
    heard = Heard((track(("silence", 1), ("speech", 12), ("silence", 14), ("music", 20)),))
    found = covered(heard, said((1.0, 2.0), (2.1, 3.0), (8.0, 12.0)))
    assert kinds(found.track) == [
        ("silence", 0, 1), ("text", 1, 3.3), ("unexplained", 3.3, 7.7), ("text", 7.7, 12), ("silence", 12, 14),
        ("music", 14, 20),
    ]  # fmt: skip
    assert found.seconds == {"text": 6.6, "silence": 3.0, "music": 6.0, "noise": 0.0, "unexplained": 4.4}


def test_a_breath_between_words_is_none_and_a_cough_alone_is_noise() -> None:
    heard = Heard((track(("speech", 3), ("silence", 10), ("speech", 10.5), ("silence", 15)),))
    found = covered(heard, said((0.0, 1.0), (2.3, 3.0)))
    assert kinds(found.track) == [("text", 0, 3), ("silence", 3, 10), ("noise", 10, 10.5), ("silence", 10.5, 15)]


def test_clicks_in_a_long_silence_are_no_sentence() -> None:
    clicks = [
        ("silence", 5.0 * n - 0.4) if last else ("speech", 5.0 * n) for n in range(1, 9) for last in (True, False)
    ]
    assert covered(Heard((track(*clicks),)), []).unexplained == ()


def test_a_word_in_silence_is_text() -> None:
    found = covered(Heard((track(("silence", 10)),)), said((4.0, 5.0)))
    assert kinds(found.track) == [("silence", 0, 4), ("text", 4, 5), ("silence", 5, 10)]


def test_segments_without_words_explain_their_whole_length() -> None:
    heard = Heard((track(("speech", 10)),))
    assert covered(heard, [Segment(0, 10, "From subtitles.")]).seconds["text"] == 10
    assert covered(heard, [Segment(0, 10, "")]).seconds["unexplained"] == 10


def test_a_loop_explains_no_more_than_two_of_its_phrases() -> None:
    heard = Heard((track(("speech", 20)),))
    loop = said(*((start / 2, start / 2 + 0.5) for start in range(40)), text="again")
    assert covered(heard, loop).seconds["unexplained"] == pytest.approx(18.7)


def test_speech_without_words_on_any_channel_counts() -> None:
    heard = Heard((track(("speech", 8), ("silence", 20)), track(("silence", 4), ("speech", 20))), ("1", "2"))
    found = covered(heard, said((0.0, 8.0), speaker="1"))
    assert kinds(found.track) == [("text", 0, 4), ("unexplained", 4, 20)]
    found = covered(heard, [*said((0.0, 8.0), speaker="1"), *said((4.0, 20.0), speaker="2")])
    assert kinds(found.track) == [("text", 0, 20)]
    assert covered(heard, said((0.0, 20.0), speaker="Anna")).unexplained == (), "nobody knows on which channel"


def test_nothing_was_heard() -> None:
    found = covered(Heard(((),)), said((0.0, 1.0)))
    assert found.track == ()
    assert from_json(as_json(found)) == found
    assert found.seconds["text"] == found.duration == 0


def test_speech_of_all_channels_is_in_order() -> None:
    heard = Heard((track(("speech", 8), ("silence", 20)), track(("silence", 4), ("speech", 20))), ("1", "2"))
    assert [(one.start, one.end) for one in heard.speech] == [(0, 20)]


@pytest.mark.parametrize(
    "document",
    [None, {}, [], "text", {"start": 0, "heard": 3, "track": ""}, {"start": 0, "heard": ["x5"], "track": ""},
     {"start": 0, "heard": ["v5 s3"], "track": "t5"}, {"start": "0", "heard": [], "track": ""},
     {"start": 0, "heard": ["v5", "v5"], "track": "u5", "labels": ["1"]},
     {"start": float("inf"), "heard": [], "track": ""}],
)  # fmt: skip
def test_what_others_have_stored_is_no_coverage(document: object) -> None:
    assert from_json(document) is None


def test_hours_are_explained_in_no_time() -> None:
    stretches = [Stretch("speech" if n % 2 else "silence", n * 1000, n * 1000 + 1000) for n in range(20_000)]
    segments = said(*((n + 0.2, n + 0.8) for n in range(1, 20_000, 2)))
    found = covered(Heard((tuple(stretches),)), segments)
    assert isinstance(found, Coverage)
    assert found.unexplained == ()
