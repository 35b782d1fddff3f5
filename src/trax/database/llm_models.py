"""What language models were asked, and what that cost."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, JsonObject, register_model


def _count() -> Mapped[int]:
    return mapped_column(server_default=text("0"))


@register_model
class LlmCall(Base):
    """One request to a language model: written down before it is sent, with what it may cost at most."""

    __tablename__ = "llm_calls"
    __table_args__ = (
        CheckConstraint("answer IS NULL OR answered_at IS NOT NULL", name="answer"),
        Index("ix_llm_calls_request_id_question", "request_id", "question"),
        Index("ix_llm_calls_purse_id", "purse_id"),
        Index("ix_llm_calls_created_at", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transcription_jobs.id", ondelete="CASCADE"), index=True)
    request_id: Mapped[uuid.UUID]  # of the job: another job for the same takes the answers over
    purse_id: Mapped[uuid.UUID]  # calls of one purse share a limit to their cost
    question: Mapped[str] = mapped_column(String(64))  # SHA-256 of all that shapes the answer
    model: Mapped[str] = mapped_column(String(200))
    answer: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))  # until all of the request is answered
    prompt_tokens: Mapped[int] = _count()
    cached_tokens: Mapped[int] = _count()  # of these, those that the provider had read before
    completion_tokens: Mapped[int] = _count()
    cost: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)  # US dollars, before the answer at most; None: unknown
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    answered_at: Mapped[datetime | None]
