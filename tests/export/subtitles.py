"""Small, strict readers of subtitle files, written from the formats' descriptions and not from Trax's writers."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_SRT_TIMES = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d),(\d{3})")
_VTT_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_VTT_TIMES = re.compile(rf"{_VTT_TIME}[ \t]+-->[ \t]+{_VTT_TIME}")
_VTT_REFERENCES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


@dataclass(frozen=True, slots=True)
class ReadCue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    voice: str | None = None


def read_srt(text: str) -> list[ReadCue]:
    """The cues of a SubRip file that numbers them from 1 and parts them by one empty line."""
    if not text:
        return []
    assert text.endswith("\n")
    found: list[ReadCue] = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n"), start=1):
        first, times, *lines = block.split("\n")
        assert first == str(number)
        match = _SRT_TIMES.fullmatch(times)
        assert match, times
        assert lines
        assert all(line.strip() for line in lines)
        assert not any("-->" in line for line in lines)
        groups = [int(group) for group in match.groups()]
        found.append(ReadCue(_milliseconds(*groups[:4]), _milliseconds(*groups[4:]), tuple(lines)))
    return found


def read_vtt(text: str) -> list[ReadCue]:
    """The cues of a WebVTT file, by the syntax that the W3C demands of authors."""
    assert re.match(r"\ufeff?WEBVTT(?:[ \t][^\n]*)?\n", text)
    assert "\r" not in text
    assert "\0" not in text
    header, *blocks = re.split(r"\n{2,}", text.removesuffix("\n"))
    assert header.split("\n")[0] == "WEBVTT"
    return [_vtt_cue(block) for block in blocks if block]


def _vtt_cue(block: str) -> ReadCue:
    lines = block.split("\n")
    if "-->" not in lines[0]:
        lines = lines[1:]
    match = _VTT_TIMES.fullmatch(lines[0])
    assert match, lines[0]
    groups = [int(group or 0) for group in match.groups()]
    payload = "\n".join(lines[1:])
    assert payload.strip()
    assert "-->" not in payload
    voice, payload = _voice(payload)
    assert "<" not in payload
    return ReadCue(_milliseconds(*groups[:4]), _milliseconds(*groups[4:]), tuple(_decoded(payload).split("\n")), voice)


def _voice(payload: str) -> tuple[str | None, str]:
    match = re.match(r"<v(?:\.[^ >]+)*[ \t]([^\n>]+)>", payload)
    return (_decoded(match[1]), payload[match.end() :]) if match else (None, payload)


def _decoded(text: str) -> str:
    """Only the references that the format names; what HTML's decoder makes of the text must agree."""
    assert all(reference in _VTT_REFERENCES for reference in re.findall(r"&[^;]*;?", text)), text
    decoded = re.sub(r"&(?:amp|lt|gt);", lambda reference: _VTT_REFERENCES[reference[0]], text)
    assert decoded == html.unescape(text)
    return decoded


def _milliseconds(hours: int, minutes: int, seconds: int, milliseconds: int) -> int:
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
