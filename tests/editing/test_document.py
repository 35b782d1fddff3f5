"""What a person sees in the editor, and what becomes of what they type."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.passes.words import transcript
from trax.editing.document import Line, as_document, changed, lines_of, source_of
from trax.editing.replacing import replaced
from trax.editing.typed import typed
from trax.editing.who import labelled, retold
from trax.errors import UsageError
from trax.transcript import Segment, Transcript

ID = UUID("3f2a91c0-0000-4000-8000-000000000001")
ODD = st.one_of(st.text(), st.text(alphabet="[]|#\\ 1a\n\x85\u2028"))
SEGMENTS = st.lists(st.tuples(ODD, st.none() | ODD, st.floats(0, 1e6)), max_size=5)


def of(*segments: tuple[str, str | None]) -> Transcript:
    return Transcript(
        "en", 9.0, tuple(Segment(n, n + 1.0, text, speaker=who) for n, (text, who) in enumerate(segments))
    )


def with_speakers(base: Transcript, *speakers: str) -> Transcript:
    return replace(
        base,
        segments=tuple(
            replace(segment, speaker=who, words=tuple(replace(word, speaker=who) for word in segment.words))
            for segment, who in zip(base.segments, speakers, strict=True)
        ),
    )


@given(SEGMENTS, ODD)
def test_a_document_that_nobody_touched_changes_nothing(
    segments: list[tuple[str, str | None, float]], title: str
) -> None:
    spoken = Transcript("en", 1.0, tuple(Segment(at, at + 1, text, speaker=who) for text, who, at in segments))
    document = as_document(spoken, title, ID)
    assert changed(lines_of(document, spoken), spoken) == []
    assert changed(lines_of("\N{BYTE ORDER MARK}" + document.replace("\n", "\r\n"), spoken), spoken) == []


@given(
    st.lists(st.lists(st.sampled_from(("a", "b.", "c")), min_size=1).map(" ".join), min_size=1, max_size=4), ODD, ODD
)
def test_what_is_typed_is_what_is_said(texts: list[str], new: str, speaker: str) -> None:
    spoken = transcript(*texts)
    wanted = Line(len(texts) - 1, " ".join(new.split()), " ".join(speaker.split()) or None)
    made = typed(spoken, [wanted])
    assert [" ".join(segment.text.split()) for segment in made.segments] == [
        *texts[:-1],
        *([wanted.text] if wanted.text else []),
    ]
    if wanted.text:
        assert made.segments[-1].speaker == wanted.speaker
    read = lines_of(as_document(made, "again"), made)
    assert changed(read, made) == []


def test_the_form() -> None:
    document = as_document(of(("Hello.", "Ada]"), ("# no comment", None)), "talk.mp3\n[1 ] x", ID)
    assert document.splitlines()[0] == "# talk.mp3 [1 ] x"
    assert document.splitlines()[-2:] == [r"[0 0:00:00.00 | Ada\]] Hello.", "[1 0:00:01.00] # no comment"]
    assert source_of(document) == ID
    assert source_of("# Transcript of nobody\n[0 x] y") is None


def test_times_are_rounded_as_a_whole() -> None:
    spoken = Transcript("en", 9000.0, (Segment(59.999, 61, "a"), Segment(3725.5, 3726, "b")))
    assert [line[:13] for line in as_document(spoken, "t").splitlines()[-2:]] == ["[0 0:01:00.00", "[1 1:02:05.50"]


def test_lines_without_brackets_go_on_and_empty_ones_are_taken_out() -> None:
    spoken = of(("one", None), ("two", "Ada"))
    lines = lines_of("[0 x] one\n  and a half\n\n# a remark\n[1 y | Bob]\n", spoken)
    assert changed(lines, spoken) == [Line(0, "one and a half", None), Line(1, "", "Bob")]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("hello\n[0 x] one", "Line 1 belongs to no segment: 'hello'"),
        ("[0 x] one\n[0 x] one", "Line 2: segment 0 is there twice"),
        ("[0 x] one\n[7 x] one", "Line 2: segment 7 is not in this transcript"),
        ("[0 x] one", "The line of segment 1 is missing"),
        ("[" + "9" * 5000 + " x] one", "Line 1 belongs to no segment"),
    ],
)
def test_what_can_not_be_read_is_explained(document: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        lines_of(document, of(("one", None), ("two", None)))


def test_words_that_stay_keep_their_times_and_typed_ones_are_certain() -> None:
    spoken = transcript("the cat sat on the mat")
    made = typed(spoken, [Line(0, "the black cat sat on a mat", None)])
    words = {word.text.strip(): word for word in made.words}
    known = {word.text.strip(): word for word in spoken.words}
    assert (words["cat"].start, words["cat"].end) == (known["cat"].start, known["cat"].end)
    assert [word.text.strip() for word in made.words if word.probability == 1.0] == ["black", "a"]
    assert all(one.end <= other.start for one, other in zip(made.words, made.words[1:], strict=False))


def test_a_word_that_lent_some_of_its_time_is_as_sure_as_before() -> None:
    close = transcript("the cat")
    first, second = close.words
    close = replace(close, segments=(replace(close.segments[0], words=(replace(first, end=second.start), second)),))
    made = typed(close, [Line(0, "the fat cat", None)])
    assert [(word.text.strip(), word.probability) for word in made.words] == [("the", 0.9), ("fat", 1.0), ("cat", 0.9)]


def test_replacing() -> None:
    spoken = with_speakers(transcript("Jon saw jon", "and Jonathan", "Jon."), "Jon", "B", "B")
    lines, places = replaced(spoken, [("Jon", "John"), ("saw", r"\1 met")])
    assert (lines, places) == ([Line(0, r"John \1 met jon", "Jon"), Line(2, "John.", "B")], 3)
    for old, problem in (("Bob", "Nobody says 'Bob' there"), (" ", "nothing to look for")):
        with pytest.raises(UsageError, match=problem):
            replaced(spoken, [(old, "x")])


def test_names_become_the_labels_that_they_are_of() -> None:
    stored = with_speakers(transcript("one", "two", "three", "four"), "SPEAKER_00", "SPEAKER_01", "1\n2", "SPEAKER_00")
    shown = with_speakers(stored, "Ada", "SPEAKER_01", "1\n2", "Ada")
    typed_lines = [Line(0, "one", "SPEAKER_01"), Line(1, "two", "Ada"), Line(2, "x", "1 2"), Line(3, "four", "Eve")]
    assert [line.speaker for line in labelled(typed_lines, shown, stored)] == [
        "SPEAKER_01",
        "SPEAKER_00",
        "1\n2",
        "Eve",
    ]
    assert labelled([Line(0, "one", "Ada"), Line(1, "", None)], shown, stored) == [
        Line(0, "one", "SPEAKER_00"),
        Line(1, "", None),
    ]


def test_what_is_told_of_speakers_keeps_the_turns_that_were_heard() -> None:
    info = {
        "num_speakers": 1,
        "speakers": [{"label": "A", "name": None, "words": 9, "seconds": 5.0}, "odd"],
        "turns": [[0.0, 5.0, "A"]],
    }
    told = retold(info, with_speakers(transcript("one two", "three"), "A", "Eve"))
    assert told is not None
    assert told["turns"] == info["turns"]
    assert told["speakers"] == [
        {"label": "A", "name": None, "words": 2, "seconds": 5.0},
        "odd",
        {"label": "Eve", "name": None, "seconds": 0.4, "words": 1, "first_at": 1.4, "turns": 1},
    ]
    assert retold(None, transcript("one")) is None
    assert retold({"method": "other"}, transcript("one")) == {"method": "other"}
