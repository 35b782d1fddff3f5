"""Transcripts of a few segments, for tests that are about their text."""

from __future__ import annotations

from trax.enhancement.apply import with_words
from trax.transcript import Segment, Transcript


def transcript_of(*texts: str, language: str = "en") -> Transcript:
    """One segment of nine seconds for each text, with words."""
    found = tuple(Segment(n * 10, n * 10 + 9, text) for n, text in enumerate(texts))
    return with_words(Transcript(language, 10.0 * len(texts), found))
