"""What the readers of transcripts share: times that make sense, text without what a terminal would obey, a limit."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from trax.errors import TranscriptUnreadable
from trax.storable import storable_text
from trax.timeline import Seconds
from trax.transcript import Segment

MOST_SECONDS: Final = 1000 * 3600.0
MOST_SEGMENTS: Final = 200_000
MOST_LINES: Final = 2_000_000
LONGEST_SPEAKER: Final = 200  # characters
_HANGUL: Final = re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]")  # has spaces
# Embeddings, overrides and isolates: they turn what is shown around, and a transcript needs none of them.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@dataclass(slots=True)
class Collected:
    """Segments as they are read from a file."""

    segments: list[Segment] = field(default_factory=list)
    left_out: int = 0  # whose times make no sense
    language: str | None = None

    def add(self, segment: Segment) -> None:
        """Keep a segment that says something. Raises: TranscriptUnreadable: there are too many."""
        text, start, end = plain(segment.text), segment.start, segment.end
        if not text:
            return
        if not (_is_sensible(start) and _is_sensible(end)) or (start < 0 and end < 0):
            self.left_out += 1
            return
        check_count(len(self.segments) + 1)
        start = max(0.0, start)
        speaker = plain(segment.speaker or "")[:LONGEST_SPEAKER] or None
        self.segments.append(replace(segment, start=start, end=max(start, end), text=text, speaker=speaker))

    def in_order(self) -> tuple[Segment, ...]:
        """By time; those of one time as they were in the file."""
        return tuple(sorted(self.segments, key=lambda segment: segment.start))


def lines_of(text: str) -> list[str]:
    """The lines, however they end. Raises: TranscriptUnreadable: there are too many."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MOST_LINES:
        raise TranscriptUnreadable(f"it has more than {MOST_LINES} lines.", "Split it, or leave it out.")
    return text.split("\n")


def check_count(segments: int) -> None:
    """Raises: TranscriptUnreadable: there are too many."""
    if segments > MOST_SEGMENTS:
        raise TranscriptUnreadable(f"it has more than {MOST_SEGMENTS} segments.", "Split it, or leave it out.")


def plain(text: str) -> str:
    """The text in one line, without control characters."""
    return joined(storable_text(text).splitlines())


def joined(lines: Iterable[str]) -> str:
    """The lines as one; no space comes between lines of a script that has none."""
    made = ""
    for line in lines:
        line = " ".join(_shown(line).split())
        if made and line and not (_is_ideographic(made[-1]) and _is_ideographic(line[0])):
            made += " "
        made += line
    return made


def without_control(text: str) -> str:
    """The text with its spaces as they are."""
    return _shown(storable_text(text))


def _shown(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c for c in text if c.isspace() or (c not in _TURNING and unicodedata.category(c) != "Cc"))


def _is_ideographic(character: str) -> bool:
    if character.isascii() or unicodedata.east_asian_width(character) not in "WF":
        return False
    return unicodedata.category(character)[0] != "S" and not _HANGUL.match(character)


def _is_sensible(time: Seconds) -> bool:
    return math.isfinite(time) and -MOST_SECONDS <= time <= MOST_SECONDS
