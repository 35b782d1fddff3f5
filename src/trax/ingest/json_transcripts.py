"""Transcripts in JSON: of Whisper's many relatives, of podcasts, and of Trax itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trax.ingest.collected import MOST_SECONDS, Collected, plain, without_control
from trax.ingest.languages import language_code
from trax.timeline import Seconds
from trax.transcript import Segment, Word


def read_json(document: Any) -> tuple[str, Collected] | None:
    """The kind of transcript that a JSON document is, and its segments; None: it is none that Trax knows.

    Known are openai-whisper, OpenAI's verbose_json, faster-whisper (a list, too), WhisperX, whisper.cpp, the podcast
    namespace, and the export of Trax.
    """
    found = _segments(document)
    if found is None:
        return None
    kind, entries = found
    read = Collected(language=_language(document))
    for entry in entries:
        if isinstance(entry, dict):
            read.add(_cpp_segment(entry) if kind == "whisper.cpp" else _segment(entry))
    return kind, read


def _segments(document: Any) -> tuple[str, Sequence[Any]] | None:
    if isinstance(document, list):
        return ("json", document) if document and _has_times(document[0]) else None
    if not isinstance(document, dict):
        return None
    if isinstance(cpp := document.get("transcription"), list):
        return "whisper.cpp", cpp
    entries = document.get("segments")
    if not isinstance(entries, list):
        return None
    if "format_version" in document and "pipeline_version" in document:
        return "trax", entries
    if entries and isinstance(entries[0], dict) and "body" in entries[0]:
        return "podcast", entries
    return "whisper", entries


def _has_times(entry: Any) -> bool:
    return isinstance(entry, dict) and "start" in entry and "text" in entry


def _language(document: Any) -> str | None:
    if not isinstance(document, dict):
        return None
    result = document.get("result")
    said = document.get("language") or (result.get("language") if isinstance(result, dict) else None)
    return language_code(said) if isinstance(said, str) else None


def _segment(entry: Mapping[str, Any]) -> Segment:
    start = _number(entry.get("start", entry.get("startTime")))
    end = _number(entry.get("end", entry.get("endTime")))
    text = plain(_text(entry, "text", "body"))
    start = math.nan if start is None else start
    end = start if end is None else end
    return Segment(
        start=start,
        end=end,
        text=text,
        words=_words(entry.get("words"), text, start),
        avg_logprob=_number(entry.get("avg_logprob")) or 0.0,
        no_speech_prob=_number(entry.get("no_speech_prob")) or 0.0,
        compression_ratio=_number(entry.get("compression_ratio")) or 1.0,
        temperature=_number(entry.get("temperature")) or 0.0,
        speaker=_speaker(entry),
    )


def _cpp_segment(entry: Mapping[str, Any]) -> Segment:
    offsets = entry.get("offsets")
    times = offsets if isinstance(offsets, dict) else {}
    start, end = _number(times.get("from")), _number(times.get("to"))
    start = math.nan if start is None else start / 1000
    return Segment(start, start if end is None else end / 1000, _text(entry, "text"), speaker=_speaker(entry))


def _words(entries: Any, text: str, start: Seconds) -> tuple[Word, ...]:
    """The words with their times; none where they are not those of the text."""
    if not isinstance(entries, list):
        return ()
    words = tuple(_timed(entries, start))
    for candidate in (words, tuple(_spaced(words))):
        if "".join(word.text for word in candidate).split() == text.split():
            return candidate
    return words if _compact("".join(word.text for word in words)) == _compact(text) else ()


def _timed(entries: Sequence[Any], start: Seconds) -> Iterator[Word]:
    """Each word; one without times of its own (WhisperX has none for numbers) stands where the one before it ends."""
    latest = start
    for entry in entries:
        if not isinstance(entry, dict) or not (text := without_control(_text(entry, "word", "text"))).strip():
            continue
        begin, end = (_time(entry.get(key)) for key in ("start", "end"))
        begin = latest if begin is None else begin
        latest = max(begin, begin if end is None else end)
        score = _number(entry.get("probability", entry.get("score")))
        probability = min(1.0, max(0.0, score or 0.0))
        yield Word(begin, latest, text, probability, _speaker(entry))


def _spaced(words: Sequence[Word]) -> Iterator[Word]:
    """The words with the space before each that Whisper's have and others' lack."""
    for word in words:
        yield Word(word.start, word.end, f" {word.text.strip()}", word.probability, word.speaker)


def _compact(text: str) -> str:
    return "".join(text.split())


def _text(entry: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        if isinstance(value := entry.get(key), str):
            return value
    return ""


def _speaker(entry: Mapping[str, Any]) -> str | None:
    speaker = entry.get("speaker")
    if isinstance(speaker, int) and not isinstance(speaker, bool):
        return str(speaker)
    return plain(speaker) or None if isinstance(speaker, str) else None


def _time(value: Any) -> Seconds | None:
    time = _number(value)
    return time if time is not None and 0 <= time <= MOST_SECONDS else None


def _number(value: Any) -> float | None:
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
