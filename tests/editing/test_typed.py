"""What was typed is what stands there, whatever stood there before, and words that stay keep their times."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.passes.words import transcript
from trax.editing.document import Line
from trax.editing.typed import CERTAIN, typed
from trax.transcript import Segment, Transcript, Word

PIECES = ("私は", "学生", "で", "す", "。", "Tokyo")


def without_spaces(*texts: str) -> Transcript:
    words = tuple(Word(0.5 * place, 0.5 * place + 0.5, text, 0.8) for place, text in enumerate(texts))
    segment = Segment(0.0, 0.5 * len(texts), "".join(texts), words)
    return Transcript("ja", segment.end + 1, (segment,))


def test_of_an_unspaced_text_only_what_was_typed_changes() -> None:
    base = without_spaces("私は", "学生", "です", "。")
    made = typed(base, [Line(0, "私は先生です。", None)])
    assert made.text == "私は先生です。"
    assert [(word.text, word.start) for word in made.words] == [
        ("私は", 0.0),
        ("先生", 0.5),
        ("です", 1.0),
        ("。", 1.5),
    ]
    assert [word.probability for word in made.words] == [0.8, CERTAIN, 0.8, 0.8]


def test_an_unspaced_text_gets_the_spaces_that_were_typed() -> None:
    made = typed(without_spaces("私は", "学生", "です"), [Line(0, "私は New York です", None)])
    assert made.text == "私は New York です"


@given(
    st.lists(st.sampled_from(PIECES), min_size=2, max_size=6),
    st.lists(st.sampled_from((*PIECES, " ")), max_size=8).map(lambda pieces: " ".join("".join(pieces).split())),
)
def test_any_unspaced_text_can_be_typed(old: list[str], new: str) -> None:
    made = typed(without_spaces(*old), [Line(0, new, None)])
    assert made.text == new
    assert_in_order(made)


@given(
    st.lists(st.sampled_from(("the", "cat", "Mat.", "well-known")), min_size=1, max_size=6),
    st.lists(st.sampled_from(("the", "cat", "hat,", "well", "-")), max_size=8),
)
def test_any_text_can_be_typed(old: list[str], new: list[str]) -> None:
    made = typed(transcript(" ".join(old), "and so on"), [Line(0, " ".join(new), None)])
    assert made.text == " ".join([*new, "and so on"])
    assert_in_order(made)


def assert_in_order(made: Transcript) -> None:
    assert all(word.start < word.end for word in made.words)
    assert all(one.end <= other.start + 1e-6 for one, other in pairwise(made.words))
    for segment in made.segments:
        assert segment.text == "".join(word.text for word in segment.words).strip()
