"""What is taken out, and what is put in: on two kinds of evidence, and not on one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.passes.words import hearing, words
from trax.audio import SAMPLE_RATE, Waveform, Window
from trax.passes.doubt import gaps, reasons
from trax.passes.hearings import Hearing
from trax.passes.repairs import Removal, agreement, found_again, removals, without
from trax.timeline import Interval
from trax.transcript import Segment

WINDOW = Window(Waveform(np.zeros(10 * SAMPLE_RATE, np.float32)), (Interval(0.0, 10.0),))
SILENT = replace(WINDOW, speech=(Interval(9.0, 10.0),))
LOOP = "you know what you know what you know what you know what"
NOTHING = Hearing("again", ())


def test_a_loop_that_nobody_else_hears_goes() -> None:
    found = removals(
        WINDOW, words(f"so {LOOP} then"), 0.0, [hearing("so this is what he told us and I believe it then")]
    )
    assert found == [Removal(1, 13, "loop")]


def test_people_do_repeat_themselves() -> None:
    assert removals(WINDOW, words(LOOP), 0.0, [hearing(LOOP)]) == []
    assert removals(WINDOW, words("no no that is it"), 0.0, [hearing("that is it")]) == []


def test_improbable_words_go_where_the_model_thought_that_nobody_spoke() -> None:
    unsure = words("thank you for watching", sure=0.3)
    assert removals(WINDOW, unsure, 0.5, [NOTHING]) == [Removal(0, 4, "nobody spoke")]
    assert removals(WINDOW, unsure, 0.0, [NOTHING]) == [Removal(0, 4, "nobody spoke")]
    assert removals(WINDOW, unsure, 0.0, [hearing("das ist etwas anderes", sure=0.3)]) == []
    assert removals(WINDOW, unsure, 0.5, [hearing("thank you for watching")]) == []
    assert removals(WINDOW, words("thank you for watching"), 0.5, [NOTHING]) == []


def test_words_outside_of_all_speech_go() -> None:
    assert removals(SILENT, words("thank you for watching"), 0.0, [NOTHING]) == [Removal(0, 4, "nobody spoke")]
    assert removals(SILENT, words("thank you for watching"), 0.0, []) == []


def test_lost_words_come_back_where_two_hearings_agree() -> None:
    [gap] = gaps(WINDOW, words("one two"))
    lost = words("three four five", start=4.0)
    assert found_again(gap, lost, [Hearing("again", words("three four nine", start=4.1))])
    assert not found_again(gap, lost, [Hearing("again", words("quite other words", start=4.0)), NOTHING])
    assert not found_again(gap, lost, [Hearing("again", words("three four five", start=0.0))])


def test_what_two_texts_have_in_common() -> None:
    assert agreement(words("a b c d"), words("A, b x d.")) == 0.75
    assert agreement(words("a b"), ()) == 0.0


def test_what_is_taken_out_is_gone() -> None:
    assert [word.text for word in without(words("a b c d"), [Removal(1, 3, "loop")])] == [" a", " d"]


def test_what_is_worth_another_hearing() -> None:
    full = words("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen")
    full = tuple(replace(word, probability=0.99) for word in full)
    segment = Segment(0.0, 8.0, "", full)
    assert reasons(replace(WINDOW, speech=(Interval(0.0, 8.0),)), full, [segment]) == ()
    assert reasons(WINDOW, full[:-2], [segment]) == ("speech without words",)
    unsure = (*full[:-1], replace(full[-1], probability=0.3))
    assert reasons(replace(WINDOW, speech=(Interval(0.0, 8.0),)), unsure, [segment]) == ("unsure words",)
    silent = replace(segment, no_speech_prob=0.9, compression_ratio=2.2)
    found = reasons(replace(WINDOW, speech=(Interval(0.0, 8.0),)), full, [silent])
    assert found == ("repeats itself", "perhaps nobody spoke")
    assert reasons(WINDOW, (), []) == ("speech without words",)
    assert "odd pace" in reasons(replace(WINDOW, speech=(Interval(0.0, 1.0),)), full, [segment])
