"""A corrected transcript without one of its corrections: a version of its own, and no work for the queue."""

from __future__ import annotations

from uuid import UUID

from trax.database import derived, documents, lineage, lookup, media, transcripts
from trax.database.engine import Database, Transaction
from trax.database.models import TranscriptionResult
from trax.enhancement.apply import with_words
from trax.enhancement.content import content_of, decisions_of, enhanced_from, without
from trax.errors import UsageError

VERSION = "v2"


def revert_edit(database: Database, id: str, edit_id: str) -> UUID:
    """ID of the new result, which is made from the one that is meant: of a media file, its newest transcript.

    Raises: RecordNotFound, UsageError: no corrected transcript, or no such edit in force.
    """
    with database.transaction() as session:
        file, found = lookup.media_or_result(session, id)
        result = found or transcripts.of_media(session, file.id)
        media.lock(session, file.id)
        return _without(session, result, edit_id).id


def _hint(session: Transaction, result: TranscriptionResult, edit_id: str) -> str:
    """What else may have been meant: the version that was corrected before something else was made of it."""
    while result.parent_result_id is not None:
        result = session.get_one(TranscriptionResult, result.parent_result_id)
        if result.pipeline_version == VERSION:
            return f"Version {result.version}, from which it comes, was: `trax revert-edit {result.id} {edit_id}`."
    return "`trax versions` lists what there is."


def _without(session: Transaction, result: TranscriptionResult, edit_id: str) -> TranscriptionResult:
    base = lineage.base_of(session, result, VERSION)
    if base.id == result.id:
        raise UsageError(
            f"Version {result.version} was corrected by no language model.", _hint(session, result, edit_id)
        )
    original = documents.transcript_of(base)
    decisions = without(decisions_of(result.content), edit_id)
    config = result.model_config or {}
    glossary = ((config.get("request") or {}).get("enhance") or {}).get("glossary") or ()
    enhanced = enhanced_from(with_words(original), decisions, glossary)
    stored = result.content.get("enhancement_metadata") or {}
    metadata = {name: fact for name, fact in stored.items() if name not in ("accepted", "refused", "confidence")}
    new = transcripts.NewResult(
        job_id=result.job_id,
        media_id=result.media_file_id,
        pipeline_version=VERSION,
        transcript=enhanced.transcript,
        accuracy=base.accuracy,
        processing_time=None,
        model_used=result.model_used or "",
        model_config={**config, "reverted": [*config.get("reverted", []), edit_id]},
        parent_id=result.id,
        content=content_of(original, enhanced, metadata),
        speaker_info=result.speaker_info,
        is_measured=base.confidence_scores is not None,
    )
    return derived.store(session, new, asked={"pipeline": "revert-edit", "parent": str(result.id), "edit": edit_id})
