"""Where media came from: beside the contract, so that what is known is not fetched again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, JsonObject, register_model

SOURCE_KINDS = ("youtube", "episode", "web")


@register_model
class MediaSource(Base):
    """One place that media came from; the same bytes may have come from several."""

    __tablename__ = "media_sources"
    __table_args__ = (CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in SOURCE_KINDS)})", name="kind"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # made from the source: addresses are too long for a key
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Text)
    media_file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media_files.id", ondelete="CASCADE"), index=True)
    # what the source says: title, date, feed
    details: Mapped[JsonObject] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
