"""One text in place of another, wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from trax.editing.document import Line, shown
from trax.errors import UsageError
from trax.transcript import Transcript


def replaced(transcript: Transcript, pairs: Sequence[tuple[str, str]]) -> tuple[list[Line], int]:
    """The segments that change, and how many places; whole words alone, with the letters' case.

    Raises: UsageError: nothing to look for, or it is nowhere.
    """
    before = [shown(number, segment) for number, segment in enumerate(transcript.segments)]
    texts, places = [line.text for line in before], 0
    for old, new in pairs:
        texts, count = _replaced(texts, " ".join(old.split()), " ".join(new.split()))
        places += count
    after = [replace(line, text=text) for line, text in zip(before, texts, strict=True)]
    return [line for line, known in zip(after, before, strict=True) if line != known], places


def _replaced(texts: Sequence[str], old: str, new: str) -> tuple[list[str], int]:
    if not old:
        raise UsageError("There is nothing to look for.", "Give the words that stand there, and those that are right.")
    begins, ends = (r"(?<!\w)" if old[0].isalnum() else ""), (r"(?!\w)" if old[-1].isalnum() else "")
    pattern = re.compile(f"{begins}{re.escape(old)}{ends}")
    made = [pattern.subn(lambda _: new, text) for text in texts]
    count = sum(number for _, number in made)
    if not count:
        raise UsageError(f"Nobody says {old!r} there.", "`trax show` has the text; case and punctuation count.")
    return [" ".join(text.split()) for text, _ in made], count
