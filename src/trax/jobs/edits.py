"""Corrections by a person: each is a version of its own, made from the one that was before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from trax.database import derived, documents, lookup, media, speakers, transcripts
from trax.database.edits import EDIT, Tree
from trax.database.engine import Database, Transaction
from trax.database.models import MediaFile, TranscriptionResult
from trax.database.transcripts import NewResult
from trax.editing.document import Line, as_document, changed, lines_of, source_of
from trax.editing.replacing import replaced
from trax.editing.typed import typed
from trax.editing.who import labelled, retold
from trax.errors import UsageError
from trax.storable import storable_json, storable_text
from trax.transcript import Transcript
from trax.transcription.confidence import estimate_accuracy

How = Literal["editor", "file", "replace", "rebase"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A version as a person is shown it to correct it."""

    result_id: UUID
    media_id: UUID
    title: str
    version: int
    document: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants changed: a document, or texts to be put in place of others."""

    how: How
    document: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    checked: bool | None = None  # the person has read all of it; None: so it is with a document alone

    @property
    def is_checked(self) -> bool:
        return self.how != "replace" if self.checked is None else self.checked


@dataclass(frozen=True, slots=True)
class Newer:
    """A version that is newer than the one that was corrected, and doesn't have these corrections."""

    id: UUID
    version: int
    is_edit: bool


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of it: before and after as they are shown, with the names of speakers."""

    before: Transcript
    after: Transcript
    parent_id: UUID
    media_id: UUID
    version: int  # of the parent
    title: str
    speakers: tuple[tuple[int, str | None, str | None], ...]  # segment, before, after: who is to have said it
    segments: int  # that read otherwise now
    places: int | None  # in which a text was replaced
    result_id: UUID | None = None  # None: nothing was changed, or nothing was to be stored
    newer: Newer | None = None

    @property
    def is_changed(self) -> bool:
        return bool(self.segments)


def open_for_editing(database: Database, id: str) -> Opened:
    """What is to be corrected: of a media file its newest transcript.

    Raises: RecordNotFound, UsageError: there is no text.
    """
    with database.transaction() as session:
        file, found = lookup.media_or_result(session, id)
        result = found or transcripts.of_media(session, file.id)
        spoken = speakers.spoken(session, result).transcript
        _check(result, spoken)
        title = f"{file.filename}, version {result.version}"
        return Opened(
            result.id, file.id, file.filename, result.version, as_document(spoken, storable_text(title), result.id)
        )


def edit(database: Database, id: str, wanted: Wanted, *, dry_run: bool = False) -> Edited:
    """Store a version with what is wanted, made from the one that the document names, or that the ID means.

    Raises: RecordNotFound, UsageError: the document is of another transcript or can't be read; a text isn't there.
    """
    with database.transaction() as session:
        file, found = lookup.media_or_result(session, id)
        media.lock(session, file.id)
        result = _meant(session, file, found, source_of(wanted.document))
        stored, shown = documents.transcript_of(result), speakers.spoken(session, result).transcript
        _check(result, shown)
        lines, places = _lines(wanted, shown)
        own = labelled(lines, shown, stored)
        edited = _edited(file, result, shown, lines, places)
        if not lines or dry_run:
            return edited
        new = _store(session, result, typed(stored, own), _facts(result, wanted, edited))
        newer = _newer(session, result, new)
        return replace(edited, result_id=new.id, newer=newer)


def new_result(parent: TranscriptionResult, transcript: Transcript, facts: dict[str, Any]) -> NewResult:
    """A version that a person has made from that one."""
    is_measured = parent.confidence_scores is not None
    is_estimated = is_measured and not facts["checked"]
    config = {name: fact for name, fact in (parent.model_config or {}).items() if name != "profile"}
    return NewResult(
        job_id=parent.job_id,
        media_id=parent.media_file_id,
        pipeline_version=EDIT,
        transcript=transcript,
        accuracy=estimate_accuracy(transcript) if is_estimated else None,
        processing_time=None,
        model_used=parent.model_used or "",
        model_config=config,
        parent_id=parent.id,
        speaker_info=retold(parent.speaker_info, transcript),
        is_measured=is_measured,
        beside={"edited": storable_json(facts)},
    )


def _store(
    session: Transaction, parent: TranscriptionResult, transcript: Transcript, facts: dict[str, Any]
) -> TranscriptionResult:
    asked = {"pipeline": EDIT, "parent": str(parent.id), "how": facts["how"]}
    return derived.store(session, new_result(parent, transcript, facts), asked=asked)


def _meant(
    session: Transaction, file: MediaFile, found: TranscriptionResult | None, named: UUID | None
) -> TranscriptionResult:
    """The version whose document it is; what the ID means, where the document says nothing or that one is gone."""
    of_document = None if named is None else session.get(TranscriptionResult, named)
    if of_document is None:
        return found or transcripts.of_media(session, file.id)
    if of_document.media_file_id != file.id:
        raise UsageError(f"That text is of another recording than {file.filename}.", f"Its transcript is {named}.")
    if found is not None and found.id != of_document.id:
        raise UsageError(
            f"That text is of version {of_document.version}, and {found.id} is version {found.version}.",
            f"Correct the one that it is of, `trax edit {named}`, and carry that over with `trax rebase`.",
        )
    return of_document


def _check(result: TranscriptionResult, transcript: Transcript) -> None:
    if not transcript.segments:
        raise UsageError(f"Version {result.version} has no text with times.", "`trax versions` lists what there is.")


def _lines(wanted: Wanted, shown: Transcript) -> tuple[list[Line], int | None]:
    """The lines that change; and in how many places, where texts are replaced."""
    if wanted.how == "replace":
        pairs = [(storable_text(old), storable_text(new)) for old, new in wanted.pairs]
        return replaced(shown, pairs)
    return changed(lines_of(storable_text(wanted.document), shown), shown), None


def _edited(
    file: MediaFile, result: TranscriptionResult, shown: Transcript, lines: Sequence[Line], places: int | None
) -> Edited:
    segments = shown.segments
    spoken_by = tuple(
        (line.segment, segments[line.segment].speaker, line.speaker)
        for line in lines
        if line.text and line.speaker != (" ".join((segments[line.segment].speaker or "").split()) or None)
    )
    return Edited(
        before=shown,
        after=typed(shown, lines) if lines else shown,
        parent_id=result.id,
        media_id=file.id,
        version=result.version,
        title=file.filename,
        speakers=spoken_by,
        segments=len(lines),
        places=places,
    )


def _facts(result: TranscriptionResult, wanted: Wanted, edited: Edited) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "from": str(result.id),
        "how": wanted.how,
        "changes": edited.segments,
        "speakers": len(edited.speakers),
        "checked": wanted.is_checked,
    }
    if wanted.how == "replace":
        facts |= {"replaced": [list(pair) for pair in wanted.pairs], "places": edited.places}
    return facts


def _newer(session: Transaction, edited: TranscriptionResult, made: TranscriptionResult) -> Newer | None:
    """The newest version, if it is of the same sound and neither what was edited nor made of it nor before it."""
    tree = Tree(session, edited.media_file_id)
    ours = {one.id for one in tree.ancestry(made.id)}
    like = tree.versions[made.id]
    others = [
        one
        for one in tree.versions.values()
        if one.id not in ours and one.version > edited.version and one.is_of_same_part(like)
    ]
    ours_first = max(others, key=lambda one: (one.pipeline_version != transcripts.IMPORT, one.version), default=None)
    if ours_first is None or ours_first.pipeline_version == transcripts.IMPORT:
        return None
    return Newer(ours_first.id, ours_first.version, ours_first.is_edit)
