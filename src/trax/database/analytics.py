"""The archive in figures, as the views of the schema tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sqlalchemy import Date, Integer, cast, column, func, select, table, text
from sqlalchemy.orm import Session

from trax.timeline import Seconds

# What transcripts are told apart by: the view, and its column.
GROUPINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pipeline": ("trax_stats_by_pipeline", "pipeline_version"),
        "model": ("trax_by_model", "model_used"),
        "language": ("trax_by_language", "language"),
        "channel": ("trax_by_channel", "channel"),
    }
)

_FIGURES = (
    "files", "results", "audio_hours", "words", "mean_processing_seconds", "mean_accuracy", "speed",
)  # fmt: skip

# Each file is of one channel (or none), so that the hours of all channels are those of the archive, each once.
_OVERVIEW = text("""
SELECT count(*) AS files, count(result_id) AS transcribed_files,
    coalesce(sum(duration), 0) / 3600 AS audio_hours,
    (SELECT coalesce(sum(audio_hours), 0) FROM trax_by_channel) AS transcribed_hours,
    coalesce(sum(versions), 0)::bigint AS results, coalesce(sum(words), 0)::bigint AS words
FROM trax_media
""")


@dataclass(frozen=True, slots=True)
class Overview:
    """How much there is."""

    files: int
    transcribed_files: int
    audio_hours: float  # of all files whose length is known
    transcribed_hours: float  # of a file of which there are only stretches, the length of these
    results: int  # versions of transcripts
    words: int  # of the newest ones


@dataclass(frozen=True, slots=True)
class Figures:
    """Transcripts that have something in common."""

    name: str | None  # None: of what has no such thing, as files without a channel
    files: int
    results: int
    audio_hours: float | None  # each file once
    words: int | None  # each file once
    mean_processing_seconds: Seconds | None  # None: others have made them
    mean_accuracy: float | None
    speed: float | None  # seconds of audio in a second of processing


@dataclass(frozen=True, slots=True)
class FailuresOfDay:
    """Jobs that failed on one day."""

    day: date
    failed_jobs: int
    files: int  # different ones


def overview(session: Session) -> Overview:
    """How much there is in the archive."""
    return Overview(**session.execute(_OVERVIEW).mappings().one())


def figures(session: Session, by: str) -> list[Figures]:
    """What transcripts there are by one of `GROUPINGS`, most audio first; pipelines in their order."""
    view, key = GROUPINGS[by]
    columns = table(view, column(key), *(column(name) for name in _FIGURES)).c
    order = [] if by == "pipeline" else [columns.audio_hours.desc().nulls_last()]
    rows = session.execute(select(columns[key], *(columns[name] for name in _FIGURES)).order_by(*order, columns[key]))
    return [Figures(*row) for row in rows]


def failures_by_day(session: Session, days: int) -> list[FailuresOfDay]:
    """Failed jobs of the last days, today's first; days begin at midnight in the session's time zone."""
    columns = table("trax_failures_by_day", column("day", Date), column("failed_jobs", Integer), column("files")).c
    since = func.current_date() - cast(days - 1, Integer)
    statement = select(columns.day, columns.failed_jobs, columns.files).where(columns.day >= since)
    return [FailuresOfDay(*row) for row in session.execute(statement.order_by(columns.day.desc()))]


def time_zone(session: Session) -> str:
    """The time zone in which days begin and end."""
    return str(session.execute(text("SHOW TimeZone")).scalar_one())
