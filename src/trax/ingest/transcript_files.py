"""Transcripts that others have made: SubRip, WebVTT and JSON, from files, captions and feeds."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trax.errors import TranscriptUnreadable, UnreadableMedia
from trax.ingest.collected import Collected
from trax.ingest.json_transcripts import read_json
from trax.ingest.languages import language_of_name
from trax.ingest.srt_file import read_srt
from trax.ingest.vtt_file import SIGNATURE, read_vtt
from trax.media.files import display_name, open_media
from trax.media.magic import HEAD_BYTES, recognise
from trax.storable import storable_text
from trax.transcript import Segment

MOST_BYTES: Final = 32 << 20  # 30 hours of Whisper's JSON with the times of words
HINT: Final = "Give SRT, WebVTT, or JSON as Whisper and podcasts have it."

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
    format: str  # srt, vtt, or the kind of JSON: whisper, whisper.cpp, podcast, trax, json
    left_out: int = 0  # segments whose times make no sense


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """A file with a transcript."""

    transcript: ImportedTranscript
    name: str
    sha256: str


def read_transcript_file(path: Path) -> TranscriptFile:
    """The transcript in a file of this machine.

    Raises: TranscriptUnreadable; MediaNotFound: there is no such file.
    """
    try:
        with open_media(path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (UnreadableMedia, OSError) as error:
        why = error.message if isinstance(error, UnreadableMedia) else f"{display_name(path)} can't be read: {error}."
        raise TranscriptUnreadable(why, "Give a file with subtitles or a transcript.") from error
    name = display_name(path)
    return TranscriptFile(read_transcript(body, name), name, hashlib.sha256(body).hexdigest())


def read_transcript(body: bytes, name: str) -> ImportedTranscript:
    """The transcript that `body` holds, in whatever format it is; `name` is that of its file, for messages.

    Raises: TranscriptUnreadable: too large, no text, no format that Trax reads, or without a word.
    """
    shown = display_name(Path(storable_text(name)))
    if len(body) > MOST_BYTES:
        raise TranscriptUnreadable(f"{shown} is larger than {MOST_BYTES >> 20} MB.", "Split it, or leave it out.")
    text = _text(body, shown)
    try:
        format, read = _recognised(text)
        segments = read.in_order()
    except TranscriptUnreadable as error:
        raise TranscriptUnreadable(f"{shown} can't be imported: {error.message}", error.next_step) from error
    if not segments:
        why = "its times make no sense" if read.left_out else "there is no word in it"
        raise TranscriptUnreadable(f"{shown} can't be imported: {why}.", "Check what wrote the file.")
    return ImportedTranscript(read.language or language_of_name(shown), segments, format, read.left_out)


def _recognised(text: str) -> tuple[str, Collected]:
    start = text.lstrip()
    if SIGNATURE.match(text):
        read = read_vtt(text)
        if not read.segments and read.left_out:  # a program that is careless of the format
            read = read_srt(text)
        return "vtt", read
    for pattern, words in _OTHERS:
        if pattern.match(start):
            raise TranscriptUnreadable(f"it holds {words}.", "Convert it to SRT or WebVTT.")
    if start[:1] in ("{", "["):
        return _json(start)
    if "-->" in text:
        return "srt", read_srt(text)
    what = "says nowhere when something is said" if start else "is empty"
    raise TranscriptUnreadable(f"it {what}.", HINT)


def _json(text: str) -> tuple[str, Collected]:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TranscriptUnreadable("it looks like JSON, but is none that is valid.", HINT) from error
    found = read_json(document)
    if found is None:
        raise TranscriptUnreadable("it is JSON of another kind.", HINT)
    return found


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
