"""Who speaks: people, which labels of which results they are, and, only where that is wanted, their voices."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from sqlalchemy import REAL, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, register_model

# How it is known who a label is. A suggestion is shown as such and nowhere else; who was rejected is somebody else.
How = Literal["named", "recognised", "suggested", "rejected"]
WAYS: tuple[How, ...] = ("named", "recognised", "suggested", "rejected")
KNOWN: tuple[How, ...] = ("named", "recognised")  # whose names are shown

_WHOLE_NUMBERS = "length(embedding) > 0 AND length(embedding) % 4 = 0"


def _new_id() -> Mapped[uuid.UUID]:
    return mapped_column(UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"))


def _created_at() -> Mapped[datetime]:
    return mapped_column(server_default=text("now()"))


@register_model
class Speaker(Base):
    """A person who speaks in one recording or in many."""

    __tablename__ = "speakers"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        Index("uq_speakers_name", text("lower(name)"), unique=True),
    )

    id: Mapped[uuid.UUID] = _new_id()
    name: Mapped[str | None] = mapped_column(Text)  # None: two labels that are one person, whose name nobody has told
    notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _created_at()


@register_model
class ResultSpeaker(Base):
    """Who a label of a result is."""

    __tablename__ = "result_speakers"
    __table_args__ = (
        CheckConstraint(f"how IN ({', '.join(repr(way) for way in WAYS)})", name="how"),
        Index(
            "uq_result_speakers_result_id_label",
            "result_id",
            "label",
            unique=True,
            postgresql_where=text("how <> 'rejected'"),
        ),
    )

    result_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("transcription_results.id", ondelete="CASCADE"), primary_key=True
    )
    label: Mapped[str] = mapped_column(Text, primary_key=True)
    speaker_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("speakers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    how: Mapped[How] = mapped_column(String(20))
    score: Mapped[float | None] = mapped_column(REAL)  # likeness of the voices, or share of the time that agrees
    created_at: Mapped[datetime] = _created_at()


@register_model
class ResultVoice(Base):
    """What a label of a result sounds like: kept only where voice prints are wanted."""

    __tablename__ = "result_voices"
    __table_args__ = (CheckConstraint(_WHOLE_NUMBERS, name="embedding"),)

    result_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("transcription_results.id", ondelete="CASCADE"), primary_key=True
    )
    label: Mapped[str] = mapped_column(Text, primary_key=True)
    model_id: Mapped[str] = mapped_column(Text, primary_key=True)  # voices of two models can't be compared
    embedding: Mapped[bytes] = mapped_column(LargeBinary)  # float32, least significant byte first, of length 1
    seconds: Mapped[float] = mapped_column(REAL)  # in which that person alone was heard


@register_model
class VoicePrint(Base):
    """What a person sounds like: kept only of whom somebody has enrolled."""

    __tablename__ = "speaker_voiceprints"
    __table_args__ = (
        CheckConstraint(_WHOLE_NUMBERS, name="embedding"),
        UniqueConstraint("result_id", "label", "model_id"),
    )

    id: Mapped[uuid.UUID] = _new_id()
    speaker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("speakers.id", ondelete="CASCADE"), index=True)
    model_id: Mapped[str] = mapped_column(Text)
    embedding: Mapped[bytes] = mapped_column(LargeBinary)
    seconds: Mapped[float] = mapped_column(REAL)
    result_id: Mapped[uuid.UUID | None] = mapped_column(  # where it was heard
        ForeignKey("transcription_results.id", ondelete="SET NULL")
    )
    label: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _created_at()
