"""The five core tables, their indexes, and the triggers that keep `updated_at` true and results unchanged

Revision: 0001
Revises:
Created: 2026-11-22
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("youtube_videos", "media_files", "transcription_jobs", "transcription_results", "processing_jobs")

TOUCH_UPDATED_AT = """
CREATE FUNCTION trax_touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- clock_timestamp, not now(): two updates within one transaction differ too
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$
"""

# What was said, and what it was made from, never changes; figures about it (accuracy, say) may be corrected.
REFUSE_CHANGED_RESULT = """
CREATE FUNCTION trax_refuse_changed_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transcription result % is immutable', OLD.id
        USING ERRCODE = 'restrict_violation',
              HINT = 'Store a new version with parent_result_id pointing to this one.';
END $$
"""
IMMUTABLE_COLUMNS = (
    "job_id", "media_file_id", "pipeline_version", "content", "segments", "parent_result_id", "version",
)  # fmt: skip


def upgrade() -> None:
    _create_youtube_videos()
    _create_media_files()
    _create_transcription_jobs()
    _create_transcription_results()
    _create_processing_jobs()
    _create_triggers()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION trax_refuse_changed_result()")
    op.execute("DROP FUNCTION trax_touch_updated_at()")


def _identity() -> sa.Column[Any]:
    return sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("gen_random_uuid()"), nullable=False)


def _timestamps() -> list[sa.Column[Any]]:
    return [_time("created_at", now=True, nullable=False), _time("updated_at", now=True, nullable=False)]


def _time(name: str, *, now: bool = False, nullable: bool = True) -> sa.Column[Any]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _jsonb(name: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=True)


def _integer(name: str, default: int) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=sa.text(str(default)), nullable=True)


def _status(*values: str) -> list[sa.schema.SchemaItem]:
    listed = ", ".join(f"'{value}'" for value in values)
    return [
        sa.Column("status", sa.String(20), server_default="pending", nullable=False),
        sa.CheckConstraint(f"status IN ({listed})", name="status"),
    ]


def _create_youtube_videos() -> None:
    op.create_table(
        "youtube_videos",
        _identity(),
        sa.Column("youtube_id", sa.String(20), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        _time("metadata_extracted_at", now=True),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("youtube_id"),
        sa.CheckConstraint("duration_seconds >= 0", name="duration_seconds"),
    )


def _create_media_files() -> None:
    op.create_table(
        "media_files",
        _identity(),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("duration", postgresql.DOUBLE_PRECISION()),
        sa.Column("mime_type", sa.String(100)),
        sa.Column("source_path", sa.Text(), nullable=False),
        sa.Column("local_path", sa.Text()),
        sa.Column("file_hash", sa.String(64)),
        _jsonb("file_metadata"),
        *_status("pending", "downloading", "processing", "ready", "failed"),
        sa.Column("youtube_video_id", postgresql.UUID(as_uuid=True)),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_hash"),
        sa.CheckConstraint("file_size >= 0", name="file_size"),
        sa.ForeignKeyConstraint(["youtube_video_id"], ["youtube_videos.id"], ondelete="SET NULL"),
    )
    _index("media_files", "status")
    _index("media_files", "youtube_video_id")
    _index("media_files", "created_at")
    _gin_index("media_files", "file_metadata")


def _create_transcription_jobs() -> None:
    op.create_table(
        "transcription_jobs",
        _identity(),
        sa.Column("media_file_id", postgresql.UUID(as_uuid=True), nullable=False),
        *_status("pending", "processing", "completed", "failed", "cancelled"),
        _integer("priority", 0),
        _jsonb("model_config"),
        _jsonb("processing_options"),
        _time("started_at"),
        _time("completed_at"),
        sa.Column("processing_time", postgresql.DOUBLE_PRECISION()),
        sa.Column("error_message", sa.Text()),
        _integer("retry_count", 0),
        _integer("max_retries", 3),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("retry_count >= 0 AND max_retries >= 0", name="retries"),
        sa.ForeignKeyConstraint(["media_file_id"], ["media_files.id"], ondelete="CASCADE"),
    )
    for column in ("media_file_id", "status", "priority"):
        _index("transcription_jobs", column)


def _create_transcription_results() -> None:
    op.create_table(
        "transcription_results",
        _identity(),
        sa.Column("job_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("media_file_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("pipeline_version", sa.String(10), server_default="v1", nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("segments", postgresql.JSONB()),
        sa.Column("confidence_scores", postgresql.JSONB()),
        sa.Column("speaker_info", postgresql.JSONB()),
        sa.Column("accuracy", postgresql.DOUBLE_PRECISION()),
        sa.Column("word_count", sa.Integer()),
        sa.Column("processing_time", postgresql.DOUBLE_PRECISION()),
        sa.Column("model_used", sa.String(100)),
        sa.Column("model_config", postgresql.JSONB()),
        sa.Column("parent_result_id", postgresql.UUID(as_uuid=True)),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("accuracy BETWEEN 0 AND 1", name="accuracy"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("parent_result_id <> id", name="parent"),
        sa.ForeignKeyConstraint(["job_id"], ["transcription_jobs.id"]),
        sa.ForeignKeyConstraint(["media_file_id"], ["media_files.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parent_result_id"], ["transcription_results.id"]),
    )
    for column in ("job_id", "media_file_id", "pipeline_version", "parent_result_id", "created_at"):
        _index("transcription_results", column)
    op.create_index(
        "ix_transcription_results_media_file_id_version",
        "transcription_results",
        ["media_file_id", sa.text("version DESC")],
    )
    _gin_index("transcription_results", "content")


def _create_processing_jobs() -> None:
    op.create_table(
        "processing_jobs",
        _identity(),
        sa.Column("job_type", sa.String(50), nullable=False),
        *_status("pending", "processing", "paused", "completed", "failed", "cancelled"),
        _jsonb("config"),
        sa.Column("file_patterns", postgresql.JSONB()),
        _integer("total_items", 0),
        _integer("processed_items", 0),
        _integer("successful_items", 0),
        _integer("failed_items", 0),
        _time("started_at"),
        _time("completed_at"),
        sa.Column("error_message", sa.Text()),
        *_timestamps(),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(
            "total_items >= 0 AND processed_items >= 0 AND successful_items >= 0 AND failed_items >= 0",
            name="counters",
        ),
    )
    for column in ("job_type", "status"):
        _index("processing_jobs", column)


def _create_triggers() -> None:
    op.execute(TOUCH_UPDATED_AT)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_updated_at BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION trax_touch_updated_at()"
        )
    op.execute(REFUSE_CHANGED_RESULT)
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in IMMUTABLE_COLUMNS)
    op.execute(
        "CREATE TRIGGER transcription_results_immutable BEFORE UPDATE ON transcription_results "
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION trax_refuse_changed_result()"
    )


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _gin_index(table: str, column: str) -> None:
    op.create_index(
        f"ix_{table}_{column}", table, [column],
        postgresql_using="gin", postgresql_ops={column: "jsonb_path_ops"},
    )  # fmt: skip
