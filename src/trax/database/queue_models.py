"""The tables beside the core that the queue needs: attempts, workers, checkpoints, items of batches."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, JsonObject, register_model

OUTCOMES = ("completed", "failed", "lost", "interrupted", "cancelled")
ITEM_STATUSES = ("waiting", "pending", "completed", "failed", "cancelled")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(repr(value) for value in values)


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=text("now()"))


def _count() -> Mapped[int]:
    return mapped_column(server_default=text("0"))


@register_model
class Worker(Base):
    """A process that runs jobs, for as long as it lives; it holds the claim on its ID."""

    __tablename__ = "workers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))  # host:pid
    queues: Mapped[list[Any]]
    concurrency: Mapped[int]
    stall_timeout: Mapped[float] = mapped_column(DOUBLE_PRECISION)  # seconds of silence after which it counts as dead
    started_at: Mapped[datetime] = _now()
    heartbeat_at: Mapped[datetime] = _now()


@register_model
class JobAttempt(Base):
    """One attempt at a job: what became of one ticket that a worker started on."""

    __tablename__ = "job_attempts"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_listed(OUTCOMES)})", name="outcome"),
        Index("ix_job_attempts_worker_id", "worker_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_job_attempts_started_at", "started_at"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transcription_jobs.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    worker_id: Mapped[uuid.UUID | None]
    worker: Mapped[str | None] = mapped_column(String(255))
    started_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))  # None while it runs
    error_kind: Mapped[str | None] = mapped_column(String(100))  # name of the exception
    error_message: Mapped[str | None] = mapped_column(Text)
    windows_before: Mapped[int] = _count()  # that earlier attempts had heard
    windows_heard: Mapped[int] = _count()  # by this one
    seconds_done: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)  # of the media
    engine_seconds: Mapped[float] = mapped_column(DOUBLE_PRECISION, server_default=text("0"))


@register_model
class WindowCheckpoint(Base):
    """A window that was heard for a request which is not answered yet."""

    __tablename__ = "window_checkpoints"
    __table_args__ = (Index("ix_window_checkpoints_created_at", "created_at"),)

    request_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    engine: Mapped[str] = mapped_column(String(64))  # SHA-256 of the engine's description
    media_file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"), index=True)
    result: Mapped[JsonObject]
    created_at: Mapped[datetime] = _now()


@register_model
class BatchItem(Base):
    """One source of a batch; several sources (and batches) may share a job."""

    __tablename__ = "batch_items"
    __table_args__ = (
        CheckConstraint(f"status IN ({_listed(ITEM_STATUSES)})", name="status"),
        Index("ix_batch_items_batch_id_status", "batch_id", "status"),
    )

    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("processing_jobs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    media_file_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("media_files.id", ondelete="SET NULL"), index=True
    )
    job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("transcription_jobs.id", ondelete="SET NULL"), index=True
    )
    status: Mapped[str] = mapped_column(String(20), server_default="waiting")  # waiting: not queued yet
    error_message: Mapped[str | None] = mapped_column(Text)
    details: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))  # of an episode, as its feed has it
