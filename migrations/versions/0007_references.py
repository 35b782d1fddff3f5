"""References: what really was said, and how right results are beside it

Revision: 0007
Revises: 0006
Created: 2026-11-23
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# `accuracy` is measured as long as there is a measurement, whoever takes it away.
RESTORE_ESTIMATE = """
CREATE FUNCTION trax_restore_estimate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE transcription_results SET accuracy = OLD.estimate WHERE id = OLD.result_id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    _create_media_references()
    _create_result_measurements()


def downgrade() -> None:
    op.execute("DELETE FROM result_measurements")  # the estimates come back
    op.drop_table("result_measurements")
    op.execute("DROP FUNCTION trax_restore_estimate")
    op.drop_table("media_references")


def _create_media_references() -> None:
    op.create_table(
        "media_references",
        sa.Column("id", _UUID, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("media_file_id", _UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("language", sa.String(20)),
        sa.Column("utterances", postgresql.JSONB()),
        sa.Column("turns", postgresql.JSONB()),
        sa.Column("result_id", _UUID),
        _moment("added_at"),
        sa.ForeignKeyConstraint(["media_file_id"], ["media_files.id"], ondelete="CASCADE"),
        _of_result("result_id"),
        sa.CheckConstraint("num_nonnulls(utterances, turns) > 0 OR result_id IS NOT NULL", name="says_something"),
        sa.CheckConstraint("result_id IS NULL OR num_nonnulls(utterances, turns, sha256) = 0", name="one_kind"),
    )
    op.create_index("ix_media_references_media_file_id", "media_references", ["media_file_id"])
    op.create_index(
        "uq_media_references_media_file_id_sha256",
        "media_references",
        ["media_file_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("sha256 IS NOT NULL"),
    )
    op.create_index(
        "uq_media_references_result_id",
        "media_references",
        ["result_id"],
        unique=True,
        postgresql_where=sa.text("result_id IS NOT NULL"),
    )


def _create_result_measurements() -> None:
    op.create_table(
        "result_measurements",
        sa.Column("result_id", _UUID, primary_key=True),
        sa.Column("reference_id", _UUID),
        sa.Column("against_id", _UUID),
        sa.Column("normaliser", sa.String(20), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("estimate", postgresql.DOUBLE_PRECISION()),
        _moment("measured_at"),
        _of_result("result_id"),
        sa.ForeignKeyConstraint(["reference_id"], ["media_references.id"], ondelete="CASCADE"),
        _of_result("against_id"),
        sa.CheckConstraint("num_nonnulls(reference_id, against_id) = 1", name="against"),
        sa.CheckConstraint("words > 0 AND characters > 0", name="counts"),
    )
    op.create_index("ix_result_measurements_reference_id", "result_measurements", ["reference_id"])
    op.create_index("ix_result_measurements_against_id", "result_measurements", ["against_id"])
    op.execute(RESTORE_ESTIMATE)
    op.execute(
        "CREATE TRIGGER result_measurements_restore_estimate AFTER DELETE ON result_measurements "
        "FOR EACH ROW EXECUTE FUNCTION trax_restore_estimate()"
    )


_UUID = postgresql.UUID(as_uuid=True)
_COUNTS = ("words", "substitutions", "deletions", "insertions", "characters", "character_errors")


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _of_result(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["transcription_results.id"], ondelete="CASCADE")
