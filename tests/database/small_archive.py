"""A small archive in which every question has an answer: what docs/sql.md shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update

from tests.jobs import queued
from trax.database import (
    Database,
    MediaFile,
    TranscriptionJob,
    imports,
    media,
    media_sources,
    queue,
    transcripts,
    videos,
)
from trax.database.engine import Transaction
from trax.transcript import Segment, Transcript, Word

BY_THE_RIVER = (
    (0.0, 4.0, "This is a recording by the river.", 0.97, None),
    (4.5, 9.0, "We talk about machine learning for water levels.", 0.93, None),
    (9.5, 12.0, "And of something unclear there.", 0.41, None),
)
DAMS = (
    (0.0, 3.0, "Wie hoch ist der Damm?", 0.88, "Channel 1"),
    (3.5, 6.0, "Etwa sechzig Meter, glaube ich.", 0.55, "Channel 2"),
)
LECTURE = ((61.0, 66.0, "Bonjour et bienvenue.", 0.9, None),)
STRETCH = {"request": {"decode": {"start": 60.0, "end": 120.0}}, "decoding": {"duration": 60.0}}


def fill(database: Database) -> None:
    """Six files: a video in three versions, an episode, a stretch of a lecture, two that failed, one without a job."""
    with database.transaction() as session:
        _video(session)
        _episode(session)
        lecture = _add(session, "lecture.mp3", "mp3", "mp3", 3600.0)
        _store(session, lecture, 20.0, _spoken("fr", 120.0, LECTURE), accuracy=0.9, model_config=STRETCH)
        _failures(session)
        _add(session, "new.wav", "wav", "pcm_s16le", None)


def _video(session: Transaction) -> None:
    page = videos.NewVideo(
        "riverwalk01", "A walk along the river", "River Radio", "", 1800, "https://www.youtube.com/watch?v=riverwalk01",
        {"publish_date": "2026-03-01"},
    )  # fmt: skip
    talk = _add(session, "talk.mp3", "mp3", "mp3", 1800.0)
    talk.youtube_video_id = videos.put(session, page).id
    spoken = _spoken("en", 1800.0, BY_THE_RIVER)
    _store(session, talk, 60.0, spoken, accuracy=0.82, model_used="tiny.en")
    heard = _store(session, talk, 240.0, spoken, accuracy=0.94)
    _store(session, talk, 30.0, spoken, accuracy=0.96, pipeline_version="v2", model_used="editor", parent_id=heard)


def _episode(session: Transaction) -> None:
    dams = _add(session, "dams.wav", "wav", "pcm_s16le", 1200.0)
    said = {"title": "Episode 7: Dams", "feed_title": "Water Podcast", "published": "2026-04-02T06:00:00+00:00"}
    media_sources.lead_to(session, [media_sources.Origin("episode", "https://water.example/feed 7", said)], dams.id)
    spoken = _spoken("de", 1200.0, DAMS)
    _store(session, dams, 100.0, spoken, accuracy=0.88)
    imports.store(session, imports.NewImport(dams.id, spoken, "import:srt", "0" * 64, {"file": "dams.srt"}))


def _failures(session: Transaction) -> None:
    """One file that fails on two days, and another that fails once."""
    days = {"broken.ogg": (4, 4, 5), "noise.ogg": (5,)}
    for name, failed in days.items():
        file = _add(session, name, "ogg", "opus", 90.0)
        media.set_status(session, file.id, "failed", "nothing decodable")
        for day in failed:
            job_id, ticket = queued.begin(session, file.id)
            queue.fail(session, job_id, ticket, "UnreadableMedia", "nothing decodable")
            job = TranscriptionJob
            session.execute(
                update(job).where(job.id == job_id).values(completed_at=datetime(2026, 5, day, 12, tzinfo=UTC))
            )


def _add(session: Transaction, name: str, format: str, codec: str, duration: float | None) -> MediaFile:
    new = media.NewMedia(name, 1_000_000, uuid4().hex * 2, f"/in/{name}", f"/in/{name}", 1)
    row, _ = media.add(session, new)
    facts = {"format": format, "codec": codec, "bitrate": 128_000, "sample_rate": 44_100, "channels": 2}
    media.describe(session, row.id, mime_type=f"audio/{format}", duration=duration, metadata=facts)
    return row


def _store(session: Transaction, file: MediaFile, seconds: float, spoken: Transcript, **values: Any) -> UUID:
    """A job that is done, and its result."""
    job_id, ticket = queued.begin(session, file.id)
    queue.complete(session, job_id, ticket, seconds)
    new = transcripts.NewResult(job_id, file.id, "v1", spoken, None, seconds, "small", {})
    return transcripts.store(session, replace(new, **values)).id


def _spoken(
    language: str, duration: float, lines: tuple[tuple[float, float, str, float, str | None], ...]
) -> Transcript:
    return Transcript(language, duration, tuple(_segment(*line) for line in lines))


def _segment(start: float, end: float, text: str, probability: float, speaker: str | None) -> Segment:
    words = text.split()
    step = (end - start) / len(words)
    timed = (
        Word(start + number * step, start + (number + 1) * step, f" {word}", probability)
        for number, word in enumerate(words)
    )
    return Segment(start, end, text, tuple(timed), speaker=speaker)
