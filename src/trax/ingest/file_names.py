"""The name of a file that a server sends, made safe to show and to store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from trax.media.files import display_name

_EXTENDED: Final = re.compile(r"filename\*\s*=\s*\"?(UTF-8|ISO-8859-1)?'[^']*'([^;\s\"]+)", re.IGNORECASE)
_QUOTED: Final = re.compile(r'filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_PLAIN: Final = re.compile(r"filename\s*=\s*([^;\"]+)", re.IGNORECASE)
_MOST_READ: Final = 4096  # characters


def file_name(headers: Mapping[str, str], url: str) -> str:
    """What a file is called by its server, or else by its address: one name without a path, printable, never hidden."""
    named = _disposition(headers.get("content-disposition", "")[:_MOST_READ])
    split = urlsplit(url)
    last = unquote(split.path[-_MOST_READ:].rstrip("/").rpartition("/")[2], errors="replace")
    return _safe(named) or _safe(last) or _safe(split.hostname or "") or "download"


def _disposition(value: str) -> str:
    if found := _EXTENDED.search(value):
        return unquote_to_bytes(found[2]).decode(found[1] or "utf-8", "replace")
    if found := _QUOTED.search(value):
        return re.sub(r"\\(.)", r"\1", found[1])
    found = _PLAIN.search(value)
    return found[1] if found else ""


def _safe(name: str) -> str:
    """The last part of a path of any system, without what can't be shown; empty where nothing is left."""
    last = re.split(r"[/\\]", name.replace("\0", ""))[-1].strip().lstrip(".").strip()
    return display_name(Path(last)) if last else ""
