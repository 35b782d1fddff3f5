"""What a search has found, for a person and for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from trax.cli.console import one_line, short

if TYPE_CHECKING:
    from trax.search.hits import Hit, Line

LONGEST: Final = 400  # characters of a text that a person is shown
_BEFORE_MARK: Final = 120  # of them before the first mark, where the text is longer
_INDENT: Final = "    "
Mark = tuple[int, int]


def facts(hit: Hit) -> dict[str, Any]:
    """A hit for JSON; times in seconds."""
    return {
        "media_id": str(hit.media_id),
        "result_id": str(hit.result_id),
        "version": hit.version,
        "title": hit.title,
        "start": hit.start,
        "end": hit.end,
        "text": hit.text,
        "speaker": hit.speaker,
        "confidence": hit.confidence,
        "score": hit.score,
        "marks": [list(mark) for mark in hit.marks],
        "link": hit.link,
        "source": hit.source,
        "channel": hit.channel,
        "published": hit.published,
        "language": hit.language,
        "estimated": hit.is_estimated,
        "before": [_line_facts(line) for line in hit.before],
        "after": [_line_facts(line) for line in hit.after],
    }


def _line_facts(line: Line) -> dict[str, Any]:
    return {"start": line.start, "end": line.end, "speaker": line.speaker, "text": line.text}


def shown(hit: Hit) -> Iterator[str]:
    """The lines that a person is shown of a hit."""
    yield " \N{MIDDLE DOT} ".join(_header(hit))
    for line in hit.before:
        yield _INDENT + _context(line, hit.is_estimated)
    yield _INDENT + marked(*snippet(one_line(hit.text), hit.marks), bold=_is_bold())
    for line in hit.after:
        yield _INDENT + _context(line, hit.is_estimated)
    if hit.link:
        yield _INDENT + one_line(hit.link)


def _header(hit: Hit) -> Iterator[str]:
    yield one_line(hit.title)
    yield _moment(hit.start, hit.is_estimated)
    if hit.speaker:
        yield one_line(hit.speaker)
    if hit.confidence is not None:
        yield f"{hit.confidence:.0%} sure"
    yield short(hit.media_id)


def _context(line: Line, is_estimated: bool) -> str:
    speaker = f"{one_line(line.speaker)}: " if line.speaker else ""
    return f"({_moment(line.start, is_estimated)}) {speaker}{snippet(one_line(line.text), ())[0]}"


def _moment(seconds: float, is_estimated: bool) -> str:
    """When it is said: never later than it is, so that whoever jumps there hears it."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{'~' if is_estimated else ''}{minutes // 60}:{minutes % 60:02}:{rest:02}"


def snippet(text: str, marks: Sequence[Mark]) -> tuple[str, list[Mark]]:
    """The part of a long text around its first mark, and where the marks are in it."""
    if len(text) <= LONGEST:
        return text, list(marks)
    first = marks[0][0] if marks else 0
    start = _word_start(text, max(0, min(first - _BEFORE_MARK, len(text) - LONGEST)))
    end = start + LONGEST
    if end < len(text) and (space := text.rfind(" ", end - 40, end)) > 0:
        end = space
    before, after = ("\N{HORIZONTAL ELLIPSIS}" if cut else "" for cut in (start > 0, end < len(text)))
    shift = len(before) - start
    kept = [(begun + shift, min(ended, end) + shift) for begun, ended in marks if start <= begun < end]
    return f"{before}{text[start:end]}{after}", kept


def _word_start(text: str, place: int) -> int:
    """Where the next word begins, if that is near."""
    space = text.find(" ", place, place + 40) if place else -1
    return place if space < 0 else space + 1


def marked(text: str, marks: Sequence[Mark], *, bold: bool) -> str:
    """The text with its marks: bold on a terminal, else in brackets."""
    start, end = ("\x1b[1m", "\x1b[22m") if bold else ("[", "]")
    parts, at = [], 0
    for begun, ended in sorted(marks):
        if at <= begun < ended <= len(text):
            parts += [text[at:begun], start, text[begun:ended], end]
            at = ended
    return "".join([*parts, text[at:]])


def _is_bold() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
