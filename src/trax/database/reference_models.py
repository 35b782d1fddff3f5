"""What really was said, and how right results are beside it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, register_model


@register_model
class MediaReference(Base):
    """A reference of a media file: words, who speaks when, or a result that was checked by somebody."""

    __tablename__ = "media_references"
    __table_args__ = (
        CheckConstraint("num_nonnulls(utterances, turns) > 0 OR result_id IS NOT NULL", name="says_something"),
        CheckConstraint("result_id IS NULL OR num_nonnulls(utterances, turns, sha256) = 0", name="one_kind"),
        Index(
            "uq_media_references_media_file_id_sha256",
            "media_file_id",
            "sha256",
            unique=True,
            postgresql_where=text("sha256 IS NOT NULL"),
        ),
        Index(
            "uq_media_references_result_id", "result_id", unique=True, postgresql_where=text("result_id IS NOT NULL")
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    media_file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)  # of the file that it came in
    format: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str | None] = mapped_column(String(64))  # of that file's bytes
    language: Mapped[str | None] = mapped_column(String(20))
    utterances: Mapped[list[Any] | None] = mapped_column(
        JSONB(none_as_null=True)
    )  # text, and where known start, end, speaker
    turns: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))  # [start, end, speaker]
    result_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transcription_results.id", ondelete="CASCADE"))
    added_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


@register_model
class ResultMeasurement(Base):
    """How right the words of a result are: while the row is there, its `accuracy` is measured and no estimate."""

    __tablename__ = "result_measurements"
    __table_args__ = (
        CheckConstraint("num_nonnulls(reference_id, against_id) = 1", name="against"),
        CheckConstraint("words > 0 AND characters > 0", name="counts"),
    )

    result_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("transcription_results.id", ondelete="CASCADE"), primary_key=True
    )
    reference_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("media_references.id", ondelete="CASCADE"), index=True
    )
    against_id: Mapped[uuid.UUID | None] = mapped_column(  # a corrected result, which counts as a reference
        ForeignKey("transcription_results.id", ondelete="CASCADE"), index=True
    )
    normaliser: Mapped[str] = mapped_column(String(20))
    words: Mapped[int]  # of the reference
    substitutions: Mapped[int]
    deletions: Mapped[int]
    insertions: Mapped[int]
    characters: Mapped[int]
    character_errors: Mapped[int]
    estimate: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)  # `accuracy` of before: it comes back with DELETE
    measured_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
