"""A transcript with other words in some places: times in order, sentences with their marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, Word
from trax.transcription.segments import ends_sentence
from trax.transcription.words import in_order

MARKS: Final = ".,?!;:…"
LONGEST_WORD: Seconds = 0.5  # that is put into a pause: longer pauses stay pauses


@dataclass(frozen=True, slots=True)
class Change:
    """Other words for those of a range of the whole transcript, half open; where it is empty they are put in."""

    start: int
    end: int
    texts: tuple[str, ...]
    probability: float  # of each new word, where no hearing has measured one
    words: tuple[Word, ...] = ()  # the same with times and probabilities


def with_segments(transcript: Transcript, found: Sequence[Segment]) -> Transcript:
    """The transcript with segments that it lacked; one that goes on behind them is divided."""
    segments = list(transcript.segments)
    for new in sorted(found, key=lambda one: one.start):
        place = sum(segment.start < new.start for segment in segments)
        divided = _divided(segments[place - 1], new.start) if place else ()
        if len(divided) > 1:
            segments[place - 1 : place] = divided
        earliest = segments[place - 1].end if place else 0.0
        latest = segments[place].start if place < len(segments) else transcript.duration
        words = tuple(in_order(new.words, min(earliest, new.start), max(latest, new.end)))
        segments.insert(place, replace(new, start=words[0].start, end=words[-1].end, words=words))
    return replace(transcript, segments=tuple(segments))


def _divided(segment: Segment, time: Seconds) -> tuple[Segment, ...]:
    """The segment as it is before and after a moment."""
    parts = [
        [word for word in segment.words if word.start < time],
        [word for word in segment.words if word.start >= time],
    ]
    return tuple(_of_words(segment, part) for part in parts if part)


def _of_words(segment: Segment, words: Sequence[Word]) -> Segment:
    text = "".join(word.text for word in words).strip()
    return replace(segment, start=words[0].start, end=words[-1].end, words=tuple(words), text=text)


def rewritten(transcript: Transcript, changes: Sequence[Change]) -> Transcript:
    """The transcript with all changes, which don't overlap; segments without any stay the same objects."""
    first = 0
    of_segment: list[tuple[int, Segment]] = []
    for segment in transcript.segments:
        of_segment.append((first, segment))
        first += len(segment.words)
    everything = transcript.words
    made = [_segment(transcript, everything, number, start, changes) for number, (start, _) in enumerate(of_segment)]
    return replace(transcript, segments=tuple(segment for segment in made if segment.words or segment.text))


def _segment(
    transcript: Transcript, everything: Sequence[Word], number: int, start: int, changes: Sequence[Change]
) -> Segment:
    segment = transcript.segments[number]
    end = start + len(segment.words)
    here = [change for change in changes if _touches(change, start, end, is_first=number == 0)]
    if not here:
        return segment
    words: list[Word] = []
    place = start
    for change in here:
        words += everything[place : max(place, min(end, change.start))]
        if change.start >= start:  # else it began in an earlier segment, which has its words
            words += _words(change, everything, segment)
        place = max(place, min(end, change.end))
    words += everything[place:end]
    return _timed(transcript, number, words)


def _touches(change: Change, start: int, end: int, *, is_first: bool) -> bool:
    """Whether the change is one of the segment's words; what is put in belongs to the word before it."""
    if change.start == change.end:
        return start < change.start <= end or (is_first and change.start == start)
    return change.start < end and start < change.end


def _words(change: Change, everything: Sequence[Word], segment: Segment) -> list[Word]:
    old = everything[change.start : change.end]
    if not change.texts:
        return []
    if change.words:
        made = list(change.words)
    else:
        begin, end = _room(change, everything, segment)
        made = _spread(change, begin, end)
    made = [replace(word, text=f" {word.text.strip()}", speaker=_speaker(old, segment)) for word in made]
    before = everything[change.start - 1].text if change.start else "."
    return _dressed(made, old, before)


def _room(change: Change, everything: Sequence[Word], segment: Segment) -> tuple[Seconds, Seconds]:
    """The time of the words that go, or the pause into which others are put."""
    if change.start < change.end:
        return everything[change.start].start, everything[change.end - 1].end
    before = everything[change.start - 1].end if change.start else segment.start
    after = everything[change.start].start if change.start < len(everything) else segment.end
    return before, max(before, min(after, before + LONGEST_WORD * len(change.texts)))


def _spread(change: Change, begin: Seconds, end: Seconds) -> list[Word]:
    """The words share the time by their length."""
    total = sum(len(text) + 1 for text in change.texts)
    made, done = [], 0
    for text in change.texts:
        start = begin + (end - begin) * done / total
        done += len(text) + 1
        made.append(Word(start, begin + (end - begin) * done / total, text, change.probability))
    return made


def _speaker(old: Sequence[Word], segment: Segment) -> str | None:
    return old[0].speaker if old else segment.speaker


def _dressed(made: list[Word], old: Sequence[Word], before: str) -> list[Word]:
    """A sentence that ended there still does, and one that begins there begins with a capital."""
    last = made[-1].text
    if old and ends_sentence(old[-1].text) and not ends_sentence(last):
        made[-1] = replace(made[-1], text=last.rstrip(MARKS) + old[-1].text.strip()[-1])
    first = made[0].text.strip()
    if ends_sentence(before) and first[:1].islower():
        made[0] = replace(made[0], text=f" {first[0].upper()}{first[1:]}")
    return made


def _timed(transcript: Transcript, number: int, words: Sequence[Word]) -> Segment:
    """The segment with these words, in order within the time between its neighbours."""
    segment = transcript.segments[number]
    if not words:
        return replace(segment, words=(), text="")
    earliest = transcript.segments[number - 1].end if number else 0.0
    latest = transcript.segments[number + 1].start if number + 1 < len(transcript.segments) else transcript.duration
    placed = in_order(words, min(earliest, segment.start), max(latest, segment.end))
    return _of_words(segment, placed)
