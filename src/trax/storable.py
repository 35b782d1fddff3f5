"""What PostgreSQL can store: text without NUL and half characters, JSON without NaN and infinity."""

from __future__ import annotations

import math
from typing import Any


def storable_text(text: str) -> str:
    """The text with what PostgreSQL refuses made visible: NUL and lone surrogates become replacement characters."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> Any:
    """The value with every text storable, NaN and infinities as null, tuples as lists."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {storable_text(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value
