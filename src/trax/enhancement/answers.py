"""From what a language model answered to corrections: repaired where that is safe, refused where it isn't."""

from __future__ import annotations

import json
from typing import Any

from trax.enhancement.chunks import Chunk
from trax.enhancement.values import Correction

THOUGHT = "</think>"  # ends it
FENCE = "```"
LONGEST_NUMBER = 9  # figures: no transcript has more segments
MOST_LONGER = 3  # times as long as the segment: that is no correction


class Unusable(ValueError):
    """An answer of which nothing can be made; the text says why, in a few words."""


def corrections_in(text: str, finish_reason: str, chunk: Chunk) -> tuple[Correction, ...]:
    """What is to be changed: only segments that were asked about, each once.

    Raises: Unusable: empty, cut off, or not what was asked for.
    """
    if not text.strip():
        raise Unusable("empty")
    if finish_reason == "length":
        raise Unusable("cut off")
    if finish_reason == "content_filter":
        raise Unusable("held back by the provider")
    listed = _segments(_document(text))
    originals = dict(chunk.segments)
    found: dict[int, str] = {}
    for item in listed:
        number, wanted = _number(item), item.get("text") if isinstance(item, dict) else None
        if number not in originals or not isinstance(wanted, str):
            raise Unusable("other segments than those it was asked about")
        if number in found and found[number] != wanted:
            raise Unusable("one segment twice")
        found[number] = wanted
    return tuple(
        Correction(number, " ".join(wanted.split()))
        for number, wanted in sorted(found.items())
        if wanted.split() != originals[number].split() and _is_plausible(wanted, originals[number])
    )


def _is_plausible(wanted: str, original: str) -> bool:
    return bool(wanted.strip()) and len(wanted) <= MOST_LONGER * len(original) + 40


def _document(text: str) -> Any:
    """The JSON in an answer: by itself, in a code fence, after a thought, or with chatter around it."""
    said = text.rpartition(THOUGHT)[2]  # models that reason say first what they thought
    fenced = said.split(FENCE)[1:2]
    candidates = [said, *(part.removeprefix("json") for part in fenced), said[said.find("{") : said.rfind("}") + 1]]
    for candidate in candidates:
        try:
            return json.loads(candidate.strip())
        except (ValueError, RecursionError):
            continue
    raise Unusable("no JSON")


def _segments(document: Any) -> list[Any]:
    listed = document.get("segments") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise Unusable("no list of segments")
    return listed


def _number(item: Any) -> int | None:
    value = item.get("id") if isinstance(item, dict) else None
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= LONGEST_NUMBER:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
