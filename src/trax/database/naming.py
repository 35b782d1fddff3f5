"""Naming speakers: what a person says of the labels of a result, and of the people whom labels are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trax.database import lookup, transcripts, voice_prints
from trax.database.models import TranscriptionResult
from trax.database.speaker_families import family
from trax.database.speaker_links import drop_suggestions, hold, link, lock_media, meant, pass_prints, show, unlink
from trax.database.speaker_models import KNOWN, How, ResultSpeaker, Speaker
from trax.database.speakers import Link, find_person, folded, links_of, person
from trax.errors import RecordNotFound, UsageError
from trax.storable import storable_text

LONGEST_NAME = 200  # characters
LABEL = re.compile(r"speaker_\d+")


@dataclass(frozen=True, slots=True)
class Named:
    """What has changed in a result."""

    name: str | None  # None: the labels are shown as they are, or as the first of them
    labels: tuple[str, ...]
    is_new: bool = False  # nobody had that name before


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Of whose voice nothing is kept any more."""

    name: str
    others: int  # voices, theirs or not, that are still kept beside the transcripts of the files that they are in


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Who a label may be, in the newest transcript of a media file."""

    media_id: UUID
    result_id: UUID
    title: str
    label: str
    name: str
    score: float | None
    first_at: float | None  # seconds


def result_of(session: Session, id: str, version: int | None = None) -> TranscriptionResult:
    """The transcript that is meant: of a media file the newest, or that version; or the result with that ID.

    Raises: RecordNotFound, UsageError: no such ID, or not a unique one.
    """
    media, result = lookup.media_or_result(session, id)
    if result is None or (version is not None and result.version != version):
        return transcripts.of_media(session, media.id, version)
    return result


def rename(session: Session, result: TranscriptionResult, named: str, name: str) -> Named:
    """The speaker is that person, in this result and all that have their speakers from the same diarization.

    Raises: RecordNotFound: nobody in the result is called so. UsageError: that is no name.
    """
    checked = _checked(name)
    lock_media(session, [result.media_file_id])
    labels = meant(session, result, named)
    who, is_new = _person_called(session, checked)
    _name(session, result, labels, who.id)
    return Named(who.name, tuple(labels), is_new)


def unname(session: Session, result: TranscriptionResult, named: str) -> Named:
    """Nobody knows who that is: labels stand for themselves again, each for one voice.

    Raises: RecordNotFound: nobody in the result is called so.
    """
    lock_media(session, [result.media_file_id])
    results, labels = family(session, result), meant(session, result, named)
    unlink(session, results, labels)
    pass_prints(session, results, labels, None)
    show(session, results)
    return Named(None, tuple(labels))


def merge(session: Session, result: TranscriptionResult, named: str, into: str) -> Named:
    """Two speakers of a result are one person: the second, or whoever of them has a name.

    Raises: RecordNotFound: nobody in the result is called so. UsageError: they are one already.
    """
    lock_media(session, [result.media_file_id])
    labels, others = meant(session, result, named), meant(session, result, into)
    if set(labels) & set(others):
        raise UsageError(
            f"{named.strip()!r} and {into.strip()!r} are one person already.", "`trax speakers ID` shows who there is."
        )
    known = {link.label: link for link in links_of(session, result.id) if link.how in KNOWN}
    both = sorted({*labels, *others})
    people = [known[label] for label in (*others, *labels) if label in known]
    who = next((one for one in people if one.name is not None), people[0] if people else None)
    _name(session, result, both, _nobody(session) if who is None else who.speaker_id)
    return Named(None if who is None else who.name, tuple(both))


def accept(session: Session, result: TranscriptionResult, named: str) -> Named:
    """It is the person whom Trax takes it for, or suggests.

    Raises: RecordNotFound: nobody is called so, or nobody is suggested.
    """
    lock_media(session, [result.media_file_id])
    labels, guess = _guessed(session, result, named)
    _name(session, result, labels, guess.speaker_id)
    return Named(guess.name, tuple(labels))


def reject(session: Session, result: TranscriptionResult, named: str) -> Named:
    """It is not the person whom Trax takes it for, or suggests; nor is it suggested again.

    Raises: as `accept`.
    """
    lock_media(session, [result.media_file_id])
    labels, guess = _guessed(session, result, named)
    results = family(session, result)
    unlink(session, results, labels)
    link(session, results, labels, guess.speaker_id, "rejected")
    pass_prints(session, results, labels, None)
    show(session, results)
    return Named(guess.name, tuple(labels))


def rename_person(session: Session, name: str, new: str) -> str:
    """The person's new name, wherever they speak.

    Raises: RecordNotFound: nobody is called so. UsageError: that is no name, or somebody else's.
    """
    checked = _checked(new)
    who, other = person(session, name), find_person(session, checked)
    taken = UsageError(f"Somebody else is called {checked}.", "`trax speaker merge-people` makes them one person.")
    if other is not None and other.id != who.id:
        raise taken
    results = _results_of(session, [who.id])
    try:
        with session.begin_nested():
            who.name = checked
            session.flush()
    except IntegrityError as error:  # another process was faster
        raise taken from error
    show(session, results)
    return checked


def merge_people(session: Session, name: str, into: str) -> str:
    """The name of the one person that both are from now on: that of the second.

    Raises: RecordNotFound: nobody is called so. UsageError: they are one already.
    """
    who, other = person(session, name), person(session, into)
    if who.id == other.id:
        raise UsageError(f"{name.strip()!r} is one person already.", "Name two people.")
    results = _results_of(session, [who.id, other.id])
    session.execute(_SETTLE_REJECTED, {"who": who.id, "other": other.id})
    session.execute(text("UPDATE result_speakers SET speaker_id = :other WHERE speaker_id = :who"), _ids(who, other))
    session.execute(
        text("UPDATE speaker_voiceprints SET speaker_id = :other WHERE speaker_id = :who"), _ids(who, other)
    )
    voice_prints.trim(session, other.id)
    other.notes = other.notes or who.notes
    session.delete(who)
    session.flush()
    show(session, results)
    return other.name or ""


def forget(session: Session, name: str, *, prints_only: bool = False) -> Forgotten:
    """The person of whose voice nothing is left that is known to be theirs, and, unless `prints_only`, no name either.

    Raises: RecordNotFound: nobody is called so.
    """
    who = person(session, name)
    called = who.name or ""
    results = _results_of(session, [who.id])
    others = voice_prints.forget(session, who.id)
    session.execute(delete(ResultSpeaker).where(ResultSpeaker.speaker_id == who.id, ResultSpeaker.how == "suggested"))
    if not prints_only:
        session.delete(who)
        session.flush()
        show(session, results)
    return Forgotten(called, others)


_SUGGESTIONS = text("""
    SELECT i.media_file_id, l.result_id, t.title, l.label, p.name, l.score, (
        SELECT (fact ->> 'first_at')::float FROM transcription_results r, jsonb_array_elements(
            CASE jsonb_typeof(r.speaker_info -> 'speakers') WHEN 'array' THEN r.speaker_info -> 'speakers' END) fact
        WHERE r.id = l.result_id AND fact ->> 'label' = l.label LIMIT 1
    ) AS first_at
    FROM result_speakers l
    JOIN speakers p ON p.id = l.speaker_id
    JOIN transcript_index i ON i.result_id = l.result_id AND i.newest
    JOIN trax_titles t ON t.media_id = i.media_file_id
    WHERE l.how = 'suggested' AND p.name IS NOT NULL
    ORDER BY t.title, i.media_file_id, l.label""")


def suggestions(session: Session) -> list[Suggestion]:
    """Who may be whom in the newest transcripts, as long as nobody has said yes or no."""
    return [Suggestion(*row) for row in session.execute(_SUGGESTIONS)]


def _name(session: Session, result: TranscriptionResult, labels: Sequence[str], speaker_id: UUID) -> None:
    results = family(session, result)
    drop_suggestions(session, results, speaker_id)
    link(session, results, labels, speaker_id, "named")
    pass_prints(session, results, labels, speaker_id)
    show(session, results)


def _guessed(session: Session, result: TranscriptionResult, named: str) -> tuple[list[str], Link]:
    labels = meant(session, result, named)
    ways: tuple[How, ...] = ("suggested", "recognised")
    for guess in links_of(session, result.id):
        if guess.label in labels and guess.how in ways:
            return labels, guess
    raise RecordNotFound(
        f"Nobody is suggested for {named.strip()!r}.", "`trax speaker suggestions` lists what is suggested."
    )


def _checked(name: str) -> str:
    """The name as it is stored. Raises: UsageError: it is none."""
    said = normalize("NFC", " ".join(storable_text(name).split()))
    if not said or len(said) > LONGEST_NAME or not said.isprintable():
        raise UsageError("That is no name.", f"A name has 1 to {LONGEST_NAME} characters that can be printed.")
    if LABEL.fullmatch(folded(said)):
        raise UsageError(f"{said} is a label, and no name.", "`trax speaker merge` makes two labels one person.")
    return said


def _person_called(session: Session, name: str) -> tuple[Speaker, bool]:
    """Whoever has that name; a new person where nobody has."""
    found = find_person(session, name)
    if found is not None and hold(session, [found.id]):
        return found, False
    created = session.scalar(insert(Speaker).values(name=name).on_conflict_do_nothing().returning(Speaker.id))
    if created is None:  # another process was faster
        same = select(Speaker).where(func.lower(Speaker.name) == func.lower(name)).with_for_update(key_share=True)
        faster = session.scalars(same).first()
        if faster is None:  # and gone already
            raise _gone()
        return faster, False
    return session.get_one(Speaker, created), True


def _nobody(session: Session) -> UUID:
    """A person without a name."""
    return session.scalars(insert(Speaker).values(name=None).returning(Speaker.id)).one()


def _results_of(session: Session, speaker_ids: Sequence[UUID]) -> list[UUID]:
    """The results in which they speak, with locks on the media; from here on nobody else becomes them.

    Media where they are suggested or rejected are locked, too: a result that is stored there meanwhile copies that.
    """
    row, result = ResultSpeaker, TranscriptionResult
    linked = select(row.result_id, result.media_file_id, row.how).join(result, result.id == row.result_id)
    linked = linked.where(row.speaker_id.in_(speaker_ids))
    lock_media(session, [one.media_file_id for one in session.execute(linked)])
    people = select(Speaker.id).where(Speaker.id.in_(speaker_ids)).order_by(Speaker.id)
    if len(session.scalars(people.with_for_update()).all()) < len(set(speaker_ids)):
        raise _gone()
    found = session.execute(linked).all()  # some may have come meanwhile
    lock_media(session, [one.media_file_id for one in found])
    return list(dict.fromkeys(one.result_id for one in found if one.how in KNOWN))


def _gone() -> RecordNotFound:
    return RecordNotFound("Somebody has removed that person meanwhile.", "`trax speakers` lists those who have a name.")


def _ids(who: Speaker, other: Speaker) -> dict[str, UUID]:
    return {"who": who.id, "other": other.id}


# Of a label that was compared with both, the better answer stays.
_SETTLE_REJECTED = text("""
    DELETE FROM result_speakers gone USING result_speakers kept
    WHERE gone.result_id = kept.result_id AND gone.label = kept.label
        AND gone.speaker_id IN (:who, :other) AND kept.speaker_id IN (:who, :other)
        AND gone.speaker_id <> kept.speaker_id
        AND gone.how = 'rejected' AND (kept.how <> 'rejected' OR gone.speaker_id = :who)""")
