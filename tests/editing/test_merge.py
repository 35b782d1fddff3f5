"""Edits are carried over to other versions, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.passes.words import transcript
from trax.editing.document import Line
from trax.editing.merge import merged
from trax.editing.typed import typed
from trax.transcript import Transcript, Word

VOCABULARY = ("the", "cat", "sat", "on", "Mat.", "no,", "yes")
TEXTS = st.lists(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4)

Changes = dict[int, list[str]]


@st.composite
def bases(draw: st.DrawFn, vocabulary: Sequence[str], most: int = 6) -> tuple[Transcript, Changes]:
    """A transcript, and other words for some of its segments."""
    texts = draw(TEXTS)
    words = st.lists(st.sampled_from(vocabulary), max_size=most)
    return transcript(*texts), draw(st.dictionaries(st.integers(0, len(texts) - 1), words))


def edited(base: Transcript, *changes: tuple[int, str]) -> Transcript:
    return typed(base, [Line(number, text, base.segments[number].speaker) for number, text in changes])


def heard(base: Transcript, *changes: tuple[int, str]) -> Transcript:
    """Another machine's version: its words have other probabilities, and are a little later."""
    made = edited(base, *changes)
    return replace(
        made,
        segments=tuple(
            replace(segment, words=tuple(replace(word, probability=0.5) for word in segment.words))
            for segment in made.segments
        ),
    )


def test_an_edit_is_carried_over() -> None:
    base = transcript("the cat sat", "on the mat", "and purred")
    made = merged(base, edited(base, (1, "on the Matt")), heard(base, (2, "and slept")))
    assert [segment.text for segment in made.transcript.segments] == ["the cat sat", "on the Matt", "and slept"]
    assert (made.edits, made.known, made.conflicts) == (1, 0, ())


def test_both_may_change_one_segment() -> None:
    base = transcript("the cat sat on the mat all day long")
    made = merged(
        base,
        edited(base, (0, "the bat sat on the mat all day long")),
        heard(base, (0, "the cat sat on the hat all day long")),
    )
    assert made.transcript.text == "the bat sat on the hat all day long"


def test_the_same_change_is_made_once() -> None:
    base = transcript("the cat sat")
    made = merged(base, edited(base, (0, "the bat sat")), heard(base, (0, "the bat sat")))
    assert (made.transcript.text, made.edits, made.known, made.conflicts) == ("the bat sat", 0, 1, ())


def test_other_changes_of_the_same_words_are_a_conflict() -> None:
    base = transcript("the cat sat")
    edit, machine = edited(base, (0, "the bat sat")), heard(base, (0, "the hat sat"))
    made = merged(base, edit, machine)
    [conflict] = made.conflicts
    assert (conflict.base, conflict.edit, conflict.machine, conflict.taken) == ("cat", "bat", "hat", "edit")
    assert made.transcript.text == "the bat sat"
    assert merged(base, edit, machine, "machine").transcript.text == "the hat sat"


def test_commas_of_a_machine_are_no_conflict() -> None:
    base = transcript("yes the cat sat")
    made = merged(base, edited(base, (0, "yes the bat sat")), heard(base, (0, "Yes, the cat, sat.")))
    assert (made.transcript.text, made.conflicts) == ("Yes, the bat sat.", ())


def test_what_was_taken_out_stays_out() -> None:
    base = transcript("the cat sat", "thank you for watching", "on the mat")
    made = merged(base, edited(base, (1, "")), heard(base, (2, "on the hat")))
    assert [segment.text for segment in made.transcript.segments] == ["the cat sat", "on the hat"]


def test_words_are_told_apart_by_their_time() -> None:
    base = transcript("no", "no", "no", pause=5.0)
    made = merged(base, edited(base, (1, "yes")), transcript("no", "no", "no", pause=5.0))
    assert [segment.text for segment in made.transcript.segments] == ["no", "yes", "no"]


def test_a_machine_that_heard_nothing_takes_nothing_away() -> None:
    base = transcript("the cat sat", "on the mat")
    edit = edited(base, (0, "the bat sat"), (1, "on the hat"))
    made = merged(base, edit, Transcript("en", base.duration))
    assert [(one.edit, one.machine) for one in made.conflicts] == [("the bat sat on the hat", "")]
    assert [segment.text for segment in made.transcript.segments] == ["the bat sat", "on the hat"]
    assert merged(base, edit, Transcript("en", base.duration), "machine").transcript.segments == ()


@given(bases(VOCABULARY))
def test_rebased_onto_what_it_was_made_from_an_edit_is_itself(drawn: tuple[Transcript, Changes]) -> None:
    base, changes = drawn
    edit = edited(base, *joined(changes))
    made = merged(base, edit, base)
    assert texts_of(made.transcript) == texts_of(edit)
    assert (made.conflicts, made.known) == ((), 0)
    assert_in_order(made.transcript)


@given(bases(VOCABULARY))
def test_rebased_onto_itself_an_edit_is_itself(drawn: tuple[Transcript, Changes]) -> None:
    base, changes = drawn
    edit = edited(base, *joined(changes))
    made = merged(base, edit, edit)
    assert made.transcript.segments == edit.segments
    assert (made.edits, made.conflicts) == (0, ())


@given(bases(VOCABULARY))
def test_nothing_edited_is_the_machine_s_version(drawn: tuple[Transcript, Changes]) -> None:
    base, changes = drawn
    machine = heard(base, *joined(changes))
    made = merged(base, base, machine)
    assert made.transcript.segments == machine.segments
    assert (made.edits, made.conflicts) == (0, ())


@given(TEXTS, st.data())
def test_an_edit_survives_a_version_that_doesn_t_touch_its_words(texts: list[str], data: st.DataObject) -> None:
    """The person edits one segment, the machine all others: each gets all of theirs."""
    base = transcript(*texts)
    mine = data.draw(st.integers(0, len(texts) - 1))
    new = data.draw(st.lists(st.sampled_from(("new", "words", "here")), min_size=1, max_size=4))
    others = data.draw(
        st.dictionaries(
            st.integers(0, len(texts) - 1).filter(lambda number: number != mine),
            st.lists(st.sampled_from(("other", "machine")), min_size=1, max_size=4),
        )
    )
    edit = edited(base, (mine, " ".join(new)))
    machine = heard(base, *joined(others))
    made = merged(base, edit, machine)
    expected = [
        " ".join(new) if number == mine else " ".join(others.get(number, text.split()))
        for number, text in enumerate(texts)
    ]
    assert made.transcript.text.split() == " ".join(expected).split()
    assert made.conflicts == ()
    assert_in_order(made.transcript)


@given(bases(("new", "words"), most=3), TEXTS, st.data())
def test_whatever_the_machine_has_no_edit_is_lost(
    drawn: tuple[Transcript, Changes], others: list[str], data: st.DataObject
) -> None:
    """Of three versions of which any may be empty; words that only the person has stand in what comes of them."""
    base, changes = drawn
    edit = edited(base, *joined(changes))
    machine = data.draw(st.sampled_from((transcript(*others), Transcript("en", base.duration), base)))
    made = merged(base, edit, machine)
    mine = [text for text in texts_of(edit) if text in ("new", "words")]
    assert [text for text in texts_of(made.transcript) if text in ("new", "words")] == mine
    assert_in_order(made.transcript)
    theirs = merged(base, edit, machine, "machine").transcript
    assert_in_order(theirs)


def joined(changes: Changes) -> list[tuple[int, str]]:
    return [(number, " ".join(words)) for number, words in changes.items()]


def texts_of(made: Transcript) -> list[str]:
    return [word.text.strip() for word in made.words]


def assert_in_order(made: Transcript) -> None:
    words: tuple[Word, ...] = made.words
    assert all(word.start < word.end for word in words)
    assert all(one.end <= other.start + 1e-6 for one, other in pairwise(words))
    for segment in made.segments:
        assert segment.text == "".join(word.text for word in segment.words).strip()
