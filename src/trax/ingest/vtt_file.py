"""WebVTT, taken apart as the W3C recommendation says: what a browser shows is what is read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trax.ingest.collected import Collected, joined, lines_of
from trax.ingest.languages import language_code
from trax.timeline import Seconds
from trax.transcript import Segment

SIGNATURE = re.compile(r"WEBVTT(?:[ \t\r\n]|$)")

_TIME = r"(?:([0-9]{1,9}):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})(?![0-9])"
_TIMES = re.compile(rf"[ \t\f]*{_TIME}[ \t\f]*-->[ \t\f]*{_TIME}")
_TAG = re.compile(r"<([^>]*)(?:>|$)")
_TAG_PARTS = re.compile(r"(/?[^\s.]*)(?:\.\S*)?(?:\s+(.*))?", re.S)
_LANGUAGE = re.compile(r"Language:\s*(\S+)")
# YouTube's own recognition: every line is shown twice, once as it is spoken and once above the next
_ROLLING = re.compile(r"<[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}><c>")


@dataclass(slots=True)
class _Cue:
    start: Seconds
    end: Seconds
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Voice:
    """What one speaker says in a cue."""

    speaker: str | None
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return joined("".join(self.parts).splitlines())


def read_vtt(text: str) -> Collected:
    """The cues of a WebVTT file, each voice in a cue as a segment of its own."""
    lines = lines_of(text.replace("\x00", "\N{REPLACEMENT CHARACTER}"))
    read = Collected(language=_language(lines))
    cues = _cues(lines, read)
    if _ROLLING.search(text):
        cues = _unrolled(cues)
    for cue in cues:
        _add(read, cue)
    return read


def _language(lines: Sequence[str]) -> str | None:
    """What the header says, where YouTube puts it."""
    for line in lines[1:10]:
        if not line or "-->" in line:
            break
        if (said := _LANGUAGE.match(line)) is not None:
            return language_code(said[1])
    return None


def _cues(lines: Sequence[str], read: Collected) -> Iterator[_Cue]:
    """Every cue with its lines; what stands in other blocks (comments, styles, regions, identifiers) is passed over."""
    at = 1
    while at < len(lines):
        line = lines[at]
        at += 1
        if "-->" not in line:
            continue
        since = at
        while at < len(lines) and lines[at] and "-->" not in lines[at]:
            at += 1
        times = _TIMES.match(line)
        if times is not None:
            yield _Cue(_seconds(*times.groups()[:4]), _seconds(*times.groups()[4:]), list(lines[since:at]))
        elif at > since:
            read.left_out += 1


def _unrolled(cues: Iterator[_Cue]) -> Iterator[_Cue]:
    """The cues without the lines that the one before has shown already."""
    shown: set[str] = set()
    for cue in cues:
        said = [_TAG.sub("", line).strip() for line in cue.lines]
        yield _Cue(cue.start, cue.end, [line for line in said if line and line not in shown])
        shown = set(said)


def _add(read: Collected, cue: _Cue) -> None:
    """The cue's voices, which share its time by the length of what they say."""
    voices = [(voice.speaker, voice.text) for voice in _voices("\n".join(cue.lines))]
    voices = [(speaker, text) for speaker, text in voices if text]
    length = max(0.0, cue.end - cue.start) / (sum(len(text) for _, text in voices) or 1)
    start = cue.start
    for number, (speaker, text) in enumerate(voices, start=1):
        end = cue.end if number == len(voices) else start + length * len(text)
        read.add(Segment(start, end, text, speaker=speaker))
        start = end


def _voices(text: str) -> list[_Voice]:
    """The cue's text by speaker, without markup, and without what is written above a word (ruby)."""
    voices = [_Voice(None)]
    in_ruby = above = False
    at = 0
    for tag in _TAG.finditer(text):
        if not above:
            voices[-1].parts.append(html.unescape(text[at : tag.start()]))
        at = tag.end()
        parts = _TAG_PARTS.fullmatch(tag[1])
        name, annotation = (parts[1], parts[2]) if parts is not None else ("", None)
        in_ruby = name == "ruby" or (in_ruby and name != "/ruby")
        above = in_ruby and (name == "rt" or (above and name != "/rt"))
        if name in ("v", "/v"):
            speaker = joined(html.unescape(annotation or "").splitlines()) or None
            if speaker != voices[-1].speaker:
                voices.append(_Voice(speaker))
    if not above:
        voices[-1].parts.append(html.unescape(text[at:]))
    return voices


def _seconds(hours: str | None, minutes: str, seconds: str, milliseconds: str) -> Seconds:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole * 1000 + int(milliseconds)) / 1000
