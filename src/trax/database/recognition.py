"""Knowing people again by their voices: named where it is sure, else suggested, and never against a person's word."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import and_, delete, or_, select, text
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionResult
from trax.database.speaker_families import family
from trax.database.speaker_links import hold, link, lock_media, show
from trax.database.speaker_models import How, ResultSpeaker, ResultVoice
from trax.database.speakers import Link, links_of, shown_names
from trax.database.voice_prints import prints_of, unpacked
from trax.diarization.likeness import Match, Voice, matches

Voices = dict[tuple[str, int], dict[str, Voice]]


def recognise(session: Session, result_id: UUID) -> list[Link]:
    """Who was recognised or suggested among the kept voices of a result, under the locks of its media.

    Nobody is named against what a person has said; who was recognised before, and isn't any more, is a label again.
    """
    result = session.get_one(TranscriptionResult, result_id)
    lock_media(session, [result.media_file_id])
    results = family(session, result)
    voices = _voices(session, results)
    if not voices:
        return []
    before = links_of(session, result_id)
    _forget_guesses(session, results, before, {label for by_label in voices.values() for label in by_label})
    found = _matches(session, voices, before)
    there = hold(session, (match.speaker_id for match in found))
    for match in (match for match in found if match.speaker_id in there):
        how: How = "recognised" if match.is_sure else "suggested"
        link(session, results, [match.label], match.speaker_id, how, round(match.score, 4))
    after = links_of(session, result_id)
    if shown_names(before) != shown_names(after):
        show(session, results)
    return [one for one in after if one.how in ("recognised", "suggested")]


def recognisable(session: Session) -> list[UUID]:
    """The newest result of each media file of which voices are kept."""
    statement = text("""
        SELECT trax_newest_result(m.id) FROM media_files m WHERE m.id IN (
            SELECT r.media_file_id FROM result_voices v JOIN transcription_results r ON r.id = v.result_id
        ) ORDER BY m.id""")
    return list(session.scalars(statement))


def _voices(session: Session, results: list[UUID]) -> Voices:
    """The kept voices by what can be compared: the model, and how many numbers it makes of a voice."""
    found: Voices = {}
    statement = select(ResultVoice.model_id, ResultVoice.label, ResultVoice.embedding)
    for model_id, label, embedding in session.execute(statement.where(ResultVoice.result_id.in_(results))):
        voice = unpacked(embedding)
        found.setdefault((model_id, voice.size), {})[label] = voice
    return found


def _matches(session: Session, voices: Voices, known: list[Link]) -> list[Match]:
    named = {one.label: one.speaker_id for one in known if one.how == "named"}
    refused = {(one.label, one.speaker_id) for one in known if one.how == "rejected"}
    found: list[Match] = []
    for (model_id, size), by_label in voices.items():
        unnamed = {label: voice for label, voice in by_label.items() if label not in named}
        prints = prints_of(session, model_id, size)
        found += matches(unnamed, prints, refused=refused, taken=set(named.values()))
    return found


def _forget_guesses(session: Session, results: list[UUID], known: list[Link], voices: set[str]) -> None:
    """What was thought before of labels that are compared anew, and of people who are known to be other labels."""
    row = ResultSpeaker
    named = {one.speaker_id for one in known if one.how == "named"}
    is_outdated = or_(row.how == "recognised", and_(row.how == "suggested", row.label.in_(voices)))
    is_elsewhere = and_(row.how == "suggested", row.speaker_id.in_(named))
    session.execute(delete(row).where(row.result_id.in_(results), or_(is_outdated, is_elsewhere)))
