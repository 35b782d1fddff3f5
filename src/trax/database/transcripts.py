"""Queries about transcription results: every improvement is a new row, numbered within its media file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, text
from sqlalchemy.orm import Session

from trax.coverage import storing
from trax.coverage.explaining import covered
from trax.coverage.values import Coverage
from trax.database import documents, indexing, speaker_families
from trax.database.models import MediaFile, TranscriptionResult
from trax.errors import RecordNotFound
from trax.transcript import Transcript

IMPORT = "import"  # the pipeline version of what others have made


@dataclass(frozen=True, slots=True)
class NewResult:
    """What a stage hands over to be stored."""

    job_id: UUID
    media_id: UUID
    pipeline_version: str
    transcript: Transcript
    accuracy: float | None
    processing_time: float | None  # seconds; None: others have made it
    model_used: str
    model_config: dict[str, Any]
    parent_id: UUID | None = None
    content: dict[str, Any] | None = None  # None: that of v1, made from the transcript
    speaker_info: dict[str, Any] | None = None
    is_measured: bool = True  # False: nobody knows how sure its words are
    coverage: Coverage | None = None  # None: what was heard is known from the parent, if at all
    beside: Mapping[str, Any] = field(default_factory=dict)  # what `content` holds beside what its version names


def store(session: Session, new: NewResult) -> TranscriptionResult:
    """The stored row, with the next version number of its media file; it can be searched as soon as it is there.

    Where the media has a reference, its accuracy is measured.
    """
    from trax.database import measuring  # which asks this module what there is

    # The media row is the lock on the numbering: two results at once get different versions.
    session.execute(select(MediaFile.id).where(MediaFile.id == new.media_id).with_for_update(key_share=True))
    content = documents.content_v1(new.transcript) if new.content is None else new.content
    content = {**content, **new.beside, **_coverage(session, new)}
    segments = documents.segments(new.transcript)
    if not new.is_measured:
        if "segments" in content:  # of v1
            content = {**content, "segments": _unmeasured(content["segments"])}
        segments = _unmeasured(segments)
    result = TranscriptionResult(
        job_id=new.job_id,
        media_file_id=new.media_id,
        pipeline_version=new.pipeline_version,
        content=content,
        segments=segments,
        confidence_scores=documents.confidence_scores(new.transcript) if new.is_measured else None,
        speaker_info=new.speaker_info,
        accuracy=new.accuracy,
        word_count=new.transcript.word_count,
        processing_time=new.processing_time,
        model_used=new.model_used,
        model_config={"duration": new.transcript.duration, **new.model_config},
        parent_result_id=new.parent_id,
        version=_newest_version(session, new.media_id) + 1,
    )
    session.add(result)
    session.flush()
    speaker_families.inherit(session, result)
    indexing.write_index(session, result)
    measuring.measure_new(session, result)
    return result


def _coverage(session: Session, new: NewResult) -> dict[str, Any]:
    """What `content` holds of it: the sound stays what the first stage heard, and the words are the new ones."""
    known = new.coverage
    if known is None and new.parent_id is not None:
        known = storing.of_content(session.get_one(TranscriptionResult, new.parent_id).content)
    if known is None:
        return {}
    return {storing.KEY: storing.as_json(covered(known.heard, new.transcript.segments))}


def _unmeasured(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**segment, "confidence": None} for segment in segments]


def versions(session: Session, media_id: UUID) -> Sequence[TranscriptionResult]:
    """All results of a media file, oldest first."""
    statement = select(TranscriptionResult).where(TranscriptionResult.media_file_id == media_id)
    return session.scalars(statement.order_by(TranscriptionResult.version, TranscriptionResult.created_at)).all()


def is_there(session: Session, media_id: UUID) -> bool:
    """Whether there is a transcript of ours of the whole file, and not only one of a stretch or of others."""
    results = TranscriptionResult
    ours = exists().where(results.media_file_id == media_id, results.pipeline_version != IMPORT, is_whole())
    return bool(session.scalar(select(ours)))


def is_whole() -> ColumnElement[bool]:
    """Whether a result is of the whole file, and not of a stretch."""
    asked = TranscriptionResult.model_config["request"]["decode"]
    return func.coalesce(asked["start"].astext, asked["end"].astext).is_(None)


def of_media(session: Session, media_id: UUID, version: int | None = None) -> TranscriptionResult:
    """The result with that version number, or the newest of ours; a stretch, and then that of others, where it must be.

    Raises: RecordNotFound: the media has no such result.
    """
    statement = select(TranscriptionResult).where(TranscriptionResult.media_file_id == media_id)
    if version is not None:
        statement = statement.where(TranscriptionResult.version == version)
    newest_first = statement.order_by(
        TranscriptionResult.pipeline_version == IMPORT,
        ~is_whole(),
        TranscriptionResult.version.desc(),
        TranscriptionResult.created_at.desc(),
    )
    result = session.scalars(newest_first.limit(1)).first()
    if result is None:
        raise _missing(session.get_one(MediaFile, media_id), version)
    return result


def _missing(media: MediaFile, version: int | None) -> RecordNotFound:
    if version is not None:
        return RecordNotFound(f"{media.filename} has no version {version}.", "`trax versions` lists what there is.")
    reason = (media.file_metadata or {}).get("error")
    if reason:
        return RecordNotFound(f"{media.filename} has no transcript.", str(reason))
    return RecordNotFound(f"{media.filename} has no transcript yet.", "Run `trax transcribe` on it.")


def of_job(session: Session, job_id: UUID, pipeline_version: str) -> TranscriptionResult | None:
    """What a job has stored for that pipeline version, if it has."""
    statement = select(TranscriptionResult).where(
        TranscriptionResult.job_id == job_id, TranscriptionResult.pipeline_version == pipeline_version
    )
    return session.scalars(statement.limit(1)).first()


def all_of_job(session: Session, job_id: UUID) -> dict[str, TranscriptionResult]:
    """What a job has stored, by pipeline version."""
    found = session.scalars(select(TranscriptionResult).where(TranscriptionResult.job_id == job_id))
    return {result.pipeline_version: result for result in found}


def get(session: Session, result_id: UUID) -> TranscriptionResult:
    """The row; it must exist."""
    return session.get_one(TranscriptionResult, result_id)


def has_estimated_times(session: Session, result_id: UUID) -> bool:
    """Whether nobody has measured when the words were said, in that result or in what it was made from."""
    statement = text("""
        WITH RECURSIVE made AS (
            SELECT parent_result_id, model_config FROM transcription_results WHERE id = :id
            UNION ALL
            SELECT r.parent_result_id, r.model_config FROM transcription_results r
            JOIN made ON made.parent_result_id = r.id
        )
        SELECT coalesce(bool_or(model_config->>'times' = 'estimated'), false) FROM made""")
    return bool(session.scalar(statement, {"id": result_id}))


def _newest_version(session: Session, media_id: UUID) -> int:
    statement = select(func.max(TranscriptionResult.version)).where(TranscriptionResult.media_file_id == media_id)
    return session.scalar(statement) or 0
