"""Other words in a transcript: in order, within their time, and nothing else changes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.passes.words import text_of, transcript, words
from trax.passes.rewriting import Change, rewritten, with_segments
from trax.transcript import Segment, Transcript


def change(start: int, end: int, text: str) -> Change:
    return Change(start, end, tuple(text.split()), 0.7)


def test_words_are_replaced_put_in_and_taken_out() -> None:
    before = transcript("A cat sat.", "It purred loudly today.")
    after = rewritten(before, [change(1, 2, "big bat"), change(4, 4, "then"), change(5, 6, "")])
    assert [segment.text for segment in after.segments] == ["A big bat sat.", "It then purred today."]
    assert after.segments[0].words[0] == before.segments[0].words[0]


def test_a_segment_that_is_not_changed_stays_the_same() -> None:
    before = transcript("One.", "Two three.", "Four.")
    after = rewritten(before, [change(1, 2, "Too")])
    assert after.segments[0] is before.segments[0]
    assert after.segments[2] is before.segments[2]


def test_a_sentence_keeps_its_marks() -> None:
    after = rewritten(transcript("He came home.", "Then he slept."), [change(2, 3, "hone,"), change(3, 4, "when")])
    assert after.text == "He came hone. When he slept."


def test_a_change_over_two_segments_goes_to_the_first() -> None:
    after = rewritten(transcript("one two", "three", "four"), [change(1, 3, "to free")])
    assert [segment.text for segment in after.segments] == ["one to free", "four"]


def test_nothing_left_of_a_segment_is_no_segment() -> None:
    assert [segment.text for segment in rewritten(transcript("um", "yes"), [change(0, 1, "")]).segments] == ["yes"]


@st.composite
def edited(draw: st.DrawFn) -> tuple[Transcript, list[Change]]:
    texts = draw(st.lists(st.lists(st.sampled_from(["a", "bc", "d."]), min_size=1, max_size=5), min_size=1, max_size=4))
    before = transcript(*(" ".join(text) for text in texts))
    changes, place = [], 0
    while place <= len(before.words):
        start = draw(st.integers(place, len(before.words)))
        end = draw(st.integers(start, min(len(before.words), start + 4)))
        texts_new = tuple(draw(st.lists(st.sampled_from(["x", "yz"]), max_size=3)))
        if draw(st.booleans()) and (texts_new or end > start):
            changes.append(Change(start, end, texts_new, 0.5))
        place = end + 1
    return before, changes


@given(edited())
def test_words_stay_in_order_and_rebuild_the_text(case: tuple[Transcript, list[Change]]) -> None:
    before, changes = case
    after = rewritten(before, changes)
    expected, place = list[str](), 0
    for one in changes:
        expected += [word.text.strip() for word in before.words[place : one.start]] + list(one.texts)
        place = one.end
    expected += [word.text.strip() for word in before.words[place:]]
    letters = [word.text.strip().strip(".").lower() for word in after.words]
    assert letters == [text.strip(".").lower() for text in expected]
    for segment in after.segments:
        assert segment.text == text_of(segment.words)
        assert all(word.start < word.end for word in segment.words)
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
    times = [time for word in after.words for time in (word.start, word.end)]
    assert all(one <= other + 1e-6 for one, other in pairwise(times))


def test_lost_speech_is_a_segment_of_its_own() -> None:
    before = transcript("One two", "five six", pause=5.0)
    own = words("three four", start=3.0)
    after = with_segments(before, [Segment(3.0, 3.9, "three four", own)])
    assert [segment.text for segment in after.segments] == ["One two", "three four", "five six"]


def test_a_segment_that_goes_on_behind_it_is_divided() -> None:
    gapped = transcript("one two", "five", pause=5.0)
    joined = Segment(0.0, gapped.words[-1].end, "one two five", gapped.words)
    own = words("three four", start=3.0)
    after = with_segments(Transcript("en", 9.0, (joined,)), [Segment(3.0, 3.9, "three four", own)])
    assert [segment.text for segment in after.segments] == ["one two", "three four", "five"]


def test_where_there_was_nothing_there_is_what_was_found() -> None:
    own = words("three four", start=3.0)
    after = with_segments(Transcript("en", 9.0), [Segment(3.0, 3.9, "three four", own)])
    assert after.text == "three four"
