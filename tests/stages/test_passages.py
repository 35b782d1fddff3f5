"""Stretches that are heard at once: short enough, each edit in exactly one of them, and the text that is read there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trax.enhancement.values import Edit
from trax.stages.passages import LONGEST, MARGIN, passages
from trax.transcript import Segment, Transcript, Word


def segment(start: float, text: str, pace: float = 0.5, speaker: str | None = None) -> Segment:
    spoken = text.split()
    words = tuple(
        Word(start + n * pace, start + (n + 0.9) * pace, f" {word}", 0.9, speaker) for n, word in enumerate(spoken)
    )
    return Segment(start, words[-1].end, text, words, speaker=speaker)


def edit(number: int, start: int, end: int, after: str) -> Edit:
    return Edit(f"s{number}e{start}", number, start, end, "", after, "word")


def test_a_reading_has_the_edit_and_nothing_else() -> None:
    spoken = Transcript("en", 20, (segment(1, "their going home"), segment(4, "to the see side"), segment(9, "now")))
    there, sea, new = edit(0, 0, 1, "They're"), edit(1, 2, 4, "seaside"), edit(2, 1, 1, "then.")
    (passage,) = passages(spoken, [there, sea, new])
    assert passage.text == "their going home to the see side now"
    assert passage.reading(there) == "They're going home to the see side now"
    assert passage.reading(sea) == "their going home to the seaside now"
    assert passage.reading(new) == "their going home to the see side now then."
    assert passage.reading(edit(1, 0, 1, "")) == "their going home the see side now"
    assert (passage.start, passage.end) == (1 - MARGIN, 9.45 + MARGIN)


def test_words_without_spaces_stay_without() -> None:
    words = (Word(0, 1, "東", 0.9), Word(1, 2, "京", 0.9))
    (passage,) = passages(Transcript("ja", 3, (Segment(0, 2, "東京", words),)), [edit(0, 1, 2, "都")])
    assert passage.reading(edit(0, 1, 2, "都")) == "東都"


def test_each_channel_is_heard_alone() -> None:
    both = (segment(0, "hello there", speaker="1"), segment(0.4, "good morning", speaker="2"))
    found = list(passages(Transcript("en", 5, both), [edit(0, 1, 2, "you"), edit(1, 0, 1, "God")], by_speaker=True))
    assert [passage.text for passage in found] == ["hello there", "good morning"]
    assert [passage.places[0].word.speaker for passage in found] == ["1", "2"]


lengths = st.lists(st.integers(1, 90), min_size=1, max_size=8)


@given(lengths, st.data())
def test_every_edit_is_in_one_passage(lengths: list[int], data: st.DataObject) -> None:
    segments, at = [], 0.0
    for length in lengths:
        segments.append(segment(at, " ".join(f"w{n}" for n in range(length))))
        at = segments[-1].end + 0.3
    edits = []
    for number, length in enumerate(lengths):
        start = data.draw(st.integers(0, length))
        end = data.draw(st.integers(start, min(length, start + 3)))
        edits.append(edit(number, start, end, "new"))
    found = list(passages(Transcript("en", at, tuple(segments)), edits))
    assert sorted(e.id for passage in found for e in passage.edits) == sorted(e.id for e in edits)
    for passage in found:
        assert 0 <= passage.start <= passage.places[0].word.start
        assert passage.end >= passage.places[-1].word.end
        assert passage.places[-1].word.end - passage.places[0].word.start <= LONGEST + 2
        for one in passage.edits:
            assert passage.reading(one).count("new") == 1
