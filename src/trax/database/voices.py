"""Voices of the speakers of a result, kept only where `voice_prints` is set: they are data about people's bodies.

Whoever stores a diarized result calls `keep_and_recognise` in the same transaction: it keeps what each label sounds
like, and names those whom somebody has enrolled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionResult
from trax.database.recognition import recognise
from trax.database.speaker_labels import clean_seconds, cleaned, turns_of
from trax.database.speaker_models import ResultVoice
from trax.database.speakers import Link
from trax.database.voice_prints import packed
from trax.diarization.likeness import unit


def keep_and_recognise(
    session: Session, result_id: UUID, model_id: str, voices: Mapping[str, Sequence[float]]
) -> list[Link]:
    """Keep the voices of a result that has just been stored; who was recognised or suggested among them."""
    store(session, result_id, model_id, voices)
    return recognise(session, result_id)


def store(session: Session, result_id: UUID, model_id: str, voices: Mapping[str, Sequence[float]]) -> None:
    """Keep the embedding of each label, of whatever length; those that say nothing are left out."""
    turns = turns_of(session.get_one(TranscriptionResult, result_id))
    for label, embedding in voices.items():
        voice = unit(embedding)
        if voice is None:
            continue
        key = {"result_id": result_id, "label": cleaned(label), "model_id": model_id}
        heard = {"embedding": packed(voice), "seconds": clean_seconds(turns, cleaned(label))}
        statement = insert(ResultVoice).values(**key, **heard)
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=heard))
