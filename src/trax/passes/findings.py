"""What the hearings of a window change in its words, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trax.audio import Window
from trax.passes.choice import Choice, chosen, roles_of
from trax.passes.hearings import Candidate, Hearing, Span
from trax.passes.names import KNOWN
from trax.passes.repairs import Removal, found_again
from trax.passes.rewriting import Change
from trax.passes.spans import spans
from trax.timeline import Seconds
from trax.transcript import Segment, Word, mean_probability

DIFFERENT, LOST = "heard differently", "speech without words"


@dataclass(frozen=True, slots=True)
class Finding:
    """A change with what speaks for it."""

    change: Change
    start: Seconds
    end: Seconds
    before: str
    why: str
    hearings: tuple[str, ...]  # that have it as their best reading
    before_probability: float | None  # of what was there, by the same measure as the change's
    segments: tuple[Segment, ...] = ()  # of speech that had other words or none, and that stand for themselves
    language: str | None = None  # of the segments, where it is another one than the transcript's

    @property
    def rewriting(self) -> tuple[Change, ...]:
        """What is to be done with the words that are there; segments of its own are put in beside."""
        if not self.segments:
            return (self.change,)
        if self.change.start == self.change.end:
            return ()
        return (Change(self.change.start, self.change.end, (), self.change.probability),)

    def as_json(self) -> Mapping[str, Any]:
        language = {} if self.language is None else {"language": self.language}
        return {
            **language,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "before": self.before,
            "after": " ".join(text.strip() for text in self.change.texts),
            "why": self.why,
            "hearings": list(self.hearings),
            "probability": round(self.change.probability, 4),
            "before_probability": None if self.before_probability is None else round(self.before_probability, 4),
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech without words, and what was heard in it by itself."""

    window: Window
    segments: tuple[Segment, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for segment in self.segments for word in segment.words)


def findings(
    words: Sequence[Word],
    first: int,
    hearings: Sequence[Hearing],
    removed: Sequence[Removal],
    heard_gaps: Sequence[Gap],
    named: Sequence[Finding] = (),
) -> list[Finding]:
    """Changes to the words of a window, in order; no two of those that change words touch.

    first: place of the first of the words in the transcript. named: names that were misheard.
    """
    mended = [*_removed(words, first, hearings, removed), *_put_in(words, first, hearings, heard_gaps)]
    mended += [one for one in named if not any(_touch(one.change, other.change) for other in mended)]
    chosen = _chosen(words, first, hearings)
    others = [one for one in chosen if not any(_touch(one.change, other.change) for other in mended)]
    return sorted([*mended, *others], key=lambda one: (one.change.start, one.change.end))


def _touch(one: Change, other: Change) -> bool:
    return one.start <= other.end and other.start <= one.end


def _removed(
    words: Sequence[Word], first: int, hearings: Sequence[Hearing], removed: Sequence[Removal]
) -> Iterator[Finding]:
    for one in removed:
        gone = words[one.start : one.end]
        change = Change(first + one.start, first + one.end, (), 1 - (mean_probability(gone) or 0.0))
        roles = tuple(hearing.role for hearing in hearings)
        yield Finding(change, gone[0].start, gone[-1].end, _text(gone), one.why, roles, mean_probability(gone))


def _put_in(
    words: Sequence[Word], first: int, hearings: Sequence[Hearing], heard_gaps: Sequence[Gap]
) -> Iterator[Finding]:
    for gap in heard_gaps:
        if gap.words and found_again(gap.window, gap.words, hearings):
            place = first + sum(word.start < gap.words[0].start for word in words)
            sure = mean_probability(gap.words) or 0.0
            change = Change(place, place, tuple(word.text.strip() for word in gap.words), sure, gap.words)
            roles = tuple(hearing.role for hearing in hearings)
            yield Finding(change, gap.words[0].start, gap.words[-1].end, "", LOST, roles, None, gap.segments)


def _chosen(words: Sequence[Word], first: int, hearings: Sequence[Hearing]) -> Iterator[Finding]:
    roles = roles_of([hearing.role for hearing in hearings])
    for span in spans(words, hearings) if words else ():
        choice = chosen(span, roles)
        if choice.is_change:
            yield _finding(words, first, span.start, span.end, choice)


def of_name(words: Sequence[Word], first: int, span: Span, candidate: Candidate) -> Finding:
    """A name that stands in place of what was heard."""
    sure = mean_probability(candidate.words) or 0.0
    before = words[span.start : span.end]
    change = Change(first + span.start, first + span.end, candidate.texts, sure, candidate.words)
    where = _time(words, span.start, span.end)
    return Finding(change, *where, _text(before), KNOWN, ("named",), mean_probability(before))


def _finding(words: Sequence[Word], first: int, start: int, end: int, choice: Choice) -> Finding:
    old, new = words[start:end], choice.candidate
    change = Change(first + start, first + end, new.texts, choice.probability, new.words)
    span = _time(words, start, end)
    roles = tuple(role for role, support in new.support.items() if support.is_best)
    return Finding(change, *span, _text(old), DIFFERENT, roles, choice.first)


def _time(words: Sequence[Word], start: int, end: int) -> tuple[Seconds, Seconds]:
    if start < end:
        return words[start].start, words[end - 1].end
    before = words[start - 1].end if start else words[0].start
    return before, words[start].start if start < len(words) else before


def _text(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()
