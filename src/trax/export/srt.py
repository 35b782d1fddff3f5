"""SubRip. The format has no escapes: what a player would take for markup is written with a look-alike."""

from __future__ import annotations

import re

from trax.export.captions import Cue, cues
from trax.export.document import ExportDocument
from trax.export.typography import timestamp

_TAG = re.compile(r"<(/?[A-Za-z][^<>]*)>")


def render_srt(document: ExportDocument) -> str:
    """Numbered cues; "NAME: " before the first words of each speaker's turn."""
    return "\n".join(_block(number, cue) for number, cue in enumerate(cues(document.transcript, labels=True), start=1))


def _block(number: int, cue: Cue) -> str:
    times = f"{timestamp(cue.start_ms, ',')} --> {timestamp(cue.end_ms, ',')}"
    return f"{number}\n{times}\n{plain(chr(10).join(cue.lines))}\n"


def plain(text: str) -> str:
    """The text without anything that a SubRip player reads as a time line, a tag or an override."""
    return _TAG.sub("‹\\1›", text).replace("-->", "→").replace("{\\", "(\\")
