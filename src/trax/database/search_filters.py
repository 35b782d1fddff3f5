"""Where a search looks: filters become lists of transcripts and speakers before a word is searched.

So the search itself has no join, and the planner knows how much of the archive it is about: a transcript alone is
read by its key, the whole archive by the words.
"""

# ruff: noqa: S608  (statements are made of our own parts alone; what users say is bound)

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.database.lookup import HEX_DIGITS, is_id
from trax.search.filters import Filters
from trax.storable import storable_text

FEW_RESULTS = 20  # of which the rows are read one after the other, and not by what was said
SHORTEST_ID = 4  # digits: less of an ID is taken for a part of a title alone

# What is known of media, under the names m (media_files), v (youtube_videos), e (what an episode's feed says)
MEDIA_SAID = """
    LEFT JOIN youtube_videos v ON v.id = m.youtube_video_id
    LEFT JOIN LATERAL (
        SELECT said.details FROM media_sources said
        WHERE said.media_file_id = m.id AND said.kind IN ('episode', 'web')
        ORDER BY said.kind, said.created_at, said.id LIMIT 1
    ) e ON true"""
# The same, cheaper where all media are asked about: one pass over what is said of them
_ALL_MEDIA_SAID = """
    LEFT JOIN youtube_videos v ON v.id = m.youtube_video_id
    LEFT JOIN (
        SELECT DISTINCT ON (said.media_file_id) said.media_file_id, said.details FROM media_sources said
        WHERE said.kind IN ('episode', 'web')
        ORDER BY said.media_file_id, said.kind, said.created_at, said.id
    ) e ON e.media_file_id = m.id"""
TITLE = "coalesce(nullif(v.title, ''), nullif(e.details->>'title', ''), m.filename)"
CHANNEL = "coalesce(nullif(v.channel, ''), nullif(e.details->>'feed_title', ''))"
# A day in ISO 8601, compared as text: what a page says may be no day at all.
_SAID = "left(coalesce(nullif(v.details->>'publish_date', ''), nullif(e.details->>'published', '')), 10)"
PUBLISHED = f"coalesce({_SAID}, to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'))"
# Of media that isn't here, what its page says, or the end of the transcript
_DURATION = """coalesce(m.duration, nullif(v.duration_seconds, 0), (
        SELECT max(p.end_ms) / 1000.0 FROM transcript_passages p
        WHERE p.result_id = i.result_id AND p.newest = i.newest
    ))"""
_ARRIVED = "(m.created_at AT TIME ZONE 'UTC')"  # far cheaper to compare than its text
_SINCE_DAY, _UNTIL_DAY = "CAST(:since AS text)", "CAST(:until AS text)"
_SINCE = f"CASE WHEN {_SAID} IS NULL THEN {_ARRIVED} >= CAST({_SINCE_DAY} AS date) ELSE {_SAID} >= {_SINCE_DAY} END"
_UNTIL = f"CASE WHEN {_SAID} IS NULL THEN {_ARRIVED} < CAST({_UNTIL_DAY} AS date) + 1 ELSE {_SAID} <= {_UNTIL_DAY} END"


@dataclass(frozen=True, slots=True)
class Chosen:
    """More transcripts than are worth being named: the statement that lists their IDs, and what is bound to it."""

    statement: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the archive that is searched; None: no limit."""

    all_versions: bool = False
    results: tuple[UUID, ...] | Chosen | None = None
    speakers: tuple[str, ...] | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None

    @property
    def is_empty(self) -> bool:
        return self.results == () or self.speakers == ()

    @property
    def is_of_segments(self) -> bool:
        """Whether not every segment of a transcript is meant."""
        return (self.speakers, self.min_confidence, self.max_confidence) != (None, None, None)


def scope(session: Session, filters: Filters) -> Scope:
    """The transcripts and speakers that the filters name."""
    return Scope(
        all_versions=filters.all_versions,
        results=_results(session, filters),
        speakers=None if filters.speaker is None else _speakers(session, filters.speaker, filters.all_versions),
        min_confidence=filters.min_confidence,
        max_confidence=filters.max_confidence,
    )


def like(part: str) -> str:
    """The pattern of ILIKE for texts that contain `part` as it stands."""
    escaped = storable_text(part).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def composed(name: str) -> str:
    """The name with each letter and its accents as one character: files of a Mac have them apart."""
    return unicodedata.normalize("NFC", name)


def _results(session: Session, filters: Filters) -> tuple[UUID, ...] | Chosen | None:
    """The transcripts of the media that the filters name; None: of all."""
    conditions, values = _conditions(filters)
    if not conditions:
        return None
    newest = [] if filters.all_versions else ["i.newest"]
    some, every = (
        f"""
        SELECT i.result_id FROM transcript_index i JOIN media_files m ON m.id = i.media_file_id {said}
        WHERE {" AND ".join([*newest, *conditions])}"""
        for said in (MEDIA_SAID, _ALL_MEDIA_SAID)
    )
    few = tuple(session.scalars(text(f"{some} LIMIT {FEW_RESULTS + 1}"), values))
    return few if len(few) <= FEW_RESULTS else Chosen(every, values)


def _conditions(filters: Filters) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}

    def add(condition: str, **bound: Any) -> None:
        if None not in bound.values():
            conditions.append(condition)
            values.update(bound)

    if filters.media is not None:
        condition, bound = _media(filters.media)
        add(condition, **bound)
    channel = None if filters.channel is None else like(composed(filters.channel))
    add(f"normalize({CHANNEL}) ILIKE :channel", channel=channel)
    add(_SINCE, since=None if filters.since is None else filters.since.isoformat())
    add(_UNTIL, until=None if filters.until is None else filters.until.isoformat())
    add("i.language = :language", language=_language(filters.language))
    add(f"{_DURATION} >= :min_duration", min_duration=filters.min_duration)
    add(f"{_DURATION} <= :max_duration", max_duration=filters.max_duration)
    return conditions, values


def _media(named: str) -> tuple[str, dict[str, Any]]:
    """Media by the beginning of its ID, or by a part of its title or its file's name."""
    condition = f"(normalize({TITLE}) ILIKE :media OR normalize(m.filename) ILIKE :media)"
    bound: dict[str, Any] = {"media": like(composed(named))}
    digits = named.strip().lower().replace("-", "")
    if not is_id(named) or len(digits) < SHORTEST_ID:
        return condition, bound
    low, high = UUID(digits.ljust(HEX_DIGITS, "0")), UUID(digits.ljust(HEX_DIGITS, "f"))
    return f"({condition} OR m.id BETWEEN :low AND :high)", {**bound, "low": low, "high": high}


def _language(code: str | None) -> str | None:
    return None if code is None else storable_text(code).strip().lower().split("-")[0]


def _speakers(session: Session, named: str, all_versions: bool) -> tuple[str, ...]:
    """Speakers of that name; where there is none, those whose names contain it."""
    known = _all_speakers(session, all_versions)
    names = {name: composed(name).casefold() for name in known}
    wanted = composed(storable_text(named).strip()).casefold()
    same = tuple(name for name, comparable in names.items() if comparable == wanted)
    return same or tuple(name for name, comparable in names.items() if wanted in comparable)


def _all_speakers(session: Session, all_versions: bool) -> list[str]:
    """Each name once: the index is asked for the next name, and not for every segment."""
    newest = "" if all_versions else "newest AND "
    statement = f"""
        WITH RECURSIVE known AS (
            (SELECT speaker FROM transcript_segments WHERE {newest}speaker IS NOT NULL ORDER BY speaker LIMIT 1)
            UNION ALL
            SELECT (
                SELECT next.speaker FROM transcript_segments next
                WHERE {newest}next.speaker > known.speaker ORDER BY next.speaker LIMIT 1
            ) FROM known WHERE known.speaker IS NOT NULL
        )
        SELECT speaker FROM known WHERE speaker IS NOT NULL"""
    return list(session.scalars(text(statement)))
