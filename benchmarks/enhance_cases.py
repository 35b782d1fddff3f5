"""Transcripts with known errors, and what a language model would make of each of their segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.enhance_errors import ERRORS, HARMS, Change, Vocabulary, changed, changes, dressed, wild
from trax.enhancement.edits import pieces
from trax.enhancement.words import letters
from trax.transcript import Segment, Transcript

WORDS_PER_ERROR = 9
WORDS_PER_HARM = 9
MISHEARD = "misheard by the recogniser"


@dataclass(frozen=True, slots=True)
class Case:
    """A transcript, and a language model's answer about it."""

    transcript: Transcript
    answers: Mapping[int, str]  # by segment
    changes: Mapping[int, tuple[Change, ...]] = field(default_factory=dict)  # of which they are made
    kind: str = ""  # of answers that are no single changes


@dataclass(frozen=True, slots=True)
class _Damaged:
    """A segment, and what would mend it."""

    segment: Segment
    fixes: tuple[Change, ...]


def mixed(transcript: Transcript, reference: str, known: Vocabulary, random: Random) -> Case:
    """Errors are put in; the answer mends these and the recogniser's own, and makes the text worse elsewhere."""
    misheard = _misheard(transcript, reference, known.terms)
    damaged = [
        _damaged(segment, misheard.get(number, ()), known, random) for number, segment in enumerate(transcript.segments)
    ]
    answers, made = {}, {}
    for number, one in enumerate(damaged):
        words = [word.text.strip() for word in one.segment.words]
        taken = {place for fix in one.fixes for place in range(fix.start - 1, fix.end + 2)}
        free = [place for place in range(len(words)) if place not in taken]
        harms = changes(words, free, HARMS, _share(words, WORDS_PER_HARM, random), known, random)
        made[number] = (*one.fixes, *harms)
        answers[number] = " ".join(changed(words, made[number]))
    return Case(replace(transcript, segments=tuple(one.segment for one in damaged)), answers, made)


def runaway(case: Case, number: int, random: Random) -> Case | None:
    """The same transcript, and an answer that corrects nothing: another kind each time; None: there is no text."""
    texts = [segment.text for segment in case.transcript.segments]
    if not texts:
        return None
    place = random.randrange(len(texts))
    kinds = list(wild(texts, place, random))
    kind, text = kinds[number % len(kinds)]
    return Case(case.transcript, {place: text}, kind=kind)


def _share(words: Sequence[str], each: int, random: Random) -> int:
    """About one for so many words."""
    return int(len(words) / each + random.random())


def _damaged(segment: Segment, misheard: Sequence[Change], known: Vocabulary, random: Random) -> _Damaged:
    words = [word.text.strip() for word in segment.words]
    taken = {place for fix in misheard for place in range(fix.start - 1, fix.end + 2)}
    free = [place for place in range(len(words)) if place not in taken]
    errors = changes(words, free, ERRORS, _share(words, WORDS_PER_ERROR, random), known, random)
    kept = list(segment.words)
    for error in reversed(errors):
        old = kept[error.start : error.end]
        kept[error.start : error.end] = [replace(old[0], text=f" {text}") for text in error.after]
    fixes = [
        Change(_moved(e.start, errors), _moved(e.start, errors) + len(e.after), tuple(words[e.start : e.end]), e.kind)
        for e in errors
    ]
    fixes += [replace(fix, start=_moved(fix.start, errors), end=_moved(fix.end, errors)) for fix in misheard]
    text = "".join(word.text for word in kept).strip()
    return _Damaged(replace(segment, words=tuple(kept), text=text), tuple(sorted(fixes, key=lambda fix: fix.start)))


def _moved(place: int, errors: Sequence[Change]) -> int:
    """Where a word stands when the errors are made."""
    return place + sum(len(error.after) - (error.end - error.start) for error in errors if error.start < place)


def _misheard(transcript: Transcript, reference: str, terms: Sequence[str]) -> dict[int, list[Change]]:
    """What the recogniser got wrong, as changes to its segments."""
    places = [
        (number, index, word.text.strip())
        for number, segment in enumerate(transcript.segments)
        for index, word in enumerate(segment.words)
    ]
    spelt = {term.lower(): term for term in terms}
    wanted = [spelt.get(word, word) for word in reference.lower().split()]
    found: dict[int, list[Change]] = {}
    plain = [letters(word) for *_, word in places]
    for piece in pieces(plain, [letters(word) for word in wanted]):
        there = (
            places[max(0, piece.start - 1) : piece.end] if piece.start == piece.end else places[piece.start : piece.end]
        )
        if not there or there[0][0] != there[-1][0] or any(sign.isdigit() for *_, word in there for sign in word):
            continue
        number, first, _ = there[-1] if piece.start == piece.end else there[0]
        start = first + 1 if piece.start == piece.end and piece.start else first
        end = start + piece.end - piece.start
        after = _dressed(wanted[piece.made_start : piece.made_end], [word for *_, word in there[: end - start]])
        found.setdefault(number, []).append(Change(start, end, after, MISHEARD))
    return found


def _dressed(texts: Sequence[str], like: Sequence[str]) -> tuple[str, ...]:
    """The first with the capital of what was there, the last with its punctuation."""
    if not texts or not like:
        return tuple(texts)
    first, last = dressed(texts[0], like[0].rstrip('.,;:!?"')), like[-1][len(like[-1].rstrip('.,;:!?"')) :]
    inner = (first, *texts[1:])
    return (*inner[:-1], inner[-1] + last)


def kind_at(case: Case, segment: int, start: int, end: int) -> str:
    """Which of the changes an edit of these words is made of."""
    if case.kind:
        return case.kind
    touching = (change for change in case.changes.get(segment, ()) if change.start <= end and start <= change.end)
    return next((change.kind for change in _nearest(touching, start, end)), "other")


def _nearest(touching: Iterator[Change], start: int, end: int) -> list[Change]:
    return sorted(touching, key=lambda change: abs(change.start - start) + abs(change.end - end))
