"""Markdown: a title, the facts of the result, and the paragraphs with their times and speakers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trax.export.document import ExportDocument
from trax.export.paragraphs import Paragraph, paragraphs
from trax.export.typography import clock, one_line

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")


def render_markdown(document: ExportDocument) -> str:
    """The document as CommonMark; spoken text can't turn into markup."""
    blocks = [f"# {_literal(one_line(document.title)) or 'Transcript'}"]
    blocks.append("\n".join(f"- {name}: {_literal(one_line(value))}" for name, value in _facts(document)))
    blocks += [_block(paragraph) for paragraph in paragraphs(document.transcript)]
    return "\n\n".join(blocks) + "\n"


def _facts(document: ExportDocument) -> Iterator[tuple[str, str]]:
    transcript = document.transcript
    version = None if document.version is None else str(document.version)
    if version and document.pipeline_version:
        version += f" (pipeline {document.pipeline_version})"
    for name, value in (
        ("Source", document.source),
        ("Language", transcript.language),
        ("Duration", clock(transcript.duration)),
        ("Words", str(transcript.word_count)),
        ("Speakers", ", ".join(_speakers(document))),
        ("Model", document.model_used),
        ("Version", version),
        ("Created", document.created_at),
        ("Media", document.media_id),
        ("Result", document.result_id),
    ):
        if value:
            yield name, value


def _speakers(document: ExportDocument) -> Iterator[str]:
    for speaker in document.speakers():
        seconds = speaker.get("seconds")
        spoken = f" ({clock(seconds)})" if isinstance(seconds, int | float) else ""
        yield f"{one_line(speaker.get('name') or speaker['label'])}{spoken}"


def _block(paragraph: Paragraph) -> str:
    speaker = one_line(paragraph.speaker or "")
    name = f" **{_literal(speaker)}:**" if speaker else ""
    return f"[{clock(paragraph.start)}]{name} {_literal(paragraph.text)}"


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
