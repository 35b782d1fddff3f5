"""From an ID as a person types it, whole or shortened, to the row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from trax.database.models import MediaFile, ProcessingJob, TranscriptionJob, TranscriptionResult
from trax.database.reference_models import MediaReference
from trax.errors import RecordNotFound, UsageError

HEX_DIGITS = 32

Row = TypeVar("Row", MediaFile, TranscriptionResult, TranscriptionJob, ProcessingJob, MediaReference)


def media(session: Session, prefix: str) -> MediaFile:
    """The media file whose ID starts with `prefix`. Raises: RecordNotFound, UsageError."""
    return _one(session, MediaFile, prefix, "media file", "`trax media list` shows the IDs.")


def job(session: Session, prefix: str) -> TranscriptionJob:
    """The job whose ID starts with `prefix`. Raises: RecordNotFound, UsageError."""
    return _one(session, TranscriptionJob, prefix, "job", "`trax jobs list` shows the IDs.")


def batch(session: Session, prefix: str) -> ProcessingJob:
    """The batch whose ID starts with `prefix`. Raises: RecordNotFound, UsageError."""
    return _one(session, ProcessingJob, prefix, "batch", "`trax batch list` shows the IDs.")


def find_reference(session: Session, prefix: str) -> MediaReference | None:
    """The stored reference whose ID starts with `prefix`; None: none does. Raises: UsageError: several do."""
    found = _starting_with(session, MediaReference, prefix)
    return _only(found, prefix) if found else None


def _one(session: Session, model: type[Row], prefix: str, what: str, next_step: str) -> Row:
    """The one row whose ID starts with `prefix`.

    Raises: RecordNotFound: none does. UsageError: not an ID, or several do.
    """
    found = _starting_with(session, model, prefix)
    if not found:
        raise RecordNotFound(f"No {what} has an ID that starts with {prefix}.", next_step)
    return _only(found, prefix)


def media_or_result(session: Session, prefix: str) -> tuple[MediaFile, TranscriptionResult | None]:
    """The media file with that ID; or the result with that ID, and its media file."""
    results = _starting_with(session, TranscriptionResult, prefix)
    files = _starting_with(session, MediaFile, prefix)
    if files and not results:
        return _only(files, prefix), None
    if results and not files:
        result = _only(results, prefix)
        return session.get_one(MediaFile, result.media_file_id), result
    if not files:
        raise RecordNotFound(
            f"No media file or transcript has an ID that starts with {prefix}.",
            "`trax media list` and `trax versions` show the IDs.",
        )
    raise _ambiguous(prefix)


def _starting_with(session: Session, model: type[Row], prefix: str) -> Sequence[Row]:
    low, high = _bounds(prefix)
    return session.scalars(select(model).where(model.id.between(low, high)).limit(2)).all()


def is_id(text: str) -> bool:
    """Whether that may be an ID, or the beginning of one."""
    return re.fullmatch(r"[0-9a-f]{1,32}", _digits(text)) is not None


def _digits(text: str) -> str:
    return text.strip().lower().replace("-", "")


def _bounds(prefix: str) -> tuple[UUID, UUID]:
    digits = _digits(prefix)
    if not is_id(prefix):
        raise UsageError(f"{prefix!r} is not an ID.", "An ID is a UUID or its beginning, such as 3f2a91c0.")
    return UUID(digits.ljust(HEX_DIGITS, "0")), UUID(digits.ljust(HEX_DIGITS, "f"))


def _only(found: Sequence[Row], prefix: str) -> Row:
    if len(found) > 1:
        raise _ambiguous(prefix)
    return found[0]


def _ambiguous(prefix: str) -> UsageError:
    return UsageError(f"Several IDs start with {prefix}.", "Give more of it.")
