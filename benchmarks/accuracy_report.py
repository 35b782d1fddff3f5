"""What `benchmarks.accuracy` has found: errors of each set with their intervals, times, and which aims were missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from benchmarks.accuracy_sets import Unit
from benchmarks.accuracy_systems import SYSTEMS, Heard
from benchmarks.scoring import coverage
from trax.evaluation.bootstrap import DRAWS, LEVEL, SEED, Bounds, bounds
from trax.evaluation.errors import Errors, total
from trax.evaluation.score import score

CLEAN = ("read", "longform", "other")
SILENT = "silent"
HARD = "hard"  # all conditions together
TOLERANCE = 0.002  # of WER: 0.2 points
LEAST_COVERAGE = 0.5  # of a segment's words
LOWER, LOWER_OF_TWO = 0.08, 0.10  # of WER, relative
SLOWER = 2.0
BOUND = ("read", "longform")  # to which the tolerance applies


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What all systems made of a recording."""

    unit: Unit
    duration: float
    heard: Mapping[str, Heard]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The recordings of a set."""

    name: str
    measured: Sequence[Measured]

    @property
    def minutes(self) -> float:
        return sum(one.duration for one in self.measured) / 60

    def errors(self, system: str) -> list[Errors]:
        """Of each recording; of each segment, where the reference has some."""
        return [errors for one in self.measured for errors in _errors(one, system)]

    def wer(self, system: str) -> float:
        return total(self.errors(system)).rate

    def bounds(self, system: str) -> Bounds | None:
        return bounds(self.errors(system))

    def seconds(self, system: str, *, cpu: bool = False) -> float:
        return sum(one.heard[system].cpu_seconds if cpu else one.heard[system].seconds for one in self.measured)

    def change(self, system: str, other: str) -> tuple[float, Bounds]:
        """How much more or less is wrong, relative to the other, of the same draws of recordings."""
        pairs = zip(self.errors(system), self.errors(other), strict=True)
        figures = np.array([(one.total, two.total) for one, two in pairs], dtype=np.float64)
        generator = np.random.default_rng(SEED)
        drawn = figures[generator.integers(0, len(figures), size=(DRAWS, len(figures)))].sum(axis=1)
        low, high = np.quantile(drawn[:, 0] / np.maximum(drawn[:, 1], 1) - 1, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        mine, others = figures.sum(axis=0)
        return float(mine / max(others, 1) - 1), Bounds(float(low), float(high))

    def words(self, system: str) -> int:
        """That were heard."""
        return sum(len(one.heard[system].text.split()) for one in self.measured)

    def least_coverage(self, system: str) -> float | None:
        """Of the segments that the references have."""
        shares = [
            share
            for one in self.measured
            if one.unit.recording.segments
            for share in coverage(one.unit.recording, one.heard[system].text)
        ]
        return min(shares, default=None)


def groups(measured: Sequence[Measured]) -> list[Group]:
    """Clean sets, the hard set as a whole and by condition, and sounds without words."""
    names = dict.fromkeys(one.unit.set for one in measured)
    by_set = {name: Group(name, [one for one in measured if one.unit.set == name]) for name in names}
    hard = [one for one in measured if one.unit.is_hard]
    conditions = sorted({one.unit.set for one in hard})
    found = [by_set[name] for name in CLEAN if name in by_set]
    found += [Group(HARD, hard), *(by_set[name] for name in conditions)] if hard else []
    return found + ([by_set[SILENT]] if SILENT in by_set else [])


def missed(measured: Sequence[Measured]) -> list[str]:
    """The aims that were not met, each as a sentence."""
    found = {group.name: group for group in groups(measured)}
    aims = [*_clean_aims([found[name] for name in CLEAN]), *_hard_aims(found[HARD])]
    return [text for is_met, text in aims if not is_met]


def _clean_aims(clean: Sequence[Group]) -> Iterator[tuple[bool, str]]:
    for group in clean:
        for system in ("v3", "v3 + base"):
            low = group.change(system, "v1")[1].low
            yield low <= 0, f"{group.name}: {system} is significantly worse than v1."
        if group.name in BOUND:
            behind = group.wer("v1") - group.wer("faster-whisper")
            yield behind <= TOLERANCE, f"{group.name}: v1 is {100 * behind:.2f} points behind faster-whisper."
        least = group.least_coverage("v1")
        if least is not None:
            yield least >= LEAST_COVERAGE, f"{group.name}: of a segment {least:.0%} of the words are there."


def _hard_aims(hard: Group) -> Iterator[tuple[bool, str]]:
    change = hard.change("v3", "v1")[0]
    yield change <= -LOWER, f"hard: v3 has {change:+.1%} of v1's errors, not {-LOWER:+.0%}."
    slower = hard.seconds("v3") / hard.seconds("v1")
    yield slower <= SLOWER, f"hard: v3 takes {slower:.2f} times v1's time, not {SLOWER:g}."
    better = min(("v1", "base"), key=hard.wer)
    change = hard.change("v3 + base", better)[0]
    yield change <= -LOWER_OF_TWO, f"hard: v3 + base has {change:+.1%} of {better}'s errors, not {-LOWER_OF_TWO:+.0%}."


def printed(measured: Sequence[Measured]) -> str:
    """Tables in Markdown."""
    found = groups(measured)
    lines = ["", "| set | min | " + " | ".join(SYSTEMS) + " |", "|---|---|" + "---|" * len(SYSTEMS)]
    spoken = [group for group in found if group.name != SILENT]
    for group in spoken:
        rates = " | ".join(_rate(group, system) for system in SYSTEMS)
        lines.append(f"| {group.name} | {group.minutes:.1f} | {rates} |")
    lines += [
        "",
        "| set | v3 / v1 | v3 + base / v1 | v3 + base / base | times of v1, wall and CPU |",
        "|---|---|---|---|---|",
    ]
    lines += [_changes(group) for group in spoken]
    for group in found:
        if group.name == SILENT:
            words = ", ".join(f"{system} {group.words(system)}" for system in SYSTEMS)
            lines += ["", f"Words in {group.minutes:.1f} min in which nobody speaks: {words}."]
    return "\n".join(lines)


def _rate(group: Group, system: str) -> str:
    interval = group.bounds(system)
    shown = "" if interval is None else f" ({100 * interval.low:.1f}-{100 * interval.high:.1f})"
    return f"{100 * group.wer(system):.2f}{shown}"


def _changes(group: Group) -> str:
    cells = []
    for system, other in (("v3", "v1"), ("v3 + base", "v1"), ("v3 + base", "base")):
        change, interval = group.change(system, other)
        cells.append(f"{100 * change:+.1f} % ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})")
    times = ", ".join(
        f"{system} {group.seconds(system) / group.seconds('v1'):.2f} and "
        f"{group.seconds(system, cpu=True) / group.seconds('v1', cpu=True):.2f}"
        for system in SYSTEMS[1:]
    )
    return f"| {group.name} | {' | '.join(cells)} | {times} |"


def as_json(measured: Sequence[Measured]) -> dict[str, Any]:
    """Everything that was found."""
    return {"missed": missed(measured), "sets": {group.name: _group(group) for group in groups(measured)}}


def _group(group: Group) -> dict[str, Any]:
    facts: dict[str, Any] = {"files": len(group.measured), "audio_seconds": round(60 * group.minutes, 1)}
    for system in SYSTEMS:
        own: dict[str, Any] = {
            "words": group.words(system),
            "seconds": round(group.seconds(system), 1),
            "cpu_seconds": round(group.seconds(system, cpu=True), 1),
        }
        if group.name != SILENT:
            own |= _errors_json(group, system)
        facts[system] = own
    return facts


def _errors_json(group: Group, system: str) -> dict[str, Any]:
    found, interval = total(group.errors(system)), group.bounds(system)
    least = group.least_coverage(system)
    return {
        "wer_percent": round(100 * found.rate, 3),
        "interval_percent": None
        if interval is None
        else [round(100 * one, 2) for one in (interval.low, interval.high)],
        "reference_words": found.count,
        "substituted": found.substitutions,
        "deleted": found.deletions,
        "inserted": found.insertions,
        "least_segment_coverage": None if least is None else round(least, 3),
    }


def _errors(one: Measured, system: str) -> tuple[Errors, ...]:
    recording = one.unit.recording
    reference = tuple(text for _, text in recording.segments) or (recording.text,)
    return _scored(reference, one.heard[system].text)


@cache
def _scored(reference: tuple[str, ...], text: str) -> tuple[Errors, ...]:
    found = score(reference, text, language="en")
    assert found is not None, "every reference has words"
    return found.words_by_utterance
