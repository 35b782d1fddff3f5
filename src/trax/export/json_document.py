"""JSON for other programs: a stable shape, described in docs/schema.md under "The JSON export"."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from trax.export.document import ExportDocument
from trax.transcript import Segment, Word

FORMAT_VERSION = 1  # raised when a key changes its meaning or goes; new keys may come at any time


def render_json(document: ExportDocument) -> str:
    """One object: the facts of the result, the text, and the segments with their words."""
    return json.dumps(_document(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _document(document: ExportDocument) -> dict[str, Any]:
    transcript = document.transcript
    return {
        "format_version": FORMAT_VERSION,
        "title": document.title,
        "source": document.source,
        "media_id": document.media_id,
        "result_id": document.result_id,
        "version": document.version,
        "pipeline_version": document.pipeline_version,
        "model": document.model_used,
        "created_at": document.created_at,
        "language": transcript.language,
        "language_probability": _number(transcript.language_probability),
        "duration": _number(transcript.duration),
        "confidence": _number(transcript.confidence),
        "word_count": transcript.word_count,
        "speakers": [_speaker(speaker) for speaker in document.speakers()],
        "text": transcript.text,
        "segments": [_segment(number, segment) for number, segment in enumerate(transcript.segments)],
    }


def _speaker(speaker: Mapping[str, Any]) -> dict[str, Any]:
    """A speaker is called by name in the segments, where there is one."""
    return {
        "label": speaker["label"],
        "name": speaker.get("name"),
        "seconds": _number(speaker.get("seconds")),
        "words": speaker.get("words"),
        "first_at": _number(speaker.get("first_at")),
    }


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    return {
        "id": number,
        "start": _number(segment.start),
        "end": _number(segment.end),
        "text": segment.text,
        "confidence": _number(segment.confidence) if segment.words else None,
        "speaker": segment.speaker,
        "words": [_word(word, segment) for word in segment.words],
    }


def _word(word: Word, segment: Segment) -> dict[str, Any]:
    return {
        "start": _number(word.start),
        "end": _number(word.end),
        "word": word.text,
        "probability": _number(word.probability),
        "speaker": word.speaker or segment.speaker,
        "speaker_confidence": _number(word.speaker_confidence),
    }


def _number(value: float | None) -> float | None:
    """Six decimals: a sample at 16 kHz lasts 0.0000625 s."""
    return None if value is None or not math.isfinite(value) else round(value, 6)
