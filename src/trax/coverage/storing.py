"""Coverage as `content` of a stored result keeps it, and the way back.

A track is one short text: each stretch is a letter and the millisecond at which it ends, such as "s580 v4120 n5230".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trax.coverage.values import Coverage, Heard, Stretch, Track

KEY: Final = "coverage"  # in `content`
LETTERS: Final = {"text": "t", "silence": "s", "music": "m", "noise": "n", "unexplained": "u", "speech": "v"}
KIND_OF: Final = {letter: kind for kind, letter in LETTERS.items()}


def as_json(coverage: Coverage) -> dict[str, Any]:
    """Everything, so that `from_json` gives an equal coverage back; `seconds` and `unexplained` are for SQL."""
    track = coverage.track
    return {
        "start": track[0].start / 1000 if track else 0.0,
        "end": track[-1].end / 1000 if track else 0.0,
        "seconds": dict(coverage.seconds),
        "unexplained": [[interval.start, interval.end] for interval in coverage.unexplained],
        "track": _spelt(track),
        "heard": [_spelt(channel) for channel in coverage.heard.channels],
        **({"labels": list(coverage.heard.labels)} if coverage.heard.labels else {}),
    }


def from_json(document: Any) -> Coverage | None:
    """The coverage that such a document holds; None: it holds none, or not one of ours."""
    try:
        start = round(document["start"] * 1000)
        channels = tuple(_read(text, start) for text in document["heard"])
        labels = tuple(map(str, document.get("labels", ())))
        if len(labels) not in (0, len(channels)):
            return None
        return Coverage(_read(document["track"], start), Heard(channels, labels))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def of_content(content: Mapping[str, Any] | None) -> Coverage | None:
    """The coverage that a result's `content` tells; None where it isn't known."""
    return from_json((content or {}).get(KEY))


def _spelt(track: Track) -> str:
    return " ".join(f"{LETTERS[stretch.kind]}{stretch.end}" for stretch in track)


def _read(text: str, start: int) -> Track:
    stretches = []
    for word in text.split():
        stretch = Stretch(KIND_OF[word[0]], start, int(word[1:]))
        if stretch.end <= start:
            raise ValueError("stretches must be in order")
        stretches.append(stretch)
        start = stretch.end
    return tuple(stretches)
