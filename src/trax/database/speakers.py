"""Queries about who speaks: names are facts about the labels of a result, which itself never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any
from unicodedata import normalize
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from trax.database import documents
from trax.database.models import TranscriptionResult
from trax.database.speaker_families import labels_in
from trax.database.speaker_labels import Label, cleaned, printable
from trax.database.speaker_models import KNOWN, How, ResultSpeaker, Speaker, VoicePrint
from trax.errors import RecordNotFound
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript


@dataclass(frozen=True, slots=True)
class Link:
    """Who a label is, or may be."""

    label: str
    speaker_id: UUID
    name: str | None  # None: one person with another label, whose name nobody has told
    how: How
    score: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A person in a result: one label, or several that are one person."""

    labels: tuple[str, ...]
    name: str | None
    how: How | None  # None: nobody has said, or found out, who it is
    score: float | None
    seconds: Seconds
    words: int
    turns: int
    first_at: Seconds
    suggestion: Link | None = None  # who it may be


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has a name."""

    id: UUID
    name: str
    notes: str | None
    media: int  # files whose newest transcript they speak in
    hours: float  # in these, by the times of their segments
    prints: int  # of their voice


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a result says, and who says it, by their names where these are known."""

    transcript: Transcript
    info: dict[str, Any] | None  # as `speaker_info`, each speaker with a name


def names_of(session: Session, result_id: UUID) -> dict[str, str]:
    """Labels of a result and what is to be shown instead; the other labels are shown as they are."""
    return shown_names(links_of(session, result_id))


def shown_names(links: Sequence[Link]) -> dict[str, str]:
    """What is shown instead of labels; people without a name by the first of their labels."""
    known = [link for link in links if link.how in KNOWN]
    first: dict[UUID, str] = {}
    for link in known:
        first.setdefault(link.speaker_id, link.label)
    shown = {link.label: link.name or first[link.speaker_id] for link in known}
    return {label: name for label, name in shown.items() if label != name}


def links_of(session: Session, result_id: UUID) -> list[Link]:
    """Who the labels of a result are, may be, and are not, in the order of the labels."""
    link, person = ResultSpeaker, Speaker
    statement = (
        select(link.label, link.speaker_id, person.name, link.how, link.score)
        .join(person, person.id == link.speaker_id)
        .where(link.result_id == result_id)
        .order_by(link.label, person.name)
    )
    return [Link(*row) for row in session.execute(statement)]


def spoken(session: Session, result: TranscriptionResult) -> Spoken:
    """The transcript and the speakers of a result, by name."""
    transcript, info = documents.transcript_of(result), result.speaker_info
    names = names_of(session, result.id)
    if not names:
        return Spoken(transcript, info)
    segments = tuple(_named(segment, names) for segment in transcript.segments)
    return Spoken(replace(transcript, segments=segments), None if info is None else _named_info(info, names))


def heard(session: Session, result: TranscriptionResult) -> list[Heard]:
    """The people of a result, by first appearance."""
    links = links_of(session, result.id)
    known = {link.label: link for link in links if link.how in KNOWN}
    suggested = {link.label: link for link in links if link.how == "suggested"}
    people: dict[UUID | str, list[Label]] = {}
    for label in labels_in(session, result):
        who = known.get(label.label)
        people.setdefault(label.label if who is None else who.speaker_id, []).append(label)
    return [_heard(labels, known.get(labels[0].label), suggested.get(labels[0].label)) for labels in people.values()]


def _heard(labels: Sequence[Label], link: Link | None, suggestion: Link | None) -> Heard:
    return Heard(
        labels=tuple(label.label for label in labels),
        name=None if link is None else link.name,
        how=None if link is None else link.how,
        score=None if link is None else link.score,
        seconds=sum(label.seconds for label in labels),
        words=sum(label.words for label in labels),
        turns=sum(label.turns for label in labels),
        first_at=labels[0].first_at,
        suggestion=suggestion,
    )


_PEOPLE = text("""
    SELECT p.id, p.name, p.notes, coalesce(said.media, 0) AS media, coalesce(said.hours, 0) AS hours,
        (SELECT count(*) FROM speaker_voiceprints v WHERE v.speaker_id = p.id) AS prints
    FROM speakers p
    LEFT JOIN (
        SELECT l.speaker_id, count(DISTINCT s.media_file_id) AS media,
            sum(s.end_ms - s.start_ms) / 3600000.0::float AS hours
        FROM (SELECT DISTINCT result_id, speaker_id FROM result_speakers WHERE how IN ('named', 'recognised')) l
        JOIN speakers q ON q.id = l.speaker_id
        JOIN transcript_segments s ON s.result_id = l.result_id AND s.newest AND s.speaker = q.name
        GROUP BY l.speaker_id
    ) said ON said.speaker_id = p.id
    WHERE p.name IS NOT NULL
    ORDER BY lower(p.name), p.id""")


def people(session: Session) -> list[Person]:
    """Everybody who has a name, in the order of the names."""
    return [Person(*row) for row in session.execute(_PEOPLE)]


def person(session: Session, name: str) -> Speaker:
    """Whoever has that name, in whatever case.

    Raises: RecordNotFound: nobody has.
    """
    found = find_person(session, name)
    if found is not None:
        return found
    names = [other for other in session.scalars(select(Speaker.name)) if other is not None]
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {printable(near[0])}?" if near else "`trax speakers` lists those who have a name."
    raise RecordNotFound(f"Nobody is called {name.strip()!r}.", hint)


def find_person(session: Session, name: str) -> Speaker | None:
    """Whoever has that name, in whatever case and spelling of accents."""
    wanted = folded(name)
    # compared here: a server may know the case of ASCII letters alone
    known = session.execute(select(Speaker.id, Speaker.name).where(Speaker.name.is_not(None)))
    for speaker_id, called in known:
        if called is not None and folded(called) == wanted:
            return session.get_one(Speaker, speaker_id)
    return None


def folded(name: str) -> str:
    """A name as names are compared."""
    return normalize("NFC", " ".join(name.split())).casefold()


def count_prints(session: Session, speaker_id: UUID) -> int:
    """How many prints of that person's voice are kept."""
    counted = select(func.count()).select_from(VoicePrint).where(VoicePrint.speaker_id == speaker_id)
    return session.scalar(counted) or 0


def _named(segment: Segment, names: Mapping[str, str]) -> Segment:
    words = tuple(replace(word, speaker=_name(word.speaker, names)) for word in segment.words)
    return replace(segment, speaker=_name(segment.speaker, names), words=words)


def _name(label: str | None, names: Mapping[str, str]) -> str | None:
    return None if label is None else names.get(cleaned(label), label)


def _named_info(info: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    speakers = info.get("speakers")
    if not isinstance(speakers, list):
        return info
    return {**info, "speakers": [_named_fact(fact, names) for fact in speakers]}


def _named_fact(fact: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(fact, dict) or not isinstance(fact.get("label"), str):
        return fact  # whoever has written the document wrote something else
    return {**fact, "name": names.get(cleaned(fact["label"]), fact.get("name"))}
