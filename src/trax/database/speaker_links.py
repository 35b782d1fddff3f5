"""Changing who labels are: in all results of a family and in what searches read, under the locks on the media."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trax.database import indexing
from trax.database.models import MediaFile, TranscriptionResult
from trax.database.speaker_families import labels_in
from trax.database.speaker_labels import printable
from trax.database.speaker_models import KNOWN, How, ResultSpeaker, Speaker, VoicePrint
from trax.database.speakers import folded, links_of, shown_names
from trax.errors import RecordNotFound, UsageError


def lock_media(session: Session, media_ids: Iterable[UUID]) -> None:
    """Keep others from storing, indexing and naming there until the transaction ends."""
    statement = select(MediaFile.id).where(MediaFile.id.in_(set(media_ids))).order_by(MediaFile.id)
    session.execute(statement.with_for_update(key_share=True))


def hold(session: Session, speaker_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the people who are still there; nobody removes them until the transaction ends."""
    wanted = set(speaker_ids)
    statement = select(Speaker.id).where(Speaker.id.in_(wanted)).order_by(Speaker.id)
    return set(session.scalars(statement.with_for_update(read=True, key_share=True)))


def meant(session: Session, result: TranscriptionResult, named: str) -> list[str]:
    """The labels of the person who is called that in the result: by the name, or by one of the labels.

    What is one speaker's name and another's label means the label: so each can be named, and names can be swapped.

    Raises: RecordNotFound: nobody is. UsageError: several are.
    """
    links = links_of(session, result.id)
    shown, labels = shown_names(links), [label.label for label in labels_in(session, result)]
    chosen = _chosen(labels, shown, named.strip())
    if not chosen:
        who = ", ".join(dict.fromkeys(printable(shown.get(label, label)) for label in labels))
        hint = f"The speakers are {who}." if who else "It doesn't say who speaks: `trax diarize` finds out."
        raise RecordNotFound(f"Nobody in that transcript is called {named.strip()!r}.", hint)
    people = {link.label: link.speaker_id for link in links if link.how in KNOWN}
    who_is_meant = {people.get(label, label) for label in chosen}
    if len(who_is_meant) > 1:
        said = ", ".join(printable(label) for label in chosen)
        raise UsageError(f"Several speakers are called {named.strip()!r}.", f"Give the label as it is written: {said}.")
    return [label for label in labels if people.get(label, label) in who_is_meant]


def _chosen(labels: Sequence[str], shown: Mapping[str, str], named: str) -> list[str]:
    if named in labels:
        return [named]
    by_label = [label for label in labels if folded(label) == folded(named)]
    return by_label or [label for label in labels if folded(shown.get(label, label)) == folded(named)]


def link(
    session: Session,
    result_ids: Sequence[UUID],
    labels: Sequence[str],
    speaker_id: UUID,
    how: How,
    score: float | None = None,
) -> None:
    """These labels are, may be, or are not that person; what was thought of them before goes."""
    row = ResultSpeaker
    is_of_them = (row.result_id.in_(result_ids), row.label.in_(labels))
    is_other = (
        row.speaker_id == speaker_id if how == "rejected" else or_(row.how != "rejected", row.speaker_id == speaker_id)
    )
    session.execute(delete(row).where(*is_of_them, is_other))
    session.execute(
        insert(row),
        [
            {"result_id": result_id, "label": label, "speaker_id": speaker_id, "how": how, "score": score}
            for result_id in result_ids
            for label in labels
        ],
    )


def unlink(session: Session, result_ids: Sequence[UUID], labels: Sequence[str]) -> None:
    """Nobody knows any more who these labels are; who they are not stays known."""
    row = ResultSpeaker
    is_of_them = (row.result_id.in_(result_ids), row.label.in_(labels), row.how != "rejected")
    session.execute(delete(row).where(*is_of_them))


def drop_suggestions(session: Session, result_ids: Sequence[UUID], speaker_id: UUID) -> None:
    """That person isn't suggested in these results any more: it is known who of them it is."""
    row = ResultSpeaker
    is_theirs = (row.result_id.in_(result_ids), row.speaker_id == speaker_id, row.how == "suggested")
    session.execute(delete(row).where(*is_theirs))


def pass_prints(session: Session, result_ids: Sequence[UUID], labels: Sequence[str], speaker_id: UUID | None) -> None:
    """Prints that were taken of these labels are another person's; None: nobody's, and go."""
    row = VoicePrint
    is_of_them = (row.result_id.in_(result_ids), row.label.in_(labels))
    if speaker_id is None:
        session.execute(delete(row).where(*is_of_them))
        return
    for voice in session.scalars(select(row).where(*is_of_them)):
        voice.speaker_id = speaker_id
    session.flush()


def show(session: Session, result_ids: Iterable[UUID]) -> None:
    """Have everything know the names that labels have now; drop people who are neither a name nor several labels."""
    for result_id in result_ids:
        indexing.write_names(session, session.get_one(TranscriptionResult, result_id))
    session.execute(_DROP_NAMELESS)


_DROP_NAMELESS = text("""
    DELETE FROM speakers p WHERE p.name IS NULL AND NOT EXISTS (
        SELECT FROM result_speakers l WHERE l.speaker_id = p.id AND l.how <> 'rejected'
        GROUP BY l.result_id HAVING count(*) > 1
    )""")
