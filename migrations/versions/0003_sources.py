"""Sources: where media came from, beside its path; what pages and feeds say; files found again by their path

Revision: 0003
Revises: 0002
Created: 2026-11-22
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = ("youtube", "episode", "web")


def upgrade() -> None:
    details = sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    op.add_column("youtube_videos", details)
    # Of a batch's episode, which its address alone would not bring back.
    op.add_column("batch_items", sa.Column("details", postgresql.JSONB(), nullable=True))
    op.create_table(
        "media_sources",
        sa.Column("id", postgresql.UUID(as_uuid=True), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("media_file_id", postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in KINDS)})", name="kind"),
        sa.ForeignKeyConstraint(["media_file_id"], ["media_files.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_media_sources_media_file_id", "media_sources", ["media_file_id"])
    # By hash: a path may be longer than an entry of a B-tree.
    op.create_index("ix_media_files_local_path", "media_files", ["local_path"], postgresql_using="hash")


def downgrade() -> None:
    op.drop_index("ix_media_files_local_path")
    op.drop_table("media_sources")
    op.drop_column("batch_items", "details")
    op.drop_column("youtube_videos", "details")
