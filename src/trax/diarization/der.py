"""The diarization error rate: for how much of the speech somebody is missed, invented, or taken for somebody else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trax.diarization.pairing import best_pairs
from trax.diarization.spans import Span, spans
from trax.timeline import Interval, Seconds, subtract, union
from trax.turns import SpeakerTurn


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Seconds of each kind of error; time in which two people speak counts twice."""

    missed: Seconds  # somebody speaks, and nobody was found
    false_alarm: Seconds  # somebody was found, and nobody speaks
    confusion: Seconds  # somebody else was found
    total: Seconds  # of speech in the reference
    mapping: dict[str, str]  # from labels of the hypothesis to those of the reference

    @property
    def rate(self) -> float:
        """Errors by seconds of speech; 1 where there is no speech and something was found."""
        errors = self.missed + self.false_alarm + self.confusion
        if self.total > 0:
            return errors / self.total
        return 1.0 if errors > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """A stretch in which the same people speak, and the same ones were found."""

    seconds: Seconds
    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]


def der(
    reference: Iterable[SpeakerTurn],
    hypothesis: Iterable[SpeakerTurn],
    collar: Seconds = 0.0,
    skip_overlap: bool = False,
    within: Sequence[Interval] | None = None,
) -> DiarizationError:
    """How far the hypothesis is from the reference, with the labels mapped so that they agree best.

    collar: so much on each side of every border of the reference isn't scored (as NIST's md-eval has it).
    skip_overlap: nor is what several people say at once. within: all that is scored; None: everything.
    """
    true, found = list(reference), list(hypothesis)
    moments = _moments(spans(true), spans(found), _scored(true, collar, within))
    if skip_overlap:
        moments = [moment for moment in moments if len(moment.reference) < 2]
    mapping = _mapping(moments)
    missed = false_alarm = confusion = total = 0.0
    for moment in moments:
        real, made = len(moment.reference), len(moment.hypothesis)
        right = sum(mapping.get(label) in moment.reference for label in moment.hypothesis)
        missed += max(0, real - made) * moment.seconds
        false_alarm += max(0, made - real) * moment.seconds
        confusion += (min(real, made) - right) * moment.seconds
        total += real * moment.seconds
    return DiarizationError(missed, false_alarm, confusion, total, mapping)


class _Cursor:
    """Spans that are walked through in order."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans, self._place = spans, 0

    def at(self, time: Seconds) -> tuple[str, ...]:
        """Who speaks from then on; later times only from call to call."""
        while self._place < len(self._spans) and self._spans[self._place].end <= time:
            self._place += 1
        speaks = self._place < len(self._spans) and self._spans[self._place].start <= time
        return self._spans[self._place].speakers if speaks else ()


def _moments(reference: Sequence[Span], hypothesis: Sequence[Span], scored: Sequence[Interval]) -> list[_Moment]:
    """All that is scored, cut wherever anything changes."""
    counted = [Span(part.start, part.end, ("scored",)) for part in scored]
    parts = (reference, hypothesis, counted)
    edges = sorted({time for part in parts for span in part for time in (span.start, span.end) if math.isfinite(time)})
    real, made, scoring = (_Cursor(part) for part in parts)
    found = []
    for start, end in pairwise(edges):
        moment = _Moment(end - start, real.at(start), made.at(start))
        if scoring.at(start) and (moment.reference or moment.hypothesis):
            found.append(moment)
    return found


def _scored(reference: Sequence[SpeakerTurn], collar: Seconds, within: Sequence[Interval] | None) -> list[Interval]:
    everything = [Interval(-math.inf, math.inf)] if within is None else union(within)
    if collar <= 0:
        return everything
    borders = (time for turn in reference for time in (turn.start, turn.end))
    return subtract(everything, [Interval(time - collar, time + collar) for time in borders])


def _mapping(moments: Iterable[_Moment]) -> dict[str, str]:
    """One label of the reference for each of the hypothesis, or none, so that they share most time."""
    shared: dict[tuple[str, str], Seconds] = {}
    for moment in moments:
        for made in moment.hypothesis:
            for real in moment.reference:
                shared[made, real] = shared.get((made, real), 0.0) + moment.seconds
    made_labels = sorted({made for made, _ in shared})
    real_labels = sorted({real for _, real in shared})
    gains = [[shared.get((made, real), 0.0) for real in real_labels] for made in made_labels]
    return {made_labels[row]: real_labels[column] for row, column in best_pairs(gains)}
