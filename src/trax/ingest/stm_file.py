"""STM, NIST's segment time marks: who says what from when to when, in the recordings of a test set."""

from __future__ import annotations

import math
import re
from typing import Final

from trax.errors import TranscriptUnreadable
from trax.evaluation.reference import Utterance
from trax.ingest.collected import LONGEST_SPEAKER, MOST_SECONDS, check_count, lines_of, plain
from trax.timeline import Seconds

HINT: Final = "Each line is: recording channel speaker start end <labels> words."
_FIELDS: Final = 5
_LABELS: Final = re.compile(r"<[^<>\s]*>\s*")
_UNSCORED: Final = frozenset({"ignore_time_segment_in_scoring"})
_NOBODY: Final = frozenset({"inter_segment_gap", "excluded_region"})  # speakers of stretches that are not scored
_CHOICE: Final = re.compile(r"\{([^{}]*)\}")  # { going to / gonna / @ }
_OPTIONAL: Final = re.compile(r"\((%?[^()\s]+)\)")  # (%hesitation), a word that may be missing
_NOTHING: Final = "@"


def read_stm(text: str) -> dict[str, tuple[Utterance, ...]]:
    """What is said in each recording, in order of time.

    Of words that may be written in several ways the first is taken, words that may be missing are left out, and so is
    what isn't to be scored.

    Raises: TranscriptUnreadable: a line that makes no sense.
    """
    found: dict[str, list[Utterance]] = {}
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip() or line.lstrip().startswith(";;"):
            continue
        fields = line.split(None, _FIELDS)
        start, end = (_time(field) for field in fields[3:5]) if len(fields) >= _FIELDS else (None, None)
        if start is None or end is None or end < start:
            raise TranscriptUnreadable(f"line {number} is none of an STM file.", HINT)
        utterances = found.setdefault(plain(fields[0]), [])
        said = _said(fields[_FIELDS]) if len(fields) > _FIELDS else ""
        if said and fields[2].lower() not in _NOBODY:
            check_count(len(utterances) + 1)
            utterances.append(Utterance(said, max(0.0, start), end, plain(fields[2])[:LONGEST_SPEAKER] or None))
    return {recording: tuple(sorted(said, key=lambda one: one.start or 0.0)) for recording, said in found.items()}


def _said(field: str) -> str:
    text = _LABELS.sub("", field.strip(), count=1) if field.lstrip().startswith("<") else field
    if text.strip().lower() in _UNSCORED:
        return ""
    text = _OPTIONAL.sub("", _CHOICE.sub(lambda choice: choice[1].split("/")[0], text))
    return plain(" ".join(word for word in text.split() if word != _NOTHING))


def _time(field: str) -> Seconds | None:
    try:
        time = float(field)
    except ValueError:
        return None
    return time if math.isfinite(time) and -MOST_SECONDS <= time <= MOST_SECONDS else None
