"""Values from a container as PostgreSQL's jsonb accepts them."""

from __future__ import annotations

import json
import math
from typing import Any, Final

MAX_TEXT = 20_000  # characters of one tag; lyrics and descriptions fit
MAX_ITEMS = 2_000  # tags, chapters or streams of one file
MAX_DEPTH = 8
MAX_INTEGER: Final = 2**63


def storable(value: Any, depth: int = 0) -> Any:
    """The value without what jsonb refuses (NUL, lone surrogates, NaN, infinities), and bounded in size."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):  # bool too
        return value if abs(value) <= MAX_INTEGER else None
    if value is None or depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        pairs = list(value.items())[:MAX_ITEMS]
        return {_text(str(key)): storable(item, depth + 1) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [storable(item, depth + 1) for item in value[:MAX_ITEMS]]
    return _text(str(value))


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object from an untrusted writer, made storable. Raises: ValueError."""
    value = json.loads(body, parse_constant=lambda _: None)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    stored: dict[str, Any] = storable(value)
    return stored


def _text(value: str) -> str:
    clean = value[:MAX_TEXT].replace("\x00", "")
    return clean.encode("utf-8", "replace").decode("utf-8")
