"""The queue: Procrastinate's schema, tickets and attempts of jobs, workers, checkpoints, items of batches

Revision: 0002
Revises: 0001
Created: 2026-11-22
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from trax.database import procrastinate_schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ITEM_STATUSES = ("waiting", "pending", "completed", "failed", "cancelled")
OUTCOMES = ("completed", "failed", "lost", "interrupted", "cancelled")

# Whoever listens on `trax_jobs` is told which job has changed its state.
NOTIFY_JOB = """
CREATE FUNCTION trax_notify_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('trax_jobs', NEW.id::text);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for statements in procrastinate_schema.whole():
        op.execute(sa.text(statements))
    _extend_transcription_jobs()
    _create_workers()
    _create_job_attempts()
    _create_window_checkpoints()
    _create_batch_items()


def downgrade() -> None:
    for table in ("batch_items", "window_checkpoints", "job_attempts", "workers"):
        op.drop_table(table)
    op.execute("DROP TRIGGER transcription_jobs_changed ON transcription_jobs")
    op.execute("DROP TRIGGER transcription_jobs_added ON transcription_jobs")
    op.execute("DROP FUNCTION trax_notify_job()")
    op.drop_index("ix_transcription_jobs_created_at")
    op.drop_index("uq_transcription_jobs_request_id")
    for column in ("ticket_id", "request_id", "queue", "owner_id", "shared"):
        op.drop_column("transcription_jobs", column)
    op.execute(procrastinate_schema.DROP)


def _extend_transcription_jobs() -> None:
    op.add_column("transcription_jobs", sa.Column("ticket_id", sa.BigInteger()))
    op.add_column("transcription_jobs", sa.Column("request_id", postgresql.UUID(as_uuid=True)))
    op.add_column("transcription_jobs", sa.Column("queue", sa.String(128), server_default="default", nullable=False))
    op.create_check_constraint("queue", "transcription_jobs", "queue ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'")
    op.add_column("transcription_jobs", sa.Column("owner_id", postgresql.UUID(as_uuid=True)))
    shared = sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column("transcription_jobs", shared)
    # Partial, so that no foreign key can lean on it: else each new ticket would lock out whoever refers to the job.
    op.create_index(
        "uq_transcription_jobs_ticket_id", "transcription_jobs", ["ticket_id"], unique=True,
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "uq_transcription_jobs_request_id", "transcription_jobs", ["request_id"], unique=True,
        postgresql_where=sa.text("status IN ('pending', 'processing')"),
    )  # fmt: skip
    op.create_index("ix_transcription_jobs_created_at", "transcription_jobs", ["created_at"])
    op.execute(NOTIFY_JOB)
    op.execute(
        "CREATE TRIGGER transcription_jobs_added AFTER INSERT ON transcription_jobs "
        "FOR EACH ROW EXECUTE FUNCTION trax_notify_job()"
    )
    op.execute(
        "CREATE TRIGGER transcription_jobs_changed AFTER UPDATE OF status ON transcription_jobs "
        "FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION trax_notify_job()"
    )


def _create_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("queues", postgresql.JSONB(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("stall_timeout", postgresql.DOUBLE_PRECISION(), nullable=False),
        _moment("started_at"),
        _moment("heartbeat_at"),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_job_attempts() -> None:
    op.create_table(
        "job_attempts",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker_id", postgresql.UUID(as_uuid=True)),
        sa.Column("worker", sa.String(255)),
        _moment("started_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(20)),
        sa.Column("error_kind", sa.String(100)),
        sa.Column("error_message", sa.Text()),
        _count("windows_before"),
        _count("windows_heard"),
        sa.Column("seconds_done", postgresql.DOUBLE_PRECISION()),
        sa.Column("engine_seconds", postgresql.DOUBLE_PRECISION(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id"),
        sa.ForeignKeyConstraint(["job_id"], ["transcription_jobs.id"], ondelete="CASCADE"),
        sa.CheckConstraint(f"outcome IN ({_listed(OUTCOMES)})", name="outcome"),
    )
    op.create_index("ix_job_attempts_job_id", "job_attempts", ["job_id"])
    op.create_index(
        "ix_job_attempts_worker_id", "job_attempts", ["worker_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_job_attempts_started_at", "job_attempts", ["started_at"])


def _create_window_checkpoints() -> None:
    op.create_table(
        "window_checkpoints",
        sa.Column("request_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(64), nullable=False),
        sa.Column("media_file_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("request_id", "position"),
        sa.ForeignKeyConstraint(["media_file_id"], ["media_files.id"], ondelete="CASCADE"),
    )
    for column in ("media_file_id", "created_at"):
        op.create_index(f"ix_window_checkpoints_{column}", "window_checkpoints", [column])


def _create_batch_items() -> None:
    op.create_table(
        "batch_items",
        sa.Column("batch_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("media_file_id", postgresql.UUID(as_uuid=True)),
        sa.Column("job_id", postgresql.UUID(as_uuid=True)),
        sa.Column("status", sa.String(20), server_default="waiting", nullable=False),
        sa.Column("error_message", sa.Text()),
        sa.PrimaryKeyConstraint("batch_id", "position"),
        sa.ForeignKeyConstraint(["batch_id"], ["processing_jobs.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["media_file_id"], ["media_files.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["job_id"], ["transcription_jobs.id"], ondelete="SET NULL"),
        sa.CheckConstraint(f"status IN ({_listed(ITEM_STATUSES)})", name="status"),
    )
    for column in ("media_file_id", "job_id"):
        op.create_index(f"ix_batch_items_{column}", "batch_items", [column])
    op.create_index("ix_batch_items_batch_id_status", "batch_items", ["batch_id", "status"])


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)
