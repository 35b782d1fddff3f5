"""From a transcript to a file that people and other programs read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trax.errors import UsageError
from trax.export.document import ExportDocument
from trax.export.json_document import render_json
from trax.export.markdown import render_markdown
from trax.export.rttm import render_rttm
from trax.export.srt import render_srt
from trax.export.txt import render_txt
from trax.export.vtt import render_vtt

__all__ = ["FORMATS", "ExportDocument", "Format", "format_named", "render"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a transcript."""

    name: str
    suffix: str  # with its dot
    description: str
    render: Callable[[ExportDocument], str]


FORMATS: dict[str, Format] = {
    made.name: made
    for made in (
        Format("txt", ".txt", "paragraphs of plain text", render_txt),
        Format("srt", ".srt", "SubRip subtitles", render_srt),
        Format("vtt", ".vtt", "WebVTT subtitles, speakers as voices", render_vtt),
        Format("json", ".json", "segments and words with times and confidences", render_json),
        Format("md", ".md", "Markdown: facts, then paragraphs with times", render_markdown),
        Format("rttm", ".rttm", "who speaks when, for programs that score or show speakers", render_rttm),
    )
}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises: UsageError: there is none.
    """
    if name not in FORMATS:
        raise UsageError(f"There is no export format {name!r}.", f"Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def render(document: ExportDocument, format: str) -> str:
    """The document in one of `FORMATS`, to be written as UTF-8.

    Raises: UsageError: no format has that name.
    """
    text = format_named(format).render(document)
    # half a surrogate pair can't be written as UTF-8; it becomes a question mark
    return text.encode("utf-8", "replace").decode("utf-8")
