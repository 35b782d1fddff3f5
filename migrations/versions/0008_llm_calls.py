"""Calls of language models: answers that are not paid for twice, and what they cost

Revision: 0008
Revises: 0007
Created: 2026-11-23
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UUID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "llm_calls",
        sa.Column("id", _UUID, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("job_id", _UUID, nullable=False),
        sa.Column("request_id", _UUID, nullable=False),
        sa.Column("purse_id", _UUID, nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("answer", postgresql.JSONB()),
        *(
            sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
            for name in ("prompt_tokens", "cached_tokens", "completion_tokens")
        ),
        sa.Column("cost", postgresql.DOUBLE_PRECISION()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["job_id"], ["transcription_jobs.id"], ondelete="CASCADE"),
        sa.CheckConstraint("answer IS NULL OR answered_at IS NOT NULL", name="answer"),
    )
    op.create_index("ix_llm_calls_job_id", "llm_calls", ["job_id"])
    op.create_index("ix_llm_calls_request_id_question", "llm_calls", ["request_id", "question"])
    op.create_index("ix_llm_calls_purse_id", "llm_calls", ["purse_id"])
    op.create_index("ix_llm_calls_created_at", "llm_calls", ["created_at"])


def downgrade() -> None:
    op.drop_table("llm_calls")
