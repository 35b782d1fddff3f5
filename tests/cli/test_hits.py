"""What a person and a program see of a hit: marks, snippets, times, and nothing that a terminal would obey."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.cli.hits import LONGEST, facts, marked, shown, snippet
from trax.search.hits import Hit, Line

HIT = Hit(
    media_id=UUID("3f2a91c0-0000-4000-8000-000000000000"),
    result_id=UUID("11111111-0000-4000-8000-000000000000"),
    version=2,
    pipeline_version="v1",
    title="talk.mp3",
    start=754.9,
    end=760.0,
    text="Of all machines this one learns.",
    speaker="Ann",
    confidence=0.874,
    score=0.5,
    marks=((7, 15), (25, 31)),
    language="en",
    link="https://youtu.be/dQw4w9WgXcQ?t=754",
    source="talk.mp3",
    channel=None,
    published="2026-11-22",
    is_estimated=False,
    before=(Line(750.0, 754.9, None, "So."),),
    after=(Line(760.0, 3600.0, "Bob", "Does it?"),),
)


def test_a_hit_says_where_by_whom_and_how_sure() -> None:
    assert list(shown(HIT)) == [
        "talk.mp3 · 0:12:34 · Ann · 87% sure · 3f2a91c0",
        "    (0:12:30) So.",
        "    Of all [machines] this one [learns].",
        "    (0:12:40) Bob: Does it?",
        "    https://youtu.be/dQw4w9WgXcQ?t=754",
    ]


def test_what_is_not_known_is_not_said() -> None:
    bare = replace(HIT, speaker=None, confidence=None, link=None, is_estimated=True, before=(), after=(), marks=())
    assert list(shown(bare)) == ["talk.mp3 · ~0:12:34 · 3f2a91c0", "    Of all machines this one learns."]


def test_a_hit_as_json() -> None:
    document = json.loads(json.dumps(facts(HIT)))
    assert (document["media_id"], document["result_id"]) == (str(HIT.media_id), str(HIT.result_id))
    assert (document["start"], document["end"], document["speaker"]) == (754.9, 760.0, "Ann")
    assert [document["text"][start:end] for start, end in document["marks"]] == ["machines", "learns"]
    assert document["after"] == [{"start": 760.0, "end": 3600.0, "speaker": "Bob", "text": "Does it?"}]
    assert (document["estimated"], document["confidence"], document["score"]) == (False, 0.874, 0.5)


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_nothing_in_a_hit_reaches_the_terminal_as_a_command(text: str, title: str, speaker: str) -> None:
    line = Line(0.0, 1.0, speaker, text)
    hit = replace(
        HIT, text=text, title=title, speaker=speaker, link=text, marks=((0, 2),), before=(line,), after=(line,)
    )
    assert all(made.isprintable() for made in shown(hit))


@given(
    st.text("ab ", min_size=0, max_size=1500), st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 30)), max_size=5)
)
def test_a_long_text_is_shown_around_its_first_mark(text: str, places: list[tuple[int, int]]) -> None:
    marks = sorted((start, min(len(text), start + length)) for start, length in places if start < len(text))
    part, kept = snippet(text, marks)
    assert len(part) <= LONGEST + 2
    if len(text) <= LONGEST:
        assert (part, kept) == (text, marks)
        return
    assert part.strip("…") in text
    assert len(kept) >= min(1, len(marks))
    for start, end in kept:
        assert any(text[a:b].startswith(part[start:end].strip("…")) for a, b in marks)


@given(st.text("ab [é", max_size=40), st.lists(st.tuples(st.integers(-2, 42), st.integers(-2, 42)), max_size=6))
def test_marks_change_nothing_else(text: str, marks: list[tuple[int, int]]) -> None:
    made = marked(text, marks, bold=True)
    assert made.replace("\x1b[1m", "").replace("\x1b[22m", "") == text
    assert made.count("\x1b[1m") == made.count("\x1b[22m") <= len(marks)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([(4, 8)], "one [two2] three"),
        ([(9, 14), (0, 3)], "[one] two2 [three]"),
        ([(0, 8), (4, 14)], "[one two2] three"),  # one within another is no mark of its own
        ([(9, 99), (3, 3), (8, 4)], "one two2 three"),
    ],
)
def test_marks_are_brackets_where_there_is_no_terminal(marks: list[tuple[int, int]], expected: str) -> None:
    assert marked("one two2 three", marks, bold=False) == expected
