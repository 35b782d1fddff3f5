"""JSON inside of somebody else's web page: found at a marker, and read without trust in its shape."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from trax.storable import storable_text

MOST_MATCHES: Final = 50  # of a marker in one page
MOST_SHOWN: Final = 200  # characters of foreign text in a message

_JOINERS: Final = "\u200c\u200d"  # within words of many scripts, and within emoji
_INTEGER: Final = re.compile(r"[0-9]{1,18}")


def json_at(page: str, marker: re.Pattern[str], need: Collection[str]) -> dict[str, Any] | None:
    """The first JSON object behind a match of `marker` that has one of the keys `need`; None where there is none."""
    return next((found for found in objects_at(page, marker) if not found.keys().isdisjoint(need)), None)


def objects_at(page: str, marker: re.Pattern[str]) -> Iterator[dict[str, Any]]:
    """Every JSON object that begins right behind a match of `marker`, whatever its texts hold."""
    decoder = json.JSONDecoder()
    for match in islice(marker.finditer(page), MOST_MATCHES):
        if not page.startswith("{", match.end()):
            continue  # "= null;", "= window.something;"
        try:
            found, _ = decoder.raw_decode(page, match.end())
        except (ValueError, RecursionError):
            continue
        assert isinstance(found, dict)
        yield found


def dig(value: Any, *path: str | int) -> Any:
    """What lies at `path`; None as soon as something on the way is missing or of another kind."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def listed(value: Any, *path: str | int) -> list[Any]:
    """The list at `path`; an empty one where there is none."""
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def text(value: Any) -> str | None:
    """A text, in any of the forms in which YouTube writes them; None where it is none."""
    if isinstance(value, dict):
        if isinstance(runs := value.get("runs"), list):
            value = "".join(run["text"] for run in runs if isinstance(dig(run, "text"), str))
        else:
            value = value.get("simpleText", value.get("content"))
    return storable_text(value) if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """A number that is not negative, as such or in decimal digits."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        return value
    return None


def flag(value: Any) -> bool | None:
    """True or false; None for everything else."""
    return value if isinstance(value, bool) else None


def shown(words: str) -> str:
    """Foreign text as it may stand in a message: one line, nothing that a terminal obeys, no longer than is read."""
    visible = "".join(letter if _is_visible(letter) else " " for letter in words)
    line = " ".join(visible.split())
    return line if len(line) <= MOST_SHOWN else line[: MOST_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CZ" or letter in _JOINERS
