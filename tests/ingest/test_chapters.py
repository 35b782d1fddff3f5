"""Chapters that a player shows or a description lists."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.ingest.chapters import Chapter, chapters, described
from trax.ingest.page_json import shown


def _clock(seconds: int, padded: bool) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}" if padded or hours else str(rest // 60)
    return (f"{hours}:" if hours else "") + f"{minutes}:{rest % 60:02}"


LINES = [
    "{time} {title}", "{time} - {title}", "[{time}] {title}", "({time}) {title}", "▶ {time} | {title}",
    "• {time}: {title}", "{title} {time}", "{title} ({time})", "{title} – {time}", "3. {time} {title}",
]  # fmt: skip
TITLES = st.text("abcdefgh XYZ äß", min_size=1, max_size=20).map(lambda title: shown(f"T{title}T"))


@given(
    st.lists(st.tuples(st.integers(10, 4000), TITLES), min_size=3, max_size=12),
    st.sampled_from(LINES), st.booleans(), st.lists(st.text("abc \n", max_size=20), max_size=3),
)  # fmt: skip
@settings(max_examples=60)
def test_chapters_of_a_description(lengths: list[tuple[int, str]], line: str, padded: bool, prose: list[str]) -> None:
    expected, start = [], 0
    for seconds, title in lengths:
        expected.append(Chapter(float(start), float(start + seconds), title))
        start += seconds
    listing = [line.format(time=_clock(int(one.start), padded), title=one.title) for one in expected]
    description = "\n".join([*prose, "Recorded at 10:30", *listing, "", *prose])
    assert list(described(description, start)) == expected
    without_end = [*expected[:-1], Chapter(expected[-1].start, None, expected[-1].title)]
    assert list(described(description, None)) == without_end


@given(st.lists(st.sampled_from(["0:00 a", "0:30 b", "1:00:00 c", "5:00", "0:05 d", ":::", "x 9:99 y", "1:2:3 z"])
                | st.text(max_size=30), max_size=12), st.none() | st.integers(1, 5000))  # fmt: skip
def test_chapters_are_in_order_and_within_the_video(lines: list[str], duration: int | None) -> None:
    found = described("\n".join(lines), duration)
    if not found:
        return
    assert len(found) >= 3
    assert found[0].start == 0
    assert found[-1].end == duration
    for chapter, following in pairwise(found):
        assert chapter.end == following.start >= chapter.start + 10
    assert all(chapter.title for chapter in found)


@pytest.mark.parametrize(
    "description",
    [
        "", "0:00 One\n1:00 Two", "0:10 One\n1:00 Two\n2:00 Three", "0:00 One\n0:05 Two\n1:00 Three",
        "0:00 One\n2:00 Two\n1:00 Three", "0:00\n1:00\n2:00",
    ],
    ids=["empty", "two", "late", "short", "out of order", "without names"],
)  # fmt: skip
def test_times_that_are_no_chapters(description: str) -> None:
    assert described(description, 600) == ()


def test_a_joined_emoji_stays_whole_in_a_chapter() -> None:
    assert described("0:00 👨‍👩‍👧 a\u202e\n0:10 b\n0:20 c", None)[0].title == "👨‍👩‍👧 a"


@pytest.mark.parametrize("line", ["x" + " " * 380 + ":", "- " * 199 + ":", "0:00" * 99, "1:" * 199, "([" * 199 + ":"])
def test_a_description_made_to_keep_us_busy(line: str) -> None:
    began = time.process_time()
    described(f"{line}\n" * 5000, 600)
    assert time.process_time() - began < 3


def _shown(*starts: int) -> dict[str, Any]:
    """What lies around a player that shows chapters from there on, in milliseconds."""
    entries = [
        {"chapterRenderer": {"title": {"simpleText": f"At {start}"}, "timeRangeStartMillis": start}} for start in starts
    ]
    bar = {"multiMarkersPlayerBarRenderer": {"markersMap": [{"value": {}}, {"value": {"chapters": entries}}]}}
    decorated = {"decoratedPlayerBarRenderer": {"decoratedPlayerBarRenderer": {"playerBar": bar}}}
    return {"playerOverlays": {"playerOverlayRenderer": decorated}}


def test_what_the_player_shows_wins_over_the_description() -> None:
    text = "0:00 A\n0:10 B\n0:20 C"
    assert chapters(_shown(0, 4500), text, 60) == (Chapter(0.0, 4.5, "At 0"), Chapter(4.5, 60.0, "At 4500"))
    for nonsense in ({}, _shown(0, 60_000), _shown(0, 5000, 5000), _shown(*range(1500))):
        assert [one.title for one in chapters(nonsense, text, 60)] == ["A", "B", "C"]
    assert chapters({}, text, 20) == (), "the last one would begin at the very end"
