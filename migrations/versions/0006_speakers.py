"""Speakers: who the voices of a transcript are, and, only where that is wanted, what people sound like

Revision: 0006
Revises: 0005
Created: 2026-11-23
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WAYS = ("named", "recognised", "suggested", "rejected")
TABLES = ("speakers", "result_speakers", "result_voices", "speaker_voiceprints")


def upgrade() -> None:
    _create_speakers()
    _create_result_speakers()
    _create_result_voices()
    _create_speaker_voiceprints()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_speakers() -> None:
    op.create_table(
        "speakers",
        sa.Column("id", _UUID, primary_key=True, server_default=_NEW_ID),
        sa.Column("name", sa.Text()),  # none: two labels that are one person, whose name nobody has told
        sa.Column("notes", sa.Text()),
        _moment(),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
    )
    op.create_index("uq_speakers_name", "speakers", [sa.text("lower(name)")], unique=True)


def _create_result_speakers() -> None:
    op.create_table(
        "result_speakers",
        _id("result_id"),
        sa.Column("label", sa.Text(), nullable=False),
        _id("speaker_id"),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("score", sa.REAL()),
        _moment(),
        sa.PrimaryKeyConstraint("result_id", "label", "speaker_id"),
        _of_result(),
        _of_speaker(),
        sa.CheckConstraint(f"how IN ({', '.join(repr(way) for way in WAYS)})", name="how"),
    )
    op.create_index("ix_result_speakers_speaker_id", "result_speakers", ["speaker_id"])
    # A label is one person at most; it may be that it was found out who it is not.
    op.create_index(
        "uq_result_speakers_result_id_label",
        "result_speakers",
        ["result_id", "label"],
        unique=True,
        postgresql_where=sa.text("how <> 'rejected'"),
    )


def _create_result_voices() -> None:
    op.create_table(
        "result_voices",
        _id("result_id"),
        sa.Column("label", sa.Text(), nullable=False),
        *_voice(),
        sa.PrimaryKeyConstraint("result_id", "label", "model_id"),
        _of_result(),
    )


def _create_speaker_voiceprints() -> None:
    op.create_table(
        "speaker_voiceprints",
        sa.Column("id", _UUID, primary_key=True, server_default=_NEW_ID),
        _id("speaker_id"),
        *_voice(),
        sa.Column("result_id", _UUID),  # where it was heard
        sa.Column("label", sa.Text()),
        _moment(),
        _of_speaker(),
        _of_result(ondelete="SET NULL"),
        sa.UniqueConstraint("result_id", "label", "model_id"),
    )
    op.create_index("ix_speaker_voiceprints_speaker_id", "speaker_voiceprints", ["speaker_id"])


_UUID = postgresql.UUID(as_uuid=True)
_NEW_ID = sa.text("gen_random_uuid()")


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, _UUID, nullable=False)


def _moment() -> sa.Column[Any]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _voice() -> list[sa.schema.SchemaItem]:
    """A voice as a model hears it: single-precision numbers, least significant byte first, of length 1."""
    return [
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("seconds", sa.REAL(), nullable=False),  # in which that person alone was heard
        sa.CheckConstraint("length(embedding) > 0 AND length(embedding) % 4 = 0", name="embedding"),
    ]


def _of_result(ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["result_id"], ["transcription_results.id"], ondelete=ondelete)


def _of_speaker() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["speaker_id"], ["speakers.id"], ondelete="CASCADE")
