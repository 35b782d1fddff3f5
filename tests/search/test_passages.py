"""What is indexed of a transcript: every segment once, passages without gaps or overlap."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trax.search import passages
from trax.search.passages import LEAST_SECONDS, MOST_CHARACTERS, PASSAGE_SECONDS, PAUSE_SECONDS, Passage, index_rows
from trax.transcript import Segment, Transcript, Word


def transcript(*segments: Segment, language: str = "en") -> Transcript:
    return Transcript(language=language, duration=3600.0, segments=segments)


def said(start: float, end: float, text: str = "some words", speaker: str | None = None) -> Segment:
    words = (Word(start, end, f" {text}", 0.87654),) if text else ()
    return Segment(start, end, text, words, speaker=speaker)


@st.composite
def talks(draw: st.DrawFn) -> Transcript:
    segments, time = [], 0.0
    for _ in range(draw(st.integers(0, 25))):
        time += draw(st.sampled_from([0.0, 0.4, 3.0, 15.5, 60.0]))
        end = time + draw(st.sampled_from([0.0, 1.0, 6.5, 12.0, 45.0]))
        text = draw(st.sampled_from(["So.", "one two three", "", "機械学習です", "a – b", "x" * 1500]))
        segments.append(said(time, end, text, draw(st.sampled_from([None, "Ann", "Bob"]))))
        time = end
    return transcript(*segments)


@given(talks())
def test_each_segment_is_in_one_passage(talk: Transcript) -> None:
    segments, found = index_rows(talk, measured=True)
    assert [row.idx for row in segments] == [i for i, segment in enumerate(talk.segments) if segment.text]
    places = [row.idx for row in segments]
    covered = [idx for row in found for idx in places if row.first_idx <= idx <= row.last_idx]
    assert covered == places
    assert " ".join(row.text for row in found) == " ".join(row.text for row in segments)
    for row in found:
        assert row.first_idx in places
        assert row.last_idx in places


@given(talks())
def test_passages_are_about_40_seconds(talk: Transcript) -> None:
    segments, found = index_rows(talk, measured=True)
    by_idx = {row.idx: row for row in segments}
    for row, following in pairwise(found):
        seconds = (by_idx[row.last_idx].end_ms - row.start_ms) / 1000
        pause = (following.start_ms - by_idx[row.last_idx].end_ms) / 1000
        is_full = seconds >= PASSAGE_SECONDS or len(row.text) >= MOST_CHARACTERS
        assert is_full or (seconds >= LEAST_SECONDS and pause > PAUSE_SECONDS)
    for row in found:
        inside = [segment for segment in segments if row.first_idx <= segment.idx < row.last_idx]
        assert not inside or (inside[-1].end_ms - row.start_ms) / 1000 < PASSAGE_SECONDS


@given(talks())
def test_what_follows_is_known(talk: Transcript) -> None:
    segments, found = index_rows(talk, measured=True)
    rest = [row.text for row in segments]
    for place, row in enumerate(segments):
        assert " ".join(rest[place + 1 :]).startswith(row.next_head)
        assert bool(row.next_head) == (place + 1 < len(segments))
    for passage, following in pairwise(found):
        assert following.text.startswith(passage.next_head[: len(following.text)])
    assert not found or found[-1].next_head == ""


def test_a_long_pause_ends_a_passage_that_has_begun() -> None:
    _, found = index_rows(transcript(said(0, 11), said(26.5, 28), said(44, 46), said(46, 48)), measured=True)
    assert [(row.first_idx, row.last_idx) for row in found] == [(0, 0), (1, 3)]  # 15.5 s of silence, and 16 too early


def test_a_segment_with_all_that_is_known_of_it() -> None:
    (row, last), (passage,) = index_rows(
        transcript(said(1.2344, 2.5, " One \n two ", "Ann"), said(3, 4, "three"), language="EN-us"), measured=True
    )
    assert (row.idx, row.start_ms, row.end_ms, row.speaker, row.language) == (0, 1234, 2500, "Ann", "en")
    assert (row.text, row.next_head, row.search_text, row.confidence) == ("One two", "three", None, 0.8765)
    assert (last.next_head, last.speaker) == ("", None)
    assert passage == Passage(0, 1, 1234, 4000, ("Ann",), "en", "One two three", "", None)


def test_what_was_not_measured_has_no_confidence() -> None:
    segments, _ = index_rows(transcript(said(0, 1)), measured=False)
    assert segments[0].confidence is None
    wordless, _ = index_rows(transcript(Segment(0, 1, "of others")), measured=True)
    assert wordless[0].confidence is None


def test_a_sentence_goes_on_in_the_next_segment() -> None:
    segments, found = index_rows(transcript(said(0, 1, "これは機械"), said(1, 2, "学習です"), language="ja"), True)
    assert segments[0].search_text == "これ れは は機 機械 械学 学習 習で です す"
    assert found[0].search_text == segments[0].search_text


def test_foreign_values_are_indexed_as_far_as_possible() -> None:
    odd = [said(math.nan, math.inf, "nul\x00 \ud800"), said(-5, -9), said(1e12, 1e13), said(0, 0, "x" * 200_000)]
    segments, found = index_rows(transcript(*odd, language=""), measured=True)
    assert segments[0].text.isprintable()
    assert {row.language for row in segments} == {"und"}
    for row in segments:
        assert 0 <= row.start_ms <= row.end_ms < 2**31
        assert len(row.text) <= passages.LONGEST_SEGMENT
    assert found


def test_times_that_mean_nothing_make_no_endless_passage() -> None:
    _, found = index_rows(transcript(*[said(0, 0, "a few words of text")] * 2000), measured=True)
    assert len(found) > 5
    assert max(len(row.text) for row in found) < 2 * MOST_CHARACTERS


def test_an_empty_transcript() -> None:
    assert index_rows(transcript(), measured=True) == ([], [])
    assert index_rows(transcript(said(0, 1, "  ")), measured=True) == ([], [])
