"""Any edits, applied: the words stay in order, within their segment, and rebuild the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.enhancement.apply import applied, with_words
from trax.enhancement.content import content_of, decisions_of, enhanced_from, without
from trax.enhancement.edits import edits_between, tokens_of
from trax.enhancement.values import Correction, Decision, Edit
from trax.transcript import Segment, Transcript, Word

HEARD = ("the", "a", "cat", "sat", "on", "mat,", "and", "Then", "it.", "25", "twenty", "five", "not", "every", "one")
spoken = st.lists(st.sampled_from(HEARD), max_size=9)
gaps = st.sampled_from([0.0, 0.0, 0.02, 0.3, 4.0])


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    """As Whisper's, or others': without words, with words in parts, with spaces before or after them."""
    start = at = draw(st.floats(0, 100))
    layout = draw(st.sampled_from([" {}", " {}", "{} "]))
    words = []
    for text in draw(spoken):
        begin = at + draw(gaps)
        at = begin + draw(st.sampled_from([0.0, 0.08, 0.4]))
        words.append(Word(begin, at, layout.format(text), 0.5, "1"))
        if draw(st.integers(0, 5)) == 0:
            words[-1] = Word(begin, at, words[-1].text.rstrip(), 0.5, "1")
            words.append(Word(at, at, "-like", 0.5, "1"))
    text = " ".join("".join(word.text for word in words).split())
    if not words:
        return Segment(start, at + 1, "Hello you")
    return Segment(start, at + draw(gaps), text, tuple(words), speaker="1")


@st.composite
def edits_of(draw: st.DrawFn, segment: Segment) -> list[Edit]:
    """Any at all that don't overlap, whoever wants them: as many as four."""
    tokens = tokens_of(segment.words)
    starts = [*(token.start for token in tokens), len(segment.words)]
    cuts = sorted(draw(st.lists(st.sampled_from(starts), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    found = []
    for number, (start, end) in enumerate(dict.fromkeys(pairs)):
        before = "".join(word.text for word in segment.words[start:end]).strip()
        found.append(Edit(f"s0e{number + 1}", 0, start, end, before, " ".join(draw(spoken)), "word"))
    return found


def transcript_of(segment: Segment) -> Transcript:
    return with_words(Transcript("en", 500, (segment,)))


def accepted(edits: list[Edit]) -> list[Decision]:
    return [Decision(edit, True, "", "kind") for edit in edits]


def check(made: Transcript, segment: Segment) -> None:
    for one in made.segments:
        times = [time for word in one.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert segment.start <= times[0] <= times[-1] <= segment.end
        assert "".join(word.text for word in one.words).strip() == one.text
        assert all(word.text.strip() for word in one.words)
        assert {word.speaker for word in one.words} <= {segment.speaker}


@settings(max_examples=60)
@given(segments())
def test_others_words_become_like_ours(segment: Segment) -> None:
    made = transcript_of(segment)
    check(made, segment)
    assert made.text == segment.text
    assert [word.end for word in made.words] == [word.end for word in segment.words] or not segment.words
    assert with_words(made) == made


@settings(max_examples=60)
@given(segments().map(lambda segment: transcript_of(segment).segments[0]), st.data())
def test_words_stay_in_order_whatever_the_edits(segment: Segment, data: st.DataObject) -> None:
    edits = data.draw(edits_of(segment))
    made = applied(transcript_of(segment), accepted(edits))
    check(made, segment)
    wanted, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        wanted += ["".join(word.text for word in segment.words[at : edit.start]), edit.after]
        at = edit.end
    wanted.append("".join(word.text for word in segment.words[at:]))
    assert made.text == " ".join(" ".join(wanted).split())


@given(segments(), spoken, st.lists(st.booleans(), min_size=20, max_size=20))
def test_words_rebuild_the_text(segment: Segment, wanted: list[str], choices: list[bool]) -> None:
    transcript = transcript_of(segment)
    edits = edits_between(transcript, [Correction(0, " ".join(wanted))])
    chosen = [Decision(edit, choice, "", "kind") for edit, choice in zip(edits, choices, strict=False)]
    made = applied(transcript, chosen)
    check(made, segment)
    if all(decision.accepted for decision in chosen) and len(chosen) == len(edits):
        assert made.text == " ".join(wanted)
    if not any(decision.accepted for decision in chosen):
        assert made == transcript


@given(segments(), spoken)
def test_an_edit_that_is_taken_back_leaves_no_trace(segment: Segment, wanted: list[str]) -> None:
    transcript = transcript_of(segment)
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


def test_what_is_put_in_takes_no_long_pause() -> None:
    words = (Word(2, 3, " went", 0.9, "1"), Word(8, 9, " school", 0.7, "2"))
    transcript = Transcript("en", 20, (Segment(1, 19, "went school", words),))
    edits = edits_between(transcript, [Correction(0, "he went to school today")])
    made = applied(transcript, accepted(list(edits)))
    assert [(word.text, word.start, word.end, word.speaker) for word in made.words] == [
        (" he", 1.5, 2, "1"),
        (" went", 2, 3, "1"),
        (" to", 7.5, 8, "2"),
        (" school", 8, 9, "2"),
        (" today", 9, 9.5, "2"),
    ]


def test_a_segment_of_which_nothing_is_left_goes() -> None:
    both = tuple(Segment(n, n + 1, text) for n, text in enumerate(("Uh", "Hello")))
    transcript = with_words(Transcript("en", 2, both))
    edits = edits_between(transcript, [Correction(0, "")])
    assert [segment.text for segment in applied(transcript, accepted(list(edits))).segments] == ["Hello"]
