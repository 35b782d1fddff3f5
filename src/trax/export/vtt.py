"""WebVTT as the W3C recommendation has it: escaped text, speakers as voice spans."""

from __future__ import annotations

from trax.export.captions import Cue, cues
from trax.export.document import ExportDocument
from trax.export.typography import one_line, timestamp


def render_vtt(document: ExportDocument) -> str:
    """Numbered cues; a cue whose speaker is known is a `<v Name>` span."""
    blocks = [_block(number, cue) for number, cue in enumerate(cues(document.transcript), start=1)]
    return "\n".join(["WEBVTT\n", *blocks])


def _block(number: int, cue: Cue) -> str:
    times = f"{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}"
    text = escape("\n".join(cue.lines))
    name = escape(one_line(cue.speaker or ""))
    return f"{number}\n{times}\n{f'<v {name}>{text}' if name else text}\n"


def escape(text: str) -> str:
    """The text with every character that WebVTT gives a meaning written as a reference; that ends "-->" too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
