"""Where hearings differ, and what each of them has there."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.passes.words import hearing, words
from trax.passes.hearings import FIRST, Hearing, comparable, voices
from trax.passes.spans import spans
from trax.transcription.transcriber import Reading

TEXTS = st.lists(st.sampled_from(["one", "two", "three", "Two,", "thirty-two", "every", "everyone"]), max_size=9)


def test_what_differs_is_a_span_with_its_candidates() -> None:
    [span] = spans(words("a cat sat on the mat"), [hearing("a cat sat on the hat", "a bat sat on the hat")])[-1:]
    assert (span.start, span.end) == (5, 6)
    assert [candidate.texts for candidate in span.candidates] == [("mat",), ("hat",)]
    first, other = span.candidates
    assert (first.support[FIRST].is_best, "again" in first.support) == (True, False)
    assert other.support["again"].is_best
    assert other.support["again"].share > 0.99
    assert [word.text for word in other.words] == [" hat"]


def test_readings_share_what_a_hearing_says() -> None:
    found = spans(words("a cat sat"), [hearing("a cat sat", "a bat sat")])
    assert [(span.start, span.end) for span in found] == [(1, 2)]
    [cat, bat] = found[0].candidates
    assert cat.support["again"].share + bat.support["again"].share == 1.0
    assert cat.support["again"].share > bat.support["again"].share > 0


def test_spelling_is_no_difference() -> None:
    assert spans(words("Everyone came, thirty-two of them."), [hearing("every one came thirty two of them")]) == []


def test_a_word_is_in_one_span_however_it_is_divided() -> None:
    found = spans(
        words("so everyone left"), [hearing("so every one left"), hearing("so every gun left", role="second")]
    )
    assert [(span.start, span.end) for span in found] == [(1, 2)]
    assert [candidate.texts for candidate in found[0].candidates] == [("everyone",), ("every", "gun")]


def test_who_lost_many_words_has_no_say() -> None:
    assert spans(words("he said that he would come again"), [hearing("he said again")]) == []


def test_what_is_lost_is_not_found_by_a_choice() -> None:
    assert spans(words("he said"), [hearing("he said that he would come")]) == []


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_every_reading_is_made_of_its_candidates(first: list[str], others: list[list[str]]) -> None:
    hearings = [hearing(" ".join(text), role="again" if place % 2 else "second") for place, text in enumerate(others)]
    own = words(" ".join(first))
    found = spans(own, hearings)
    assert all(0 <= span.start <= span.end <= len(own) for span in found)
    assert all(one.end < other.start for one, other in pairwise(found))
    for span in found:
        assert span.candidates[0].texts == tuple(word.text.strip() for word in own[span.start : span.end])
        assert len({candidate.key for candidate in span.candidates}) == len(span.candidates) > 1


@given(TEXTS, TEXTS)
def test_outside_of_spans_both_are_the_same(first: list[str], other: list[str]) -> None:
    """With the candidate of the other one in each span where it has a say, its letters come out."""
    own, heard = words(" ".join(first)), hearing(" ".join(other))
    found = spans(own, [heard])
    made, place, has_say = "", 0, True
    for span in found:
        made += "".join(comparable(word.text) for word in own[place : span.start])
        best = [one for one in span.candidates if "again" in one.support and one.support["again"].is_best]
        has_say = has_say and len(best) == 1
        made += best[0].key if best else ""
        place = span.end
    made += "".join(comparable(word.text) for word in own[place:])
    if has_say and abs(len(first) - len(other)) < 3:
        lost = abs(len(made) - len("".join(map(comparable, other))))
        assert made == "".join(map(comparable, other)) or lost > 0


def test_voices_are_the_words_and_all_readings() -> None:
    again = Hearing(
        "again", words("a b"), (Reading("a c", -4.0, 3), Reading("a b.", -5.0, 3), Reading("A, C", -6.0, 3))
    )
    found = voices(words("a b c"), [again])
    assert [(voice.role, voice.texts) for voice in found] == [
        (FIRST, ("a", "b", "c")),
        ("again", ("a", "b")),
        ("again", ("a", "c")),
    ]
    assert sum(voice.share for voice in found[1:]) == 1.0
    assert found[2].share > found[1].share


def test_a_hearing_without_words_has_its_say_only_where_it_lost_little() -> None:
    [span] = spans(words("uh yes"), [Hearing("again", words("yes"), ())])
    assert [candidate.texts for candidate in span.candidates] == [("uh",), ()]
    assert spans(words("so he went home"), [Hearing("again", (), ())]) == []
