"""Results that have their speakers from one diarization share the names of these; a new diarization takes them over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, literal, select
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionResult
from trax.database.speaker_labels import Label, labels_of, turns_of
from trax.database.speaker_models import ResultSpeaker, Speaker
from trax.diarization.agreement import Agreement, agreements
from trax.media.channels import is_by_channel
from trax.timeline import Interval


def family(session: Session, result: TranscriptionResult) -> list[UUID]:
    """The result, and all others of its media with the speakers of the same diarization, oldest first."""
    one = TranscriptionResult
    statement = select(one.id, one.parent_result_id, one.speaker_info).where(one.media_file_id == result.media_file_id)
    known = {row.id: row for row in session.execute(statement.order_by(one.version, one.created_at))}
    origins: dict[UUID, UUID] = {}

    def origin(result_id: UUID) -> UUID:
        if result_id not in origins:
            row = known[result_id]
            parent = known.get(row.parent_result_id)
            is_heir = parent is not None and keeps_speakers(row.speaker_info, parent.speaker_info)
            origins[result_id] = origin(parent.id) if is_heir and parent is not None else result_id
        return origins[result_id]

    ours = origin(result.id)
    return [result_id for result_id in known if origin(result_id) == ours]


def labels_in(session: Session, result: TranscriptionResult) -> list[Label]:
    """The voices of a result; where it is a text without times, those of a result with the same speakers."""
    if own := labels_of(result):
        return own
    others = (session.get_one(TranscriptionResult, result_id) for result_id in family(session, result))
    return next((labels for other in others if (labels := labels_of(other))), [])


def keeps_speakers(info: dict[str, Any] | None, of_parent: dict[str, Any] | None) -> bool:
    """Whether a result with that `speaker_info` has the speakers of its parent, and has not told them apart anew."""
    if not info or info == of_parent:
        return True
    if not of_parent:
        return False
    if info.get("turns"):
        return bool(info["turns"] == of_parent.get("turns"))
    return is_by_channel(info) and is_by_channel(of_parent)


def inherit(session: Session, result: TranscriptionResult) -> None:
    """Give the speakers of a new result the names that they have in its parent, or had under other labels before.

    Called in the transaction that stores the result, which has the lock on the media file.
    """
    if result.parent_result_id is not None:
        parent = session.get_one(TranscriptionResult, result.parent_result_id)
        if keeps_speakers(result.speaker_info, parent.speaker_info):
            _copy(session, parent.id, result.id)
            return
    if _tells_speakers(result):
        _carry_over(session, result)


def _copy(session: Session, parent_id: UUID, child_id: UUID) -> None:
    link = ResultSpeaker
    of_parent = select(literal(child_id), link.label, link.speaker_id, link.how, link.score)
    columns = ("result_id", "label", "speaker_id", "how", "score")
    session.execute(insert(link).from_select(columns, of_parent.where(link.result_id == parent_id)))


def _tells_speakers(result: TranscriptionResult) -> bool:
    return bool(result.speaker_info) or any(segment.get("speaker") for segment in result.segments or ())


def _carry_over(session: Session, result: TranscriptionResult) -> None:
    """Whoever was named before is named again where the times agree; where they don't quite, it is suggested."""
    before = _named_before(session, result)
    if before is None:
        return
    people = _people(session, before.id)
    then, now = turns_of(before), turns_of(result)
    same = [found for found in agreements(then, now) if found.is_mutual]
    for found in same:
        if found.before in people:
            _carry(session, result.id, found, people[found.before])
    left = {label: turns for label, turns in now.items() if label not in {found.now for found in same}}
    spoken: dict[str, list[Interval]] = {}
    settled = {found.before for found in same}
    for label in (label for label in then if label not in settled):  # several labels may be one person
        spoken.setdefault(str(people.get(label, label)), []).extend(then[label])
    known = {str(speaker_id): speaker_id for speaker_id in people.values()}
    for found in agreements(spoken, left):
        if found.before in known:
            _carry(session, result.id, found, known[found.before])


def _carry(session: Session, result_id: UUID, found: Agreement, speaker_id: UUID) -> None:
    how, score = ("named", None) if found.is_mutual else ("suggested", round(found.share, 4))
    values = {"result_id": result_id, "label": found.now, "how": how, "score": score}
    session.execute(insert(ResultSpeaker).values(**values, speaker_id=speaker_id))


def _people(session: Session, result_id: UUID) -> dict[str, UUID]:
    """Those of a result whom somebody has named, by label."""
    link = ResultSpeaker
    named = select(link.label, link.speaker_id).join(Speaker, Speaker.id == link.speaker_id)
    return {row.label: row.speaker_id for row in session.execute(named.where(link.result_id == result_id, _is_named()))}


def _named_before(session: Session, result: TranscriptionResult) -> TranscriptionResult | None:
    """The newest other result of the media in which somebody was named."""
    one, link = TranscriptionResult, ResultSpeaker
    named = select(link.label).join(Speaker, Speaker.id == link.speaker_id)
    has_names = named.where(link.result_id == one.id, _is_named()).exists()
    statement = select(one).where(one.media_file_id == result.media_file_id, one.id != result.id, has_names)
    return session.scalars(statement.order_by(one.version.desc(), one.created_at.desc()).limit(1)).first()


def _is_named() -> ColumnElement[bool]:
    return and_(ResultSpeaker.how == "named", Speaker.name.is_not(None))
