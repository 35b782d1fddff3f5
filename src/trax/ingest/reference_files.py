"""References out of files: text, subtitles, STM and RTTM."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trax.errors import TranscriptUnreadable, TraxError, UnreadableMedia
from trax.evaluation.reference import Reference, reference_of, turns_of
from trax.ingest.collected import plain
from trax.ingest.languages import language_of_name
from trax.ingest.rttm import read_rttm
from trax.ingest.stm_file import read_stm
from trax.ingest.transcript_files import MOST_BYTES, read_transcript
from trax.media.files import display_name, open_media
from trax.media.magic import HEAD_BYTES, recognise

FORMATS: Final = "text (.txt, .md), SubRip, WebVTT, STM or RTTM"
_IMPORTED: Final = " can't be imported: "  # how the readers of transcripts put it
_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A file with the references of one recording, or of several that have names."""

    name: str
    sha256: str
    format: str  # stm, rttm, or a transcript's: srt, vtt, text, ...
    recordings: Mapping[str, Reference]  # by name; one without a name where the format knows none

    def of(self, title: str) -> Reference:
        """What it says of a recording that is called so; where it knows only one, that is meant.

        Raises: TranscriptUnreadable: it knows several, and none of them is called so.
        """
        if len(self.recordings) == 1:
            return next(iter(self.recordings.values()))
        wanted = {title.casefold(), Path(title).stem.casefold()}
        meant = [reference for name, reference in self.recordings.items() if name.casefold() in wanted]
        if len(meant) != 1:
            names = ", ".join(plain(name) for name in sorted(self.recordings)[:5])
            raise TranscriptUnreadable(
                f"{self.name} has the references of {len(self.recordings)} recordings, and none is called {title}.",
                f"Leave only the one that is meant: they are called {names}"
                f"{' ...' if len(self.recordings) > 5 else '.'}",
            )
        return meant[0]


def read_reference_file(path: Path, language: str | None = None) -> ReferenceFile:
    """The references in a file; `language` (ISO 639-1) is that of the words, where the file itself doesn't say.

    Raises: TranscriptUnreadable: no file, no format that Trax reads, or nothing is said in it.
    """
    name, body = display_name(path), _body(path)
    suffix = path.suffix.lower()
    try:
        _check_is_text(body)
        if suffix == ".rttm":
            form, recordings = "rttm", _of_turns(_text(body))
        elif suffix == ".stm":
            form, recordings = "stm", _of_stm(_text(body), language_of_name(name) or language)
        else:
            form, recordings = _of_transcript(body, name, language)
    except TranscriptUnreadable as error:
        raise _explained(error, name) from error
    said = {key: reference for key, reference in recordings.items() if reference.utterances or reference.turns}
    if not said:
        raise TranscriptUnreadable(f"{name} can't be read: nobody says anything in it.", "Check what wrote the file.")
    return ReferenceFile(name, hashlib.sha256(body).hexdigest(), form, said)


def _of_transcript(body: bytes, name: str, language: str | None) -> tuple[str, dict[str, Reference]]:
    found = read_transcript(body, name, allow_untimed=True)
    told = found.language or language
    return found.format, {"": reference_of(found.segments, told, is_estimated=found.is_estimated)}


def _of_turns(text: str) -> dict[str, Reference]:
    return {recording: Reference(turns=turns) for recording, turns in read_rttm(text).items()}


def _of_stm(text: str, language: str | None) -> dict[str, Reference]:
    return {recording: Reference(said, turns_of(said), language) for recording, said in read_stm(text).items()}


def _body(path: Path) -> bytes:
    name = display_name(path)
    try:
        with open_media(path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (UnreadableMedia, OSError) as error:
        why = error.message if isinstance(error, TraxError) else f"{name} can't be read: {error.strerror}."
        raise TranscriptUnreadable(why, f"Give a file with {FORMATS}.") from error
    if len(body) > MOST_BYTES:
        raise TranscriptUnreadable(f"{name} is larger than {MOST_BYTES >> 20} MB.", "Split it.")
    return body


def _check_is_text(body: bytes) -> None:
    content = None if body.startswith(_MARKS) else recognise(body[:HEAD_BYTES])
    if content is not None and content.media:
        raise TranscriptUnreadable(f"it is {content.words} file.", f"Give a file with {FORMATS}.")


def _text(body: bytes) -> str:
    return body.decode("utf-8-sig", "replace")


def _explained(error: TranscriptUnreadable, name: str) -> TranscriptUnreadable:
    message = error.message.replace(_IMPORTED, " can't be read: ", 1)
    if not message.startswith(name):
        message = f"{name} can't be read: {message}"
    return TranscriptUnreadable(message, error.next_step)
