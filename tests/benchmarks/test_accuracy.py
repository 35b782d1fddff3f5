"""The report of `benchmarks.accuracy`: errors, changes and aims, from texts that are told by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks.accuracy_report import Group, Measured, as_json, groups, missed, printed
from benchmarks.accuracy_sets import Unit
from benchmarks.accuracy_systems import SYSTEMS, Heard
from benchmarks.recordings import Recording

from trax.timeline import Interval

SAID = "many small brown birds sang near our quiet garden today"


def measured(
    name: str, texts: dict[str, str], number: int = 0, *, is_hard: bool = False, said: str = SAID, v3_takes: float = 1.5
) -> Measured:
    """All systems heard everything right, but for those of which the text is told."""
    segments = ((Interval(0.0, 10.0), said),) if name == "longform" else ()
    recording = Recording(Path(f"{name}-{number}.wav"), said, segments)
    heard = {
        system: Heard(texts.get(system, said), v3_takes if system == "v3" else 1.0, 1.0 if system == "v1" else 2.0)
        for system in SYSTEMS
    }
    return Measured(Unit(name, recording, is_hard=is_hard), 60.0, heard)


def wrong(count: int) -> str:
    return " ".join(["mistake"] * count + SAID.split()[count:])


def clean() -> list[Measured]:
    return [measured(name, {}, number) for name in ("read", "longform", "other") for number in range(3)]


def hard(v1: int, v3: int, both: int, base: int, v3_takes: float = 1.5) -> list[Measured]:
    texts = {"v1": wrong(v1), "v3": wrong(v3), "v3 + base": wrong(both), "base": wrong(base)}
    return [measured("white-5", texts, number, is_hard=True, v3_takes=v3_takes) for number in range(3)]


def test_what_is_met_is_not_missed() -> None:
    found = [*clean(), *hard(v1=5, v3=4, both=2, base=3)]
    assert missed(found) == []
    document = as_json(found)
    assert document["sets"]["hard"]["v1"]["wer_percent"] == 50.0
    assert document["sets"]["longform"]["v1"]["least_segment_coverage"] == 1.0
    assert "| hard | 3.0 | 50.00 (50.0-50.0) | 40.00" in printed(found)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([*clean(), *hard(5, 5, 2, 3)], ["hard: v3 has +0.0% of v1's errors, not -8%."]),
        ([*clean(), *hard(5, 4, 3, 3)], ["hard: v3 + base has +0.0% of base's errors, not -10%."]),
        ([*clean(), *hard(5, 4, 2, 3, v3_takes=2.5)], ["hard: v3 takes 2.50 times v1's time, not 2."]),
        ([*clean(), measured("read", {"v3": wrong(9)}, 9), *hard(5, 4, 2, 3)], []),  # one clip alone says little
        (
            [*clean(), *(measured("read", {"v1": wrong(1)}, 9 + n) for n in range(3)), *hard(5, 4, 2, 3)],
            ["read: v1 is 5.00 points behind faster-whisper."],
        ),
        (
            [*clean(), measured("longform", dict.fromkeys(SYSTEMS, "many"), 9), *hard(5, 4, 2, 3)],
            ["longform: of a segment 10% of the words are there."],
        ),
    ],
)
def test_what_is_missed_is_said(found: Sequence[Measured], expected: list[str]) -> None:
    assert missed(found) == expected


def test_a_set_that_is_worse_throughout_is_significantly_worse() -> None:
    worse = [measured("other", {"v1": wrong(1), "v3": wrong(3)}, number) for number in range(5)]
    group = Group("other", worse)
    change, interval = group.change("v3", "v1")
    assert (change, interval.low, interval.high) == (2.0, 2.0, 2.0)
    assert missed([*clean()[:6], *worse, *hard(5, 4, 2, 3)]) == ["other: v3 is significantly worse than v1."]


def test_sounds_without_words_have_no_rate() -> None:
    silence = measured("silent", {"v1": "thank you", "v3": ""}, said="")
    found = [*clean(), *hard(5, 4, 2, 3), silence]
    assert groups(found)[-1].words("v1") == 2
    assert as_json(found)["sets"]["silent"]["v3"]["words"] == 0
    assert "in which nobody speaks: v1 2, v3 0" in printed(found)
