"""Transcripts that others have made: SubRip, WebVTT, JSON and plain text, from files, captions and feeds."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trax.errors import TranscriptUnreadable, UnreadableMedia
from trax.ingest.collected import Collected
from trax.ingest.json_transcripts import read_json
from trax.ingest.languages import language_of_name
from trax.ingest.srt_file import read_srt
from trax.ingest.untimed_text import read_untimed
from trax.ingest.vtt_file import SIGNATURE, read_vtt
from trax.media.files import display_name, open_media
from trax.media.magic import HEAD_BYTES, recognise
from trax.storable import storable_text
from trax.timeline import Seconds
from trax.transcript import Segment

MOST_BYTES: Final = 32 << 20  # 30 hours of Whisper's JSON with the times of words
HINT: Final = (
    "Give SRT, WebVTT, or JSON as Whisper and podcasts have it; text without times in a file named .txt or .md."
)

_FORMATS: Final = {".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown"}  # without times
_MARKS: Final = (  # those of UTF-32 first: they begin like those of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_ACCENTS: Final = 0.25  # share of letters beyond ASCII in a text of western Europe
# Formats that are told apart only to say what a file is.
_OTHERS: Final = (
    (re.compile(r"\[Script Info\]", re.I), "SubStation subtitles"),
    (re.compile(r"\{[0-9]+\}\{[0-9]+\}"), "MicroDVD subtitles"),
    (re.compile(r"\[[0-9]+\]\[[0-9]+\]"), "MPL2 subtitles"),
    (re.compile(r"[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{3},[0-9]+:[0-9]{2}:[0-9]{2}\.[0-9]{3}"), "SubViewer subtitles"),
    (re.compile(r"Scenarist_SCC"), "Scenarist captions"),
    (re.compile(r"<sami\b", re.I), "SAMI subtitles"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?<tt\b"), "TTML subtitles"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?<(?:transcript|timedtext)\b"), "YouTube's captions in XML"),
    (re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}:"), "TMPlayer subtitles"),
    (re.compile(r"<!doctype html|<html\b", re.I), "a web page"),
)


@dataclass(frozen=True, slots=True)
class ImportedTranscript:
    """What somebody else's transcript says."""

    language: str | None  # ISO 639-1
    segments: tuple[Segment, ...]  # in order of time, at least one
    format: str  # srt, vtt, text, markdown, or the kind of JSON: whisper, whisper.cpp, podcast, trax, json
    left_out: int = 0  # segments whose times make no sense
    is_estimated: bool = False  # the times go by the number of words
    last_told: Seconds = 0.0  # of an estimate: the last time that is told by the text itself, if there is one

    def lasting(self, duration: Seconds) -> ImportedTranscript:
        """The same for media of that length: what is estimated ends with it; other times are as they are."""
        last = max(segment.end for segment in self.segments)
        if not self.is_estimated or duration <= 0 or last <= 0:
            return self
        fixed = self.last_told if self.last_told < min(last, duration) else 0.0
        factor = (duration - fixed) / (last - fixed)
        return replace(self, segments=tuple(_stretched(segment, fixed, factor) for segment in self.segments))


def _stretched(segment: Segment, fixed: Seconds, factor: float) -> Segment:
    start, end = (time if time <= fixed else fixed + (time - fixed) * factor for time in (segment.start, segment.end))
    return replace(segment, start=start, end=end)


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """A file with a transcript."""

    transcript: ImportedTranscript
    name: str
    sha256: str


def read_transcript_file(path: Path) -> TranscriptFile:
    """The transcript in a file of this machine; one without times, too, if the file's name says that it is text.

    Raises: TranscriptUnreadable; MediaNotFound: there is no such file.
    """
    try:
        with open_media(path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (UnreadableMedia, OSError) as error:
        why = error.message if isinstance(error, UnreadableMedia) else f"{display_name(path)} can't be read: {error}."
        raise TranscriptUnreadable(why, "Give a file with subtitles or a transcript.") from error
    name = display_name(path)
    return TranscriptFile(read_transcript(body, name, allow_untimed=True), name, hashlib.sha256(body).hexdigest())


def read_transcript(body: bytes, name: str, *, allow_untimed: bool = False) -> ImportedTranscript:
    """The transcript that `body` holds, in whatever format it is; `name` is that of its file.

    What has no times is taken only where that is allowed and the name is one of text: it could be anything.

    Raises: TranscriptUnreadable: too large, no text, no format that Trax reads, or without a word.
    """
    shown = display_name(Path(storable_text(name)))
    if len(body) > MOST_BYTES:
        raise TranscriptUnreadable(f"{shown} is larger than {MOST_BYTES >> 20} MB.", "Split it, or leave it out.")
    text = _text(body, shown)
    untimed = _FORMATS.get(Path(shown).suffix.lower()) if allow_untimed else None
    try:
        found = _recognised(text, untimed)
        segments = found.read.in_order()
    except TranscriptUnreadable as error:
        raise TranscriptUnreadable(f"{shown} can't be imported: {error.message}", error.next_step) from error
    if not segments:
        why = "its times make no sense" if found.read.left_out else "there is no word in it"
        raise TranscriptUnreadable(f"{shown} can't be imported: {why}.", "Check what wrote the file.")
    return ImportedTranscript(
        found.read.language or language_of_name(shown),
        segments,
        found.format,
        found.read.left_out,
        is_estimated=found.last_told is not None,
        last_told=found.last_told or 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    format: str
    read: Collected
    last_told: Seconds | None = None  # not None: the times are estimates


def _recognised(text: str, untimed: str | None) -> _Found:
    """What the text is; `untimed`: the format that it has where it is none that tells times."""
    start = text.lstrip()
    if SIGNATURE.match(text):
        read = read_vtt(text)
        if not read.segments and read.left_out:  # a program that is careless of the format
            read = read_srt(text)
        return _Found("vtt", read)
    for pattern, words in _OTHERS:
        if pattern.match(start):
            raise TranscriptUnreadable(f"it holds {words}.", "Convert it to SRT or WebVTT.")
    if start[:1] in ("{", "[") and not (untimed and _json_of(start) is None):
        return _json(start)
    if "-->" in text:
        read = read_srt(text)
        if read.segments or read.left_out or not untimed:
            return _Found("srt", read)
    if untimed and start:
        spoken = read_untimed(text, is_markdown=untimed == "markdown")
        return _Found(untimed, spoken.read, spoken.last_told)
    what = "says nowhere when something is said" if start else "is empty"
    raise TranscriptUnreadable(f"it {what}.", HINT)


def _json(text: str) -> _Found:
    document = _json_of(text)
    if document is None:
        raise TranscriptUnreadable("it looks like JSON, but is none that is valid.", HINT)
    found = read_json(document)
    if found is None:
        raise TranscriptUnreadable("it is JSON of another kind.", HINT)
    return _Found(*found)


def _json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(body: bytes, shown: str) -> str:
    """The text of the file, by its byte order mark, as UTF-8, or as what Windows wrote in western Europe."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    content = recognise(body[:HEAD_BYTES])
    if content is not None and content.media:
        raise TranscriptUnreadable(f"{shown} is {content.words} file.", "Name the media first, then the transcript.")
    if (unmarked := _unmarked_utf16(body)) is not None:
        return body.decode(unmarked, "replace")
    text = body.decode("utf-8", "replace")
    damaged = text.count("\N{REPLACEMENT CHARACTER}") - body.count("\N{REPLACEMENT CHARACTER}".encode())
    if damaged == 0 or sum(not c.isascii() for c in text) - damaged >= 4 * damaged:
        return text
    if body[:HEAD_BYTES].count(0) > 3:
        what = content.words if content is not None else "no text"
        raise TranscriptUnreadable(f"{shown} is {what}.", HINT)
    return _western(body, shown)


def _unmarked_utf16(body: bytes) -> str | None:
    """The byte order of UTF-16 without a mark: its ASCII has NUL in every other byte."""
    head = body[:HEAD_BYTES]
    for encoding, high, low in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if len(high) > 4 and high.count(0) > 0.6 * len(high) and low.count(0) < 0.05 * len(low):
            return encoding
    return None


def _western(body: bytes, shown: str) -> str:
    """Windows-1252, unless most letters would be accented: then it is some other code, and would be read wrongly."""
    try:
        text = body.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    letters = [character for character in text if character.isalpha()]
    accented = sum(not letter.isascii() for letter in letters)
    if not text or accented > _MOST_ACCENTS * len(letters):
        raise TranscriptUnreadable(
            f"{shown} is not written in UTF-8, and Trax can't tell in what.", "Convert it, with iconv for instance."
        )
    return text
