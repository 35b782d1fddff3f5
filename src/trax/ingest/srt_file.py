"""SubRip as it is found in the wild: without numbers, with blank lines in the text, tags, and times of all kinds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from trax.ingest.collected import Collected, check_count, joined, lines_of
from trax.timeline import Seconds
from trax.transcript import Segment

_TIME = r"(-?)\s?(?:([0-9]{1,6}):)?([0-9]{1,4}):([0-9]{1,3})(?:\s?[.,:;]\s?([0-9]{1,9}))?"
_TIMES = re.compile(rf"{_TIME}\s*-{{2,3}}\s?>\s*{_TIME}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_TAG = re.compile(r"</?(?:b|i|u|s|font|c|v|em|strong|span|ruby|rt)(?:[ .][^<>]*)?>|<br ?/?>|\{\\[^{}]*\}", re.I)
_REFERENCES = {"&nbsp;": " ", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&apos;": "'", "&amp;": "&"}
_REFERENCE = re.compile("|".join(_REFERENCES))


def read_srt(text: str) -> Collected:
    """The cues of a SubRip file; a cue's text goes on to the next time line, so that no word is lost."""
    read = Collected()
    lines = [line.strip() for line in lines_of(text.replace("\x00", ""))]
    marks: list[int] = []
    for number, line in enumerate(lines):
        if _is_time_line(lines, number, line):
            marks.append(number)
            check_count(len(marks))
    for mark, following in pairwise([*marks, len(lines)]):
        said = lines[mark + 1 : following]
        if following < len(lines) and said and _NUMBER.fullmatch(said[-1]):
            said.pop()  # the number of the next cue
        times, words = _TIMES.match(lines[mark]), _plain(said)
        if times is not None:
            read.add(Segment(_seconds(*times.groups()[:5]), _seconds(*times.groups()[5:]), words))
        elif words:
            read.left_out += 1
    return read


def _is_time_line(lines: Sequence[str], number: int, line: str) -> bool:
    return _TIMES.match(line) is not None or ("-->" in line and _stands_alone(lines, number))


def _stands_alone(lines: Sequence[str], number: int) -> bool:
    """Whether a time line is expected there: after a blank line, or a number after one."""
    before = [*lines[max(0, number - 2) : number]]
    if before and _NUMBER.fullmatch(before[-1]):
        before.pop()
    return not before or not before[-1]


def _plain(lines: Sequence[str]) -> str:
    text = _TAG.sub(lambda tag: "\n" if tag[0].lower().startswith("<br") else "", "\n".join(lines))
    return joined(_REFERENCE.sub(lambda found: _REFERENCES[found[0]], text).splitlines())


def _seconds(sign: str, hours: str | None, minutes: str, seconds: str, fraction: str | None) -> Seconds:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    parts = 10 ** len(fraction or "")
    time: Seconds = (whole * parts + int(fraction or 0)) / parts
    return -time if sign else time
