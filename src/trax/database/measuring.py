"""How right results are: `accuracy` is measured wherever there is a reference, and an estimate elsewhere.

A measurement is a row of its own, which keeps the estimate. A trigger gives that back once the row goes: with its
reference, or by somebody's own DELETE.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from trax.database import documents, edits, references
from trax.database.edits import EDIT
from trax.database.models import TranscriptionResult
from trax.database.reference_models import ResultMeasurement
from trax.database.references import Standing
from trax.errors import TraxError, UsageError
from trax.evaluation.checks import fitting
from trax.evaluation.normalise import DEFAULT
from trax.evaluation.score import Score, score
from trax.timeline import Interval, Seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of the measurement of one result."""

    result_id: UUID
    version: int
    accuracy: float | None  # None: it can't be compared with the reference
    reason: str | None = None  # why not
    words: int = 0  # of the reference


@dataclass(frozen=True, slots=True)
class Summary:
    """Measured results of the archive."""

    results: int
    mean_accuracy: float | None


def measure_new(session: Session, result: TranscriptionResult) -> None:
    """Measure a result that has just been stored.

    One that a person has corrected and checked is what all others of its media are measured by.
    Nothing that goes wrong here keeps the result from being stored.
    """
    if result.pipeline_version == EDIT and edits.facts_of(result).get("checked", True):
        remeasure(session, result.media_file_id)
        return
    _forget_parents_figure(session, result)
    standing = references.standing(session, result.media_file_id)
    if standing is not None:
        _measure(session, standing, result)


def remeasure(session: Session, media_id: UUID) -> list[Measured]:
    """Measure all results of a media file by the reference that stands now, oldest first; without one, none is."""
    ours = select(TranscriptionResult.id).where(TranscriptionResult.media_file_id == media_id)
    session.execute(delete(ResultMeasurement).where(ResultMeasurement.result_id.in_(ours)))
    standing = references.standing(session, media_id)
    if standing is None:
        return []
    results = session.scalars(
        select(TranscriptionResult)
        .where(TranscriptionResult.media_file_id == media_id)
        .order_by(TranscriptionResult.version)
        .execution_options(populate_existing=True)  # the estimates have come back
    )
    return [_measure(session, standing, result) for result in results if result.id not in standing.result_ids]


def of_results(session: Session, result_ids: Iterable[UUID]) -> dict[UUID, ResultMeasurement]:
    """The measurements of these results, of those that have one."""
    statement = select(ResultMeasurement).where(ResultMeasurement.result_id.in_(list(result_ids)))
    return {found.result_id: found for found in session.scalars(statement)}


def summary(session: Session) -> Summary:
    """How many results are measured, and how right they are."""
    of = TranscriptionResult.id == ResultMeasurement.result_id
    counted = select(func.count(), func.avg(TranscriptionResult.accuracy)).select_from(ResultMeasurement)
    number, mean = session.execute(counted.join(TranscriptionResult, of)).one()
    return Summary(number, mean)


def stretch_of(result: TranscriptionResult) -> Interval | None:
    """The part of its media that a result is of; None: the whole."""
    decode = _decode(result)
    start, end = decode.get("start") or 0.0, decode.get("end")
    if not start and end is None:
        return None
    return Interval(start, max(start, float("inf") if end is None else end))


def _measure(session: Session, standing: Standing, result: TranscriptionResult) -> Measured:
    if not standing.reference.utterances:
        return Measured(result.id, result.version, None, "The reference has no words.")
    try:
        found = _scored(standing, result)
    except TraxError as error:
        return Measured(result.id, result.version, None, error.message)
    except Exception as error:  # a fault in the measuring is no reason to lose what was heard
        log.exception("result %s could not be measured", result.id)
        return Measured(result.id, result.version, None, f"Unexpected {type(error).__name__}: {error}.")
    session.add(_row(standing, result, found))
    result.accuracy = found.accuracy
    session.flush()
    return Measured(result.id, result.version, found.accuracy, words=found.words.count)


def _scored(standing: Standing, result: TranscriptionResult) -> Score:
    decode = _decode(result)
    if decode.get("track") is not None or decode.get("channel") is not None:
        raise UsageError("It is of one track or channel, and the reference of the whole.")
    transcript = documents.transcript_of(result)
    part = fitting(standing.reference, transcript.language, stretch_of(result))
    language = transcript.language if transcript.language != "und" else part.language
    found = score(part.texts, transcript.text, DEFAULT, language)
    if found is None:
        raise UsageError("The reference has no word there that could be compared.")
    return found


def _row(standing: Standing, result: TranscriptionResult, found: Score) -> ResultMeasurement:
    words, characters = found.words, found.characters
    return ResultMeasurement(
        result_id=result.id,
        reference_id=standing.reference_id,
        against_id=standing.against_id,
        normaliser=DEFAULT,
        words=words.count,
        substitutions=words.substitutions,
        deletions=words.deletions,
        insertions=words.insertions,
        characters=characters.count,
        character_errors=characters.total,
        estimate=result.accuracy,
    )


def _forget_parents_figure(session: Session, result: TranscriptionResult) -> None:
    """Stages that change no words hand the accuracy of what they build on down; measured, it is no estimate."""
    if result.parent_result_id is None or result.accuracy is None:
        return
    known = session.get(ResultMeasurement, result.parent_result_id)
    parent = session.get(TranscriptionResult, result.parent_result_id)
    if known is not None and parent is not None and parent.accuracy == result.accuracy:
        result.accuracy = known.estimate
        session.flush()


def _decode(result: TranscriptionResult) -> dict[str, Seconds | None]:
    request = (result.model_config or {}).get("request")
    decode = request.get("decode") if isinstance(request, dict) else None
    return decode if isinstance(decode, dict) else {}
