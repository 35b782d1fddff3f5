"""Stage v2, enhance: a language model corrects a transcript, and the sound has a veto."""

from __future__ import annotations

from trax.errors import UsageError
from trax.flow import Hook, Made, Material, Request
from trax.transcription.engines import Engines


def open_llm(request: Request, engines: Engines) -> None:
    """Make sure that the language model can be asked."""
    engines.llm(request.enhance.model or "")


def check_parent(parent: Made) -> None:
    """Raises: UsageError: there is nothing to correct."""
    if not parent.transcript.segments:
        raise UsageError("There are no words in it to be corrected.", "Name another version with --version.")


def enhance(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    raise NotImplementedError
