"""What a feed says of an episode, made into values: moments, durations, addresses, plain text."""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from trax.timeline import Seconds

LONGEST_DURATION: Final = 1000 * 3600.0
LONGEST_DATE: Final = 100  # characters
LONGEST_ADDRESS: Final = 4000

_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,4}):([0-9]{1,2})(?:[.,][0-9]+)?")
_SECONDS = re.compile(r"[0-9]{1,8}(?:\.[0-9]+)?")
_ISO = re.compile(r"PT(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,7})(?:[.,][0-9]+)?S)?", re.I)
_WORDS = re.compile(
    r"(?:([0-9]{1,4})\s*h(?:ours?|rs?)?)?[\s,]*(?:([0-9]{1,5})\s*m(?:in(?:ute)?s?)?)?[\s,]*"
    r"(?:([0-9]{1,7})\s*s(?:ec(?:ond)?s?)?)?\.?",
    re.I,
)
_LINE_TAG = re.compile(r"<(?:br|/p|/div|/li|/h[1-6])\b[^<>]*>", re.I)
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")


def duration_of(text: str) -> Seconds | None:
    """Seconds of an `itunes:duration`: 3723, 1:02:03, 62:03, PT1H2M3S, "62 min"; None where it tells nothing."""
    text = text.strip()[:LONGEST_DATE]
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    elif (found := _CLOCK.fullmatch(text) or _ISO.fullmatch(text) or _WORDS.fullmatch(text)) is not None:
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        seconds = float(hours * 3600 + minutes * 60 + rest)
    else:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds <= LONGEST_DURATION else None


def moment_of(text: str) -> datetime | None:
    """The moment of a date as in e-mails or ISO 8601, in UTC; one without a zone is taken as UTC."""
    text = text.strip()
    if not text or len(text) > LONGEST_DATE:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def size_of(text: str) -> int | None:
    """Bytes of an enclosure's `length`; many feeds have 0 or nonsense there."""
    text = text.strip()
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,14}", text) else None


def web_address(text: str, base: str) -> str | None:
    """The http(s) address that a feed gives, whole, as a server takes it; None for any other.

    Whether it may be asked is for whoever fetches it to say.
    """
    text = "".join(character for character in text.strip() if character.isprintable())
    if not text or len(text) > LONGEST_ADDRESS:
        return None
    try:
        given = urlsplit(text)
        if given.scheme and not given.netloc:
            return None
        parts = urlsplit(urljoin(base, text))
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return None
        port = parts.port  # of which reading it finds out that it is none
    except ValueError:
        return None
    if port == 0:
        return None
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]|")
    return urlunsplit((parts.scheme.lower(), parts.netloc, path, query, ""))


def plain_line(text: str, longest: int) -> str:
    """The text of a title: one line without markup, or what a terminal would obey."""
    text = " ".join(_without_tags(text).split())
    return _shortened("".join(_visible(character) for character in text), longest)


def plain_text(text: str, longest: int) -> str:
    """The text of a description: paragraphs without markup."""
    lines = (" ".join(line.split()) for line in _without_tags(_LINE_TAG.sub("\n", text)).splitlines())
    kept = "\n".join("".join(_visible(character) for character in line) for line in lines if line)
    return _shortened(kept, longest)


def _without_tags(text: str) -> str:
    return html.unescape(_TAG.sub("", text))


def _visible(character: str) -> str:
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
