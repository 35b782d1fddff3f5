"""Prints of voices: what people sound like. Kept of whom somebody has enrolled, and gone with them.

A few thousand are compared one by one faster than an index would find them, so they are plain bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database.models import TranscriptionResult
from trax.database.speaker_families import family
from trax.database.speaker_links import link, lock_media, meant
from trax.database.speaker_models import KNOWN, ResultVoice, VoicePrint
from trax.database.speakers import Link, count_prints, links_of
from trax.diarization.likeness import POSSIBLE, Voice
from trax.errors import RecordNotFound, UsageError
from trax.timeline import Seconds

SHORTEST: Seconds = 5.0  # in which the person alone is heard: less makes no print
MOST = 20  # prints of one person and model: the longest ones are kept
FLOAT = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What is kept of a voice."""

    name: str
    labels: tuple[str, ...]
    seconds: Seconds  # that were heard of them here
    prints: int  # of that person, with those of other files


def packed(voice: Voice) -> bytes:
    return voice.astype(FLOAT).tobytes()


def unpacked(embedding: bytes) -> Voice:
    return np.frombuffer(embedding, FLOAT).astype(np.float32)


def enrol(session: Session, result: TranscriptionResult, named: str) -> Enrolled:
    """Keep the voice of a named speaker, so that it is known again in other files.

    Raises: RecordNotFound: nobody is called so, or their voice was not kept. UsageError: no name yet, or too short.
    """
    lock_media(session, [result.media_file_id])
    labels, results = meant(session, result, named), family(session, result)
    who = _named(session, result, labels)
    voices = _voices(session, results, labels, named)
    for voice in voices:
        _keep(session, voice, who.speaker_id)
    if who.how != "named":  # to enrol it is to say so
        link(session, results, labels, who.speaker_id, "named")
    trim(session, who.speaker_id)
    seconds = sum(voice.seconds for voice in voices)
    return Enrolled(who.name or "", tuple(labels), seconds, count_prints(session, who.speaker_id))


def prints_of(session: Session, model_id: str, size: int) -> dict[UUID, list[Voice]]:
    """What everybody sounds like to that model, as so many numbers."""
    found: dict[UUID, list[Voice]] = {}
    row = VoicePrint
    comparable = (row.model_id == model_id, func.length(row.embedding) == size * FLOAT.itemsize)
    statement = select(row.speaker_id, row.embedding).where(*comparable)
    for speaker_id, embedding in session.execute(statement.order_by(row.speaker_id, row.id)):
        found.setdefault(speaker_id, []).append(unpacked(embedding))
    return found


def trim(session: Session, speaker_id: UUID) -> None:
    """Leave no more prints of a person than are of use."""
    session.execute(_TRIM, {"id": speaker_id, "most": MOST})


def forget(session: Session, speaker_id: UUID) -> int:
    """Remove all prints of a person, and what was kept of their voice in files in which they are known.

    How many other voices are still kept of these files.

    There, what sounds like them goes, too: another diarization of the file may not have their name.
    """
    prints = select(VoicePrint.model_id, VoicePrint.embedding).where(VoicePrint.speaker_id == speaker_id)
    own = [(model_id, unpacked(embedding)) for model_id, embedding in session.execute(prints)]
    rows = session.execute(_VOICES_BESIDE, {"id": speaker_id}).all()
    own += [(row.model_id, unpacked(row.embedding)) for row in rows if row.is_theirs]
    theirs = [
        row
        for row in rows
        if row.is_theirs or (not row.is_others and _sounds_like(row.model_id, unpacked(row.embedding), own))
    ]
    for row in theirs:
        key = {"result_id": row.result_id, "label": row.label, "model_id": row.model_id}
        session.execute(delete(ResultVoice).filter_by(**key).execution_options(synchronize_session=False))
    session.execute(delete(VoicePrint).where(VoicePrint.speaker_id == speaker_id))
    return len(rows) - len(theirs)


def _sounds_like(model_id: str, voice: Voice, own: Sequence[tuple[str, Voice]]) -> bool:
    return any(model == model_id and one.size == voice.size and float(one @ voice) >= POSSIBLE for model, one in own)


def forget_all(session: Session) -> int:
    """How many voices were removed: all that were kept, of people with and without names."""
    counted = "SELECT (SELECT count(*) FROM speaker_voiceprints) + (SELECT count(*) FROM result_voices)"
    number = session.scalar(text(counted)) or 0
    session.execute(delete(VoicePrint))
    session.execute(delete(ResultVoice))
    return int(number)


# Of all results of the media in which the person is known, or of which prints were made
_VOICES_BESIDE = text("""
    WITH theirs AS (
        SELECT result_id, label FROM result_speakers WHERE speaker_id = :id AND how <> 'rejected'
        UNION SELECT result_id, label FROM speaker_voiceprints WHERE speaker_id = :id AND result_id IS NOT NULL
    ), files AS (
        SELECT DISTINCT r.media_file_id FROM theirs JOIN transcription_results r ON r.id = theirs.result_id
    )
    SELECT v.result_id, v.label, v.model_id, v.embedding,
        (v.result_id, v.label) IN (SELECT result_id, label FROM theirs) AS is_theirs,
        EXISTS (
            SELECT FROM result_speakers l WHERE l.result_id = v.result_id AND l.label = v.label
                AND (l.how = 'named' AND l.speaker_id <> :id OR l.how = 'rejected' AND l.speaker_id = :id)
        ) AS is_others
    FROM result_voices v JOIN transcription_results r ON r.id = v.result_id
    WHERE r.media_file_id IN (SELECT media_file_id FROM files)""")

_TRIM = text("""
    DELETE FROM speaker_voiceprints WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY model_id ORDER BY seconds DESC, created_at DESC, id) AS place
            FROM speaker_voiceprints WHERE speaker_id = :id
        ) ranked WHERE place > :most
    )""")


def _named(session: Session, result: TranscriptionResult, labels: Sequence[str]) -> Link:
    """Raises: UsageError: nobody knows who it is."""
    for who in links_of(session, result.id):
        if who.label in labels and who.how in KNOWN and who.name is not None:
            return who
    raise UsageError(
        f"{labels[0]} has no name yet, and a voice is kept of a person.", "Name it first: `trax speaker rename`."
    )


def _voices(session: Session, results: Sequence[UUID], labels: Sequence[str], named: str) -> list[ResultVoice]:
    """The kept voices that are long enough.

    Raises: RecordNotFound: there is none. UsageError: all are too short.
    """
    of_them = select(ResultVoice).where(ResultVoice.result_id.in_(results), ResultVoice.label.in_(labels))
    known = session.scalars(of_them).all()
    if not known:
        raise RecordNotFound(
            f"The voice of {named.strip()!r} was not kept.",
            "Voices are kept where TRAX_VOICE_PRINTS=1 is set: set it, and diarize again by `trax diarize ID --again`.",
        )
    longest = max(voice.seconds for voice in known)
    if longest < SHORTEST:
        raise UsageError(
            f"{named.strip()!r} is heard alone for {longest:.1f} s, and a print takes {SHORTEST:.0f} s.",
            "Enrol the person from a file in which they say more.",
        )
    return [voice for voice in known if voice.seconds >= SHORTEST]


def _keep(session: Session, voice: ResultVoice, speaker_id: UUID) -> None:
    heard = {"speaker_id": speaker_id, "embedding": voice.embedding, "seconds": voice.seconds}
    place = {"result_id": voice.result_id, "label": voice.label, "model_id": voice.model_id}
    statement = insert(VoicePrint).values(**place, **heard)
    session.execute(statement.on_conflict_do_update(index_elements=list(place), set_=heard))
