"""The JSON documents in which `transcription_results` keeps a transcript, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trax.database.models import TranscriptionResult
from trax.transcript import Segment, Transcript, Word
from trax.transcription.confidence import segment_confidences

TIME_DIGITS = 7  # one sample at 16 kHz lasts 0.0000625 s: every sample has a time of its own


def content_v1(transcript: Transcript) -> dict[str, Any]:
    """`content` of a transcript as Whisper heard it."""
    return {
        "text": transcript.text,
        "language": transcript.language,
        "segments": [
            {
                "id": number,
                "start": _time(segment.start),
                "end": _time(segment.end),
                "text": segment.text,
                "confidence": _score(segment.confidence),
            }
            for number, segment in enumerate(transcript.segments)
        ],
    }


def segments(transcript: Transcript) -> list[dict[str, Any]]:
    """`segments`: everything known of each segment, with its words."""
    return [_segment(number, segment) for number, segment in enumerate(transcript.segments)]


def confidence_scores(transcript: Transcript) -> dict[str, Any]:
    """`confidence_scores`: how likely the words are right, of all and of each segment; how many are rather wrong."""
    by_segment = [segment_confidences(segment) for segment in transcript.segments]
    confidences = [confidence for several in by_segment for confidence in several]
    return {
        "overall": _mean(confidences),
        "segments": [_mean(several) or 0.0 for several in by_segment],
        "words": len(confidences),
        "words_below_half": sum(confidence < 0.5 for confidence in confidences),
        "language": transcript.language_probability,
    }


def transcript_of(result: TranscriptionResult) -> Transcript:
    """The transcript that a stored result holds."""
    content, scores, config = result.content, result.confidence_scores or {}, result.model_config or {}
    stored = result.segments if result.segments is not None else content.get("segments", [])
    read = tuple(read_segment(segment) for segment in stored)
    duration = config.get("duration")
    return Transcript(
        language=(config.get("language") or {}).get("code") or content.get("language") or "und",
        duration=max((segment.end for segment in read), default=0.0) if duration is None else duration,
        segments=read,
        language_probability=scores.get("language"),
    )


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": number,
        "start": _time(segment.start),
        "end": _time(segment.end),
        "text": segment.text,
        "confidence": _score(segment.confidence),
        "avg_logprob": _score(segment.avg_logprob),
        "no_speech_prob": _score(segment.no_speech_prob),
        "compression_ratio": _score(segment.compression_ratio),
        "temperature": segment.temperature,
        "words": [_word(word) for word in segment.words],
    }
    return document if segment.speaker is None else {**document, "speaker": segment.speaker}


def _word(word: Word) -> dict[str, Any]:
    document: dict[str, Any] = {
        "start": _time(word.start),
        "end": _time(word.end),
        "word": word.text,
        "probability": _score(word.probability),
    }
    if word.speaker is not None:
        document["speaker"] = word.speaker
    if word.speaker_confidence is not None:
        document["speaker_confidence"] = _score(word.speaker_confidence)
    return document


def read_segment(document: dict[str, Any]) -> Segment:
    """The segment that such a document of a stored result holds."""
    return Segment(
        start=document["start"],
        end=document["end"],
        text=document["text"],
        words=tuple(_read_word(word) for word in document.get("words", [])),
        avg_logprob=document.get("avg_logprob", 0.0),
        no_speech_prob=document.get("no_speech_prob", 0.0),
        compression_ratio=document.get("compression_ratio", 1.0),
        temperature=document.get("temperature", 0.0),
        speaker=document.get("speaker"),
    )


def _read_word(document: dict[str, Any]) -> Word:
    return Word(
        document["start"],
        document["end"],
        document["word"],
        document.get("probability", 0.0),
        document.get("speaker"),
        document.get("speaker_confidence"),
    )


def _time(seconds: float) -> float:
    return round(float(seconds), TIME_DIGITS)


def _score(value: float) -> float:
    return round(float(value), 4)


def _mean(confidences: Sequence[float]) -> float | None:
    return _score(sum(confidences) / len(confidences)) if confidences else None
