"""The five core tables. Column names, types, defaults and status values are a contract with everyone's own SQL."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, IdentityMixin, JsonObject, TimestampMixin, register_model

MEDIA_STATUSES = ("pending", "downloading", "processing", "ready", "failed")
JOB_STATUSES = ("pending", "processing", "completed", "failed", "cancelled")
BATCH_STATUSES = ("pending", "processing", "paused", "completed", "failed", "cancelled")


def _status_check(values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"status IN ({', '.join(repr(value) for value in values)})", name="status")


def _empty_object() -> Mapped[JsonObject | None]:
    return mapped_column(JSONB, server_default=text("'{}'::jsonb"))


def _status() -> Mapped[str]:
    return mapped_column(String(20), server_default="pending", index=True)


def _counter() -> Mapped[int | None]:
    return mapped_column(Integer, server_default=text("0"))


@register_model
class YouTubeVideo(IdentityMixin, TimestampMixin, Base):
    """What a YouTube page says of a video."""

    __tablename__ = "youtube_videos"
    __table_args__ = (
        UniqueConstraint("youtube_id"),
        CheckConstraint("duration_seconds >= 0", name="duration_seconds"),
    )

    youtube_id: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(500))
    channel: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    duration_seconds: Mapped[int]
    url: Mapped[str] = mapped_column(String(500))
    metadata_extracted_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    # Beside the contract: chapters, dates, channel, captions, and whatever else the page says
    details: Mapped[JsonObject] = mapped_column(server_default=text("'{}'::jsonb"))


@register_model
class MediaFile(IdentityMixin, TimestampMixin, Base):
    """A media file that is or will be transcribed; its bytes are its identity."""

    __tablename__ = "media_files"
    __table_args__ = (
        UniqueConstraint("file_hash"),
        _status_check(MEDIA_STATUSES),
        CheckConstraint("file_size >= 0", name="file_size"),
        Index(
            "ix_media_files_file_metadata",
            "file_metadata",
            postgresql_using="gin",
            postgresql_ops={"file_metadata": "jsonb_path_ops"},
        ),
        Index("ix_media_files_created_at", "created_at"),
        # by hash: a path may be longer than an entry of a B-tree
        Index("ix_media_files_local_path", "local_path", postgresql_using="hash"),
    )

    filename: Mapped[str] = mapped_column(String(255))
    file_size: Mapped[int] = mapped_column(BigInteger)
    duration: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    mime_type: Mapped[str | None] = mapped_column(String(100))
    source_path: Mapped[str] = mapped_column(Text)
    local_path: Mapped[str | None] = mapped_column(Text)
    file_hash: Mapped[str | None] = mapped_column(String(64))
    file_metadata: Mapped[JsonObject | None] = _empty_object()
    status: Mapped[str] = _status()
    # A video that leaves the catalogue takes no transcript with it.
    youtube_video_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("youtube_videos.id", ondelete="SET NULL"), index=True
    )


@register_model
class TranscriptionJob(IdentityMixin, TimestampMixin, Base):
    """One request to transcribe one media file, with its retries."""

    __tablename__ = "transcription_jobs"
    __table_args__ = (
        _status_check(JOB_STATUSES),
        CheckConstraint("retry_count >= 0 AND max_retries >= 0", name="retries"),
        CheckConstraint("queue ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'", name="queue"),
        # Partial, so that no foreign key can lean on it: else each new ticket would lock out whoever refers to the job.
        Index(
            "uq_transcription_jobs_ticket_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("ticket_id IS NOT NULL"),
        ),
        # one live job at most for the same request
        Index(
            "uq_transcription_jobs_request_id",
            "request_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'processing')"),
        ),
        Index("ix_transcription_jobs_created_at", "created_at"),
    )

    media_file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = _status()
    priority: Mapped[int | None] = mapped_column(Integer, server_default=text("0"), index=True)
    model_config: Mapped[JsonObject | None] = _empty_object()
    processing_options: Mapped[JsonObject | None] = _empty_object()
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    processing_time: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    error_message: Mapped[str | None] = mapped_column(Text)
    retry_count: Mapped[int | None] = _counter()
    max_retries: Mapped[int | None] = mapped_column(Integer, server_default=text("3"))
    # Beside the contract, for the queue. The ticket is the attempt that may change the job; all others are stale.
    ticket_id: Mapped[int | None] = mapped_column(BigInteger)
    request_id: Mapped[uuid.UUID | None]  # equal for equal requests about the same bytes
    queue: Mapped[str] = mapped_column(String(128), server_default="default")
    owner_id: Mapped[uuid.UUID | None]  # the batch or process that queued it, and may give it up ...
    shared: Mapped[bool] = mapped_column(server_default=text("false"))  # ... unless others have asked for it since


@register_model
class TranscriptionResult(IdentityMixin, TimestampMixin, Base):
    """One immutable version of a transcript; a trigger refuses to change what was said or where it came from."""

    __tablename__ = "transcription_results"
    __table_args__ = (
        CheckConstraint("accuracy BETWEEN 0 AND 1", name="accuracy"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("parent_result_id <> id", name="parent"),
        Index(
            "ix_transcription_results_content",
            "content",
            postgresql_using="gin",
            postgresql_ops={"content": "jsonb_path_ops"},
        ),
        Index("ix_transcription_results_media_file_id_version", "media_file_id", text("version DESC")),
        Index("ix_transcription_results_created_at", "created_at"),
    )

    # No ON DELETE for job and parent: a job or a parent can't be deleted from under a result. Deleting the media
    # takes jobs and results together, in one statement.
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transcription_jobs.id"), index=True)
    media_file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"), index=True)
    pipeline_version: Mapped[str] = mapped_column(String(10), server_default="v1", index=True)
    content: Mapped[JsonObject] = mapped_column(JSONB)
    segments: Mapped[list[Any] | None] = mapped_column(JSONB)
    confidence_scores: Mapped[JsonObject | None] = mapped_column(JSONB)
    speaker_info: Mapped[JsonObject | None] = mapped_column(JSONB)
    accuracy: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    word_count: Mapped[int | None]
    processing_time: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    model_used: Mapped[str | None] = mapped_column(String(100))
    model_config: Mapped[JsonObject | None] = mapped_column(JSONB)
    parent_result_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transcription_results.id"), index=True)
    version: Mapped[int] = mapped_column(server_default=text("1"))


@register_model
class ProcessingJob(IdentityMixin, TimestampMixin, Base):
    """A batch operation over many files."""

    __tablename__ = "processing_jobs"
    __table_args__ = (
        _status_check(BATCH_STATUSES),
        CheckConstraint(
            "total_items >= 0 AND processed_items >= 0 AND successful_items >= 0 AND failed_items >= 0",
            name="counters",
        ),
    )

    job_type: Mapped[str] = mapped_column(String(50), index=True)
    status: Mapped[str] = _status()
    config: Mapped[JsonObject | None] = _empty_object()
    file_patterns: Mapped[list[Any] | None] = mapped_column(JSONB)
    total_items: Mapped[int | None] = _counter()
    processed_items: Mapped[int | None] = _counter()
    successful_items: Mapped[int | None] = _counter()
    failed_items: Mapped[int | None] = _counter()
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    error_message: Mapped[str | None] = mapped_column(Text)
