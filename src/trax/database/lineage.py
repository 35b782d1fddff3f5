"""Results and what they were made from: which requests are answered, and what a further stage builds on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from trax.database.models import TranscriptionResult


def requests_answered(
    session: Session,
    media_id: UUID,
    makes: str,
    *,
    parent_id: UUID | None = None,
    parent_makes: str | None = None,
) -> list[tuple[UUID, dict[str, Any]]]:
    """ID and request of each result of that pipeline version, newest first.

    parent_id: only those made from that result; parent_makes: only those made from one of that pipeline version.
    """
    result, parent = TranscriptionResult, aliased(TranscriptionResult)
    request = result.model_config["request"]
    statement = select(result.id, request).where(
        result.media_file_id == media_id, result.pipeline_version == makes, request.is_not(None)
    )
    if parent_id is not None:
        statement = statement.where(result.parent_result_id == parent_id)
    if parent_makes is not None:
        made_from = result.parent_result_id == parent.id
        statement = statement.join(parent, made_from).where(parent.pipeline_version == parent_makes)
    found = session.execute(statement.order_by(result.version.desc()))
    return [(result_id, document) for result_id, document in found if document]


def base_of(session: Session, result: TranscriptionResult, makes: str) -> TranscriptionResult:
    """What a stage builds on where that result is meant: what it was made from, if the stage itself has made it."""
    while result.pipeline_version == makes and result.parent_result_id is not None:
        result = session.get_one(TranscriptionResult, result.parent_result_id)
    return result


def parent_for(session: Session, media_id: UUID, result_id: UUID) -> TranscriptionResult | None:
    """The result of that media file with that ID; None: there is none."""
    result = session.get(TranscriptionResult, result_id)
    return result if result is not None and result.media_file_id == media_id else None
