"""What of a stored result is searched: its segments, whoever has written the documents that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from trax.database import documents
from trax.database.models import TranscriptionResult
from trax.database.speaker_labels import cleaned
from trax.search.passages import IndexedSegment, Passage, index_rows
from trax.transcript import Segment, Transcript

LONGEST_LINE = 20  # results that were made one from another, until one has times
NOT_KNOWN = "und"  # a language


def rows_of(session: Session, result: TranscriptionResult) -> tuple[list[IndexedSegment], list[Passage]]:
    """What is indexed of the result.

    Raises: ValueError: its documents are none of a transcript.
    """
    try:
        transcript = _transcript(session, result)
        measured = _measured(result)
        segments, passages = index_rows(transcript, any(confidence is not None for confidence in measured))
        return [_with_confidence(segment, measured) for segment in segments], passages
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"result {result.id} holds no transcript") from error


def speakers_of(session: Session, result: TranscriptionResult) -> list[str | None]:
    """The speaker of each segment of the result, by its place.

    Raises: ValueError: its documents are none of a transcript.
    """
    try:
        segments = _transcript(session, result).segments
        return [cleaned(segment.speaker or "") or None for segment in segments]
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"result {result.id} holds no transcript") from error


def _transcript(session: Session, result: TranscriptionResult) -> Transcript:
    transcript = documents.transcript_of(result)
    text = result.content.get("enhanced_text") or result.content.get("text")
    if transcript.segments or not isinstance(text, str) or not text.strip():
        return transcript
    timed = _timed_ancestor(session, result)
    if timed is None:
        return transcript
    language = timed.language if transcript.language == NOT_KNOWN else transcript.language
    return replace(transcript, language=language, segments=spread_over(text, timed.segments))


def _timed_ancestor(session: Session, result: TranscriptionResult) -> Transcript | None:
    """The nearest transcript with times that the result was made from."""
    for _ in range(LONGEST_LINE):
        if result.parent_result_id is None:
            break
        result = session.get_one(TranscriptionResult, result.parent_result_id)
        transcript = documents.transcript_of(result)
        if transcript.segments:
            return transcript
    return None


def spread_over(text: str, timed: Sequence[Segment]) -> tuple[Segment, ...]:
    """The words of a text without times over segments that say about the same, in proportion to their lengths."""
    pieces, between = text.split(), " "
    if len(pieces) < len(timed):  # a script without spaces
        pieces, between = list(" ".join(pieces)), ""
    whole = sum(len(segment.text) for segment in timed) or 1
    spread: list[Segment] = []
    begun, taken = 0, 0
    for segment in timed:
        begun += len(segment.text)
        end = round(len(pieces) * begun / whole)
        said = between.join(pieces[taken:end]).strip()
        if said:
            spread.append(Segment(segment.start, segment.end, said, speaker=segment.speaker))
        taken = end
    return tuple(spread)


def _measured(result: TranscriptionResult) -> list[float | None]:
    """The confidence of each segment as the result has it; None where nobody knows it."""
    stored = result.segments if result.segments is not None else result.content.get("segments", [])
    return [_confidence(segment) for segment in stored]


def _confidence(segment: dict[str, Any]) -> float | None:
    if "confidence" in segment:
        value = segment["confidence"]
        is_measured = isinstance(value, int | float) and 0 <= value <= 1 and (value > 0 or segment.get("words"))
        return float(value) if is_measured else None
    return documents.read_segment(segment).confidence if _has_probabilities(segment) else None


def _has_probabilities(segment: dict[str, Any]) -> bool:
    return any("probability" in word for word in segment.get("words", ()))


def _with_confidence(segment: IndexedSegment, measured: Sequence[float | None]) -> IndexedSegment:
    confidence = measured[segment.idx] if segment.idx < len(measured) else None
    return segment if segment.confidence == confidence else replace(segment, confidence=confidence)
