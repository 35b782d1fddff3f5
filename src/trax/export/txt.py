"""Plain text for reading and for other programs: one paragraph a line, no times."""

from __future__ import annotations

from trax.export.document import ExportDocument
from trax.export.paragraphs import paragraphs
from trax.export.typography import one_line


def render_txt(document: ExportDocument) -> str:
    """Paragraphs with an empty line between them, "NAME: " where a speaker begins; empty if nothing was said."""
    lines: list[str] = []
    speaker: str | None = None
    for paragraph in paragraphs(document.transcript):
        named = paragraph.speaker and paragraph.speaker != speaker
        lines.append(f"{one_line(paragraph.speaker or '')}: {paragraph.text}" if named else paragraph.text)
        speaker = paragraph.speaker
    return "\n\n".join(lines) + ("\n" if lines else "")
