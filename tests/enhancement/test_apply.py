"""Any edits, applied: the words stay in order, within their segment, and rebuild the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.enhancement.apply import applied, with_words
from trax.enhancement.content import content_of, decisions_of, enhanced_from, without
from trax.enhancement.edits import edits_between
from trax.enhancement.values import Correction, Decision
from trax.transcript import Segment, Transcript, Word

HEARD = ("the", "a", "cat", "sat", "on", "mat,", "and", "Then", "it.", "25", "twenty", "five", "not", "every", "one")
spoken = st.lists(st.sampled_from(HEARD), max_size=9)
gaps = st.sampled_from([0.0, 0.0, 0.02, 0.3])


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    start = at = draw(st.floats(0, 100))
    words = []
    for text in draw(spoken):
        begin = at + draw(gaps)
        at = begin + draw(st.sampled_from([0.0, 0.08, 0.4]))
        words.append(Word(begin, at, f" {text}", 0.5, "1"))
    text = "".join(word.text for word in words).strip()
    if not words:
        return Segment(start, at + 1, "Hello you")
    return Segment(start, at + draw(gaps), text, tuple(words), speaker="1")


@given(segments(), spoken, st.lists(st.booleans(), min_size=20, max_size=20))
def test_words_rebuild_the_text(segment: Segment, wanted: list[str], choices: list[bool]) -> None:
    transcript = with_words(Transcript("en", 200, (segment,)))
    edits = edits_between(transcript, [Correction(0, " ".join(wanted))])
    chosen = [Decision(edit, choice, "", "kind") for edit, choice in zip(edits, choices, strict=False)]
    made = applied(transcript, chosen)
    for one in made.segments:
        times = [time for word in one.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert not times or segment.start <= times[0] <= times[-1] <= segment.end
        assert "".join(word.text for word in one.words).strip() == one.text
        assert {word.speaker for word in one.words} <= {segment.speaker}
    if all(decision.accepted for decision in chosen) and len(chosen) == len(edits):
        assert made.text == " ".join(wanted)
    if not any(decision.accepted for decision in chosen):
        assert made == transcript


@given(segments(), spoken)
def test_an_edit_that_is_taken_back_leaves_no_trace(segment: Segment, wanted: list[str]) -> None:
    transcript = with_words(Transcript("en", 200, (segment,)))
    edits = edits_between(transcript, [Correction(0, " ".join(wanted))])
    decisions = [Decision(edit, True, "Yes.", "audio", {"gain": 1.0}) for edit in edits]
    content = content_of(transcript, enhanced_from(transcript, decisions), {"model": "m"})
    stored = decisions_of(content)
    assert [decision.edit for decision in stored] == [decision.edit for decision in decisions]
    for edit in edits:
        stored = without(stored, edit.id)
    assert enhanced_from(transcript, stored).transcript == transcript
    assert content["original_text"] == transcript.text


def test_one_word_for_one_keeps_its_time() -> None:
    heard = ((" Good", 0.9), (" mourning", 0.4), (" sir", 0.9), (" web", 0.8), (" site", 0.8))
    words = tuple(Word(n, n + 1, text, sure) for n, (text, sure) in enumerate(heard, 1))
    transcript = Transcript("en", 7, (Segment(1, 6, "Good mourning sir web site", words),))
    edits = edits_between(transcript, [Correction(0, "Good morning, my sir website")])
    made = applied(transcript, [Decision(edit, True, "", "kind") for edit in edits])
    assert [(word.text, word.start, word.end, word.probability) for word in made.words] == [
        (" Good", 1, 2, 0.9),
        (" morning,", 2, 2.7, 0.4),
        (" my", 2.7, 3, pytest.approx(0.54, abs=0.1)),
        (" sir", 3, 4, 0.9),
        (" website", 4, 6, pytest.approx(0.8)),
    ]
