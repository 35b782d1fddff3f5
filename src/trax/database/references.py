"""Queries about references: what really was said in a media file, as files or people who corrected a result tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, select, union
from sqlalchemy.orm import Session

from trax.database import documents, edits, transcripts
from trax.database.edits import EDIT
from trax.database.models import MediaFile, TranscriptionResult
from trax.database.reference_models import MediaReference
from trax.evaluation.reference import Reference, Utterance, reference_of, turns_of
from trax.turns import SpeakerTurn

RESULT = "result"  # the format of a reference that is a result


@dataclass(frozen=True, slots=True)
class NewReference:
    """A reference out of a file, that is to be stored."""

    media_id: UUID
    name: str  # of the file
    format: str
    sha256: str  # of the file's bytes, which tell it from others
    reference: Reference


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for the truth about a media file: the newest words and the newest turns that there are."""

    reference: Reference
    names: tuple[str, ...]  # where they come from
    reference_id: UUID | None = None  # where the words come from: this, ...
    against_id: UUID | None = None  # ... or a result that somebody has corrected
    result_ids: frozenset[UUID] = frozenset()  # results that are the reference themselves


@dataclass(frozen=True, slots=True)
class Listed:
    """A stored reference, for people."""

    id: UUID
    media_id: UUID
    filename: str  # of the media
    name: str
    format: str
    language: str | None
    utterances: int
    words: int
    turns: int
    is_timed: bool
    result_id: UUID | None
    added_at: datetime


def add(session: Session, new: NewReference) -> tuple[MediaReference, bool]:
    """The stored row, and whether these very bytes were stored for that media before."""
    row = MediaReference
    known = select(row).where(row.media_file_id == new.media_id, row.sha256 == new.sha256)
    if (found := session.scalars(known).first()) is not None:
        return found, True
    reference = new.reference
    are_own_turns = reference.turns != turns_of(reference.utterances)
    stored = MediaReference(
        media_file_id=new.media_id,
        name=new.name,
        format=new.format,
        sha256=new.sha256,
        language=reference.language,
        utterances=[_as_json(one) for one in reference.utterances] or None,
        turns=[[turn.start, turn.end, turn.speaker] for turn in reference.turns] if are_own_turns else None,
    )
    session.add(stored)
    session.flush()
    return stored, False


def add_result(session: Session, result: TranscriptionResult) -> tuple[MediaReference, bool]:
    """The row that makes a result a reference of its media, and whether it was one before."""
    known = select(MediaReference).where(MediaReference.result_id == result.id)
    if (found := session.scalars(known).first()) is not None:
        return found, True
    stored = MediaReference(
        media_file_id=result.media_file_id,
        name=f"version {result.version}",
        format=RESULT,
        language=documents.transcript_of(result).language,
        result_id=result.id,
    )
    session.add(stored)
    session.flush()
    return stored, False


def of_media(session: Session, media_id: UUID) -> Sequence[MediaReference]:
    """The stored references of a media file, the newest first."""
    statement = select(MediaReference).where(MediaReference.media_file_id == media_id)
    return session.scalars(statement.order_by(MediaReference.added_at.desc(), MediaReference.id)).all()


def remove(session: Session, reference_id: UUID) -> None:
    """What was measured against it is an estimate again."""
    session.execute(delete(MediaReference).where(MediaReference.id == reference_id))


def listing(session: Session, media_id: UUID | None = None) -> list[Listed]:
    """All stored references, or those of a media file: by the name of the media, then the newest first."""
    row = MediaReference
    statement = select(row, MediaFile.filename).join(MediaFile, MediaFile.id == row.media_file_id)
    if media_id is not None:
        statement = statement.where(row.media_file_id == media_id)
    found = session.execute(statement.order_by(MediaFile.filename, MediaFile.id, row.added_at.desc(), row.id))
    return [_listed(session, reference, filename) for reference, filename in found]


def standing(session: Session, media_id: UUID) -> Standing | None:
    """What stands for the truth about a media file; None: nobody has told it.

    Stored references come first. Where none of them has words, the newest result that a person has corrected and
    checked has.
    """
    rows = of_media(session, media_id)
    read = [(row, read_reference(session, row)) for row in rows]
    worded = next((row for row, reference in read if reference.utterances), None)
    turned = next((row for row, reference in read if reference.turns), None)
    edit = None if worded is not None else _newest_edit(session, media_id)
    words = next((reference for row, reference in read if row is worded), Reference())
    turns = next((reference for row, reference in read if row is turned), Reference())
    names = [row.name for row in dict.fromkeys((worded, turned)) if row is not None]
    if edit is not None:
        words = as_reference(session, edit)
        names = [f"version {edit.version}, which somebody has corrected", *names]
    elif not rows:
        return None
    return Standing(
        Reference(words.utterances, turns.turns or words.turns, words.language or turns.language),
        tuple(names),
        None if worded is None else worded.id,
        None if edit is None else edit.id,
        frozenset(row.result_id for row in rows if row.result_id is not None) | ({edit.id} if edit else set()),
    )


def media_with_reference(session: Session) -> list[UUID]:
    """Media files that have a stored reference, or a result that a person has corrected and checked, by name."""
    stored = select(MediaReference.media_file_id)
    edited = select(TranscriptionResult.media_file_id).where(_stands_for_the_truth())
    wanted = select(MediaFile.id).where(MediaFile.id.in_(union(stored, edited)))
    return list(session.scalars(wanted.order_by(MediaFile.filename, MediaFile.id)))


def to_be_judged(session: Session, media_id: UUID) -> TranscriptionResult:
    """The newest result of ours that is no reference itself.

    Raises: RecordNotFound: there is no result.
    """
    result = TranscriptionResult
    stored = select(MediaReference.result_id).where(
        MediaReference.media_file_id == media_id, MediaReference.result_id.is_not(None)
    )
    made: Select[Any] = select(result).where(
        result.media_file_id == media_id, result.pipeline_version != EDIT, result.id.not_in(stored)
    )
    order = (result.pipeline_version == transcripts.IMPORT, ~transcripts.is_whole(), result.version.desc())
    found: TranscriptionResult | None = session.scalars(made.order_by(*order).limit(1)).first()
    return found or transcripts.of_media(session, media_id)


def read_reference(session: Session, row: MediaReference) -> Reference:
    """What a stored reference says."""
    if row.result_id is not None:
        return as_reference(session, session.get_one(TranscriptionResult, row.result_id))
    utterances = tuple(Utterance(**one) for one in row.utterances or ())
    turns = turns_of(utterances) if row.turns is None else _turns(row.turns)
    return Reference(utterances, turns, row.language)


def as_reference(session: Session, result: TranscriptionResult) -> Reference:
    """What a result says, as something that others are compared with."""
    transcript = documents.transcript_of(result)
    is_estimated = transcripts.has_estimated_times(session, result.id)
    found = reference_of(transcript.segments, transcript.language, is_estimated=is_estimated)
    told = (result.speaker_info or {}).get("turns")
    by_hand = edits.facts_of(result).get("speakers")  # the turns are those that a machine heard
    turns = _turns(told) if isinstance(told, list) and not by_hand else found.turns
    return Reference(found.utterances, turns, found.language)


def _turns(stored: Iterable[Sequence[Any]]) -> tuple[SpeakerTurn, ...]:
    return tuple(SpeakerTurn(start, end, speaker) for start, end, speaker in stored)


def _newest_edit(session: Session, media_id: UUID) -> TranscriptionResult | None:
    result = TranscriptionResult
    statement = select(result).where(result.media_file_id == media_id, _stands_for_the_truth())
    return session.scalars(statement.order_by(result.version.desc()).limit(1)).first()


def _stands_for_the_truth() -> ColumnElement[bool]:
    """Whether a person has corrected a result, of the whole media, and read all of it: without any file it is the
    reference."""
    return and_(TranscriptionResult.pipeline_version == EDIT, edits.is_checked(), transcripts.is_whole())


def _listed(session: Session, row: MediaReference, filename: str) -> Listed:
    reference = read_reference(session, row)
    return Listed(
        row.id,
        row.media_file_id,
        filename,
        row.name,
        row.format,
        reference.language,
        len(reference.utterances),
        reference.word_count,
        len(reference.turns),
        bool(reference.utterances) and reference.is_timed,
        row.result_id,
        row.added_at,
    )


def _as_json(utterance: Utterance) -> dict[str, Any]:
    return {name: value for name, value in asdict(utterance).items() if value is not None}
