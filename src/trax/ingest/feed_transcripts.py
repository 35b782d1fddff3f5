"""Links to transcripts in a feed: feedparser keeps only the last of each episode, and there are often several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

PODCAST_NAMESPACE = "podcast"  # is part of each address that the namespace has had


class _OwnEntities(Exception):
    """The document defines entities: feedparser takes care of those."""


def offered_transcripts(body: bytes) -> list[list[Mapping[str, str]]] | None:
    """Attributes of the `podcast:transcript` elements of each item; None where that is no plain, well-formed XML."""
    items: list[list[Mapping[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def begin(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if local in ("item", "entry"):
            items.append([])
        elif local == "transcript" and PODCAST_NAMESPACE in namespace.lower() and items:
            items[-1].append(attributes)

    def refuse(*_: Any) -> None:
        raise _OwnEntities

    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body.lstrip(b" \t\r\n"), True)
    except (expat.ExpatError, _OwnEntities, ValueError, LookupError):
        return None
    return items
