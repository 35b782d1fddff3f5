"""RTTM: who speaks when, as other programs and people have written it down."""

from __future__ import annotations

import math
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

from trax.errors import TranscriptUnreadable
from trax.ingest.collected import MOST_SECONDS, lines_of
from trax.media.files import display_name
from trax.storable import storable_text
from trax.timeline import Seconds
from trax.turns import SpeakerTurn

MOST_BYTES = 32 << 20
TYPE = "SPEAKER"  # the other types of lines tell words, noises and the like
SIZES = (8, 7)  # fields from the channel on; older programs leave out the last one
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_HINT = "Each line is: SPEAKER file channel start length <NA> <NA> speaker <NA> <NA>."


def read_rttm_file(path: Path) -> dict[str, tuple[SpeakerTurn, ...]]:
    """The turns in a file, by the recording that they belong to. Raises: TranscriptUnreadable."""
    name = display_name(path)
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise TranscriptUnreadable(f"{name} can't be read: {error.strerror}.", "Give a file with RTTM.") from error
    if len(body) > MOST_BYTES:
        raise TranscriptUnreadable(f"{name} is larger than {MOST_BYTES >> 20} MB.", "Split it.")
    try:
        return read_rttm(body.decode("utf-8-sig", "replace"))
    except TranscriptUnreadable as error:
        raise TranscriptUnreadable(f"{name} can't be read: {error.message}", error.next_step) from error


def read_rttm(text: str) -> dict[str, tuple[SpeakerTurn, ...]]:
    """The turns in order of time, by the recording that they belong to; its name may have spaces in it.

    Raises: TranscriptUnreadable: a line of a speaker that makes no sense.
    """
    found: dict[str, list[SpeakerTurn]] = {}
    for number, line in enumerate(lines_of(text), start=1):
        fields = line.split()
        if not fields or fields[0] != TYPE:
            continue
        read = _read(fields)
        if read is None:
            raise TranscriptUnreadable(f"line {number} tells no turn of a speaker.", _HINT)
        recording, turn = read
        turns = found.setdefault(recording, [])
        if turn.start < turn.end:
            turns.append(turn)
    return {recording: tuple(sorted(turns)) for recording, turns in found.items()}


def _read(fields: list[str]) -> tuple[str, SpeakerTurn] | None:
    for size in SIZES:
        if len(fields) < size + 2:
            continue
        start, length = _time(fields[-size + 1]), _time(fields[-size + 2])
        is_channel = fields[-size].isdigit() or fields[-size] == "<NA>"
        if not is_channel or start is None or length is None:
            continue
        turn = SpeakerTurn(max(0.0, start), max(0.0, round(start + length, 6)), _text(fields[-size + 5]))
        return _text(" ".join(fields[1:-size])), turn
    return None


def _time(field: str) -> Seconds | None:
    try:
        time = float(field)
    except ValueError:
        return None
    return time if math.isfinite(time) and -MOST_SECONDS <= time <= MOST_SECONDS else None


def _text(field: str) -> str:
    """The field with the spaces that Trax writes as %20."""
    return storable_text(_ESCAPED.sub(_unescaped, field))


def _unescaped(found: re.Match[str]) -> str:
    text = unquote_to_bytes(found[0]).decode("utf-8", "replace")
    is_ours = all(c.isspace() or c == "%" or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in text)
    return text if is_ours else found[0]
