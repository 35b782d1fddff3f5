"""A transcript as a text that a person can edit, and the way back.

    [12 0:01:05.20 | Ada] This is what was said.

The number tells segments apart, the time is for the reader, and the speaker may be changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from trax.errors import UsageError
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript

HELP: Final = (
    "# Correct the text, save, and close the editor. Lines that begin with # are not text.",
    "# In the brackets stand the segment's number, which must stay, its time, and the speaker, who may be another.",
    "# A segment without text is taken out. A line without brackets goes on with the one before it.",
)
AGAIN: Final = "Correct that line and give the text again."
_SOURCE: Final = "# Transcript"
_NAMED: Final = re.compile(rf"{_SOURCE} ([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})\s*")
_HEAD: Final = re.compile(r"\s*\[([0-9]{1,9}) [^|\]]*(?:\|((?:\\.|[^\]\\])*))?\] ?(.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """What a segment is to say."""

    segment: int
    text: str
    speaker: str | None


def as_document(transcript: Transcript, title: str, id: UUID | None = None) -> str:
    """The text for the editor; with the ID, `source_of` knows what it is of."""
    lines = [f"# {_in_a_row(title)}", *([] if id is None else [f"{_SOURCE} {id}"]), *HELP, ""]
    for number, segment in enumerate(transcript.segments):
        line = shown(number, segment)
        speaker = "" if line.speaker is None else f" | {_escaped(line.speaker)}"
        lines.append(f"[{number} {_clock(segment.start)}{speaker}] {line.text}".rstrip())
    return "\n".join(lines) + "\n"


def source_of(document: str) -> UUID | None:
    """The transcript that the document is of, if it says so."""
    for text in document.splitlines():
        if (found := _NAMED.fullmatch(text)) is not None:
            return UUID(found[1])
    return None


def lines_of(document: str, transcript: Transcript) -> list[Line]:
    """What each segment is to say, in order.

    Raises: UsageError: a segment is missing, twice there or unknown, or there is text before the first.
    """
    found: dict[int, Line] = {}
    last: int | None = None
    for number, text in _texts(document):
        head = _HEAD.fullmatch(text)
        if head is None:
            if last is None:
                raise UsageError(f"Line {number} belongs to no segment: {text[:40]!r}.", AGAIN)
            found[last] = Line(last, _in_a_row(f"{found[last].text} {text}"), found[last].speaker)
            continue
        last = int(head[1])
        if last in found or last >= len(transcript.segments):
            what = "is there twice" if last in found else "is not in this transcript"
            raise UsageError(f"Line {number}: segment {last} {what}.", AGAIN)
        found[last] = Line(last, _in_a_row(head[3]), _in_a_row(_unescaped(head[2] or "")) or None)
    missing = next((number for number in range(len(transcript.segments)) if number not in found), None)
    if missing is not None:
        raise UsageError(
            f"The line of segment {missing} is missing.", f"To take a segment out, leave its text empty. {AGAIN}"
        )
    return [found[number] for number in range(len(transcript.segments))]


def changed(lines: Sequence[Line], transcript: Transcript) -> list[Line]:
    """The lines that differ from what is there."""
    return [line for line in lines if line != shown(line.segment, transcript.segments[line.segment])]


def shown(number: int, segment: Segment) -> Line:
    """What that segment says, as a document has it: all white space is one space."""
    return Line(number, _in_a_row(segment.text), _in_a_row(segment.speaker or "") or None)


def _texts(document: str) -> Iterator[tuple[int, str]]:
    """The lines that count, with their numbers from 1."""
    for number, text in enumerate(document.removeprefix("\N{BYTE ORDER MARK}").splitlines(), 1):
        if text.strip() and not text.startswith("#"):
            yield number, text


def _in_a_row(text: str) -> str:
    return " ".join(text.split())


def _escaped(name: str) -> str:
    return re.sub(r"([\\\]])", r"\\\1", name)


def _unescaped(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _clock(time: Seconds) -> str:
    hundredths = round(time * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
