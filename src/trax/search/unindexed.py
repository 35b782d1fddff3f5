"""What to tell of transcripts that searches don't see, or see as an older Trax has indexed them."""

from __future__ import annotations


def hint(lacking: int, outdated: int = 0) -> str:
    """One sentence; nothing where all is indexed as it should be."""
    if lacking:
        return f"{_transcripts(lacking)} not indexed yet, and can't be found: `trax db reindex` does it."
    if outdated:
        return f"{_transcripts(outdated)} indexed as an older Trax did it: `trax db reindex` does it anew."
    return ""


def _transcripts(number: int) -> str:
    return "1 transcript is" if number == 1 else f"{number:,} transcripts are"
