"""A transcript as it is indexed: segments for exact places, passages of about 40 s for words that belong together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trax.search.scripts import search_text
from trax.search.words import folded, head
from trax.storable import storable_text
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, mean_probability

PASSAGE_SECONDS = 40.0
PAUSE_SECONDS = 15.0  # a longer one ends a passage
LEAST_SECONDS = 10.0  # unless it has only just begun
MOST_CHARACTERS = 4_000  # of a passage: texts whose times mean nothing don't become one
LONGEST_SEGMENT = 50_000  # characters: PostgreSQL indexes no more than 1 MB and 16,383 places in one text
WORDS_AFTER_SEGMENT = 4  # known of what follows, so that a phrase of five is in one place
WORDS_AFTER_PASSAGE = 12
_LATEST = 2**31 - 1  # the largest integer of PostgreSQL


@dataclass(frozen=True, slots=True)
class IndexedSegment:
    """A segment with what it takes to find it."""

    idx: int  # its place in the transcript
    start_ms: int
    end_ms: int
    speaker: str | None
    confidence: float | None  # None: not measured
    language: str  # ISO 639-1
    text: str
    next_head: str  # the first words of what follows
    search_text: str | None  # what is indexed instead of text and next_head


@dataclass(frozen=True, slots=True)
class Passage:
    """Segments that follow each other, with what it takes to find them."""

    first_idx: int
    last_idx: int
    start_ms: int
    end_ms: int
    speakers: tuple[str, ...]
    language: str
    text: str
    next_head: str
    search_text: str | None


def index_rows(transcript: Transcript, measured: bool) -> tuple[list[IndexedSegment], list[Passage]]:
    """What is indexed of a transcript; `measured`: its confidences mean something."""
    language = _language(transcript.language)
    spoken = [(idx, segment, _text(segment)) for idx, segment in enumerate(transcript.segments)]
    spoken = [(idx, segment, text) for idx, segment, text in spoken if text]
    texts = [text for _, _, text in spoken]
    segments = []
    for number, (idx, segment, text) in enumerate(spoken):
        start, end = _milliseconds(segment)
        next_head = head(_from(texts, number + 1), WORDS_AFTER_SEGMENT)
        indexed = IndexedSegment(
            idx=idx,
            start_ms=start,
            end_ms=end,
            speaker=_speaker(segment),
            confidence=_confidence(segment) if measured else None,
            language=language,
            text=text,
            next_head=next_head,
            search_text=search_text([text, next_head]),
        )
        segments.append(indexed)
    return segments, list(_passages(segments))


def _passages(segments: Sequence[IndexedSegment]) -> Iterator[Passage]:
    first, characters = 0, 0
    for number, segment in enumerate(segments):
        if number and (characters >= MOST_CHARACTERS or _ends(segments[first], segments[number - 1], segment)):
            yield _passage(segments, first, number)
            first, characters = number, 0
        characters += len(segment.text)
    if segments:
        yield _passage(segments, first, len(segments))


def _ends(first: IndexedSegment, last: IndexedSegment, following: IndexedSegment) -> bool:
    """Whether a passage of these segments ends before the one that follows."""
    seconds = (last.end_ms - first.start_ms) / 1000
    pause = (following.start_ms - last.end_ms) / 1000
    return seconds >= PASSAGE_SECONDS or (pause > PAUSE_SECONDS and seconds >= LEAST_SECONDS)


def _passage(segments: Sequence[IndexedSegment], first: int, end: int) -> Passage:
    within = segments[first:end]
    texts = [segment.text for segment in within]
    next_head = head((segments[number].text for number in range(end, len(segments))), WORDS_AFTER_PASSAGE)
    return Passage(
        first_idx=within[0].idx,
        last_idx=within[-1].idx,
        start_ms=within[0].start_ms,
        end_ms=max(segment.end_ms for segment in within),
        speakers=tuple(dict.fromkeys(segment.speaker for segment in within if segment.speaker is not None)),
        language=within[0].language,
        text=" ".join(texts),
        next_head=next_head,
        search_text=search_text([*texts, next_head]),
    )


def _from(texts: Sequence[str], place: int) -> Iterable[str]:
    return (texts[number] for number in range(place, len(texts)))


def _text(segment: Segment) -> str:
    return " ".join(folded(storable_text(segment.text)).split())[:LONGEST_SEGMENT]


def _speaker(segment: Segment) -> str | None:
    return (storable_text(segment.speaker).strip() or None) if segment.speaker is not None else None


def _confidence(segment: Segment) -> float | None:
    """How sure the model is; None where no word of the segment was measured."""
    mean = mean_probability(segment.words)
    return None if mean is None or not math.isfinite(mean) else round(mean, 4)


def _milliseconds(segment: Segment) -> tuple[int, int]:
    start = _whole(segment.start)
    return start, max(start, _whole(segment.end))


def _whole(seconds: Seconds) -> int:
    return min(max(0, round(seconds * 1000)), _LATEST) if math.isfinite(seconds) else 0


def _language(code: str) -> str:
    """The language without its country: en of en-US."""
    return storable_text(code).strip().lower().replace("_", "-").split("-")[0] or "und"
