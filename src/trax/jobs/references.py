"""References of media files: stored, listed and removed, and what that does to the accuracy of their transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from trax.database import imports, lookup, measuring, references
from trax.database.engine import Database, Transaction
from trax.database.measuring import Measured
from trax.database.models import MediaFile, TranscriptionResult
from trax.database.reference_models import MediaReference
from trax.database.references import Listed, NewReference
from trax.errors import TranscriptUnreadable, UsageError
from trax.evaluation.checks import too_long
from trax.ingest.reference_files import ReferenceFile, read_reference_file
from trax.jobs.evaluate import checked_language
from trax.jobs.imports import media_named


@dataclass(frozen=True, slots=True)
class Added:
    """A stored reference, and how right the transcripts of its media are by it."""

    id: UUID
    media_id: UUID
    filename: str  # of the media
    name: str
    existed: bool  # these very bytes had been stored for this media before
    words: int
    turns: int
    measured: tuple[Measured, ...]  # all transcripts of the media, oldest first


@dataclass(frozen=True, slots=True)
class Removed:
    """A reference that is no more."""

    id: UUID
    media_id: UUID
    filename: str
    name: str
    measured: tuple[Measured, ...]  # by the reference that stands now, if there is another one


def add(database: Database, media: str, source: str, language: str | None = None) -> Added:
    """Store a file, or name a result, as a reference of a media file, which is given by its ID or its path.

    language: of the words, where the file doesn't say it.

    Raises: TranscriptUnreadable, MediaError, RecordNotFound, UsageError.
    """
    code = checked_language(language)
    path = Path(source).expanduser() if source.startswith("~") else Path(source)
    if lookup.is_id(source) and not path.exists():
        return _add_result(database, media, source)
    file = read_reference_file(path, code)  # first: what can't be read leaves no media row behind
    media_id = _media_of(database, media)
    with database.transaction() as session:
        return _add_file(session, media_id, file)


def listing(database: Database, media: str | None = None) -> list[Listed]:
    """All stored references, or those of a media file."""
    with database.transaction() as session:
        media_id = None if media is None else lookup.media_or_result(session, media)[0].id
        return references.listing(session, media_id)


def remove(database: Database, id: str) -> Removed:
    """Take away the reference with that ID; or that of a media file, where it has one.

    Raises: RecordNotFound, UsageError.
    """
    with database.transaction() as session:
        row = _meant(session, id)
        media = session.get_one(MediaFile, row.media_file_id)
        imports.lock(session, media.id)
        references.remove(session, row.id)
        measured = tuple(measuring.remeasure(session, media.id))
        return Removed(row.id, media.id, media.filename, row.name, measured)


def _media_of(database: Database, named: str) -> UUID:
    """The media file that is meant; that of a transcript, by its ID; a file that isn't registered yet is."""
    if not lookup.is_id(named) or Path(named).exists():
        return media_named(database, named)
    with database.transaction() as session:
        return lookup.media_or_result(session, named)[0].id


def _meant(session: Transaction, id: str) -> MediaReference:
    known = lookup.find_reference(session, id)
    if known is not None:
        return known
    media, _ = lookup.media_or_result(session, id)
    stored = references.of_media(session, media.id)
    if len(stored) == 1:
        return stored[0]
    if not stored:
        raise UsageError(f"{media.filename} has no reference.", "`trax reference list` shows those that there are.")
    raise UsageError(
        f"{media.filename} has {len(stored)} references.", f"Name one by its own ID, of `trax reference list {id}`."
    )


def _add_file(session: Transaction, media_id: UUID, file: ReferenceFile) -> Added:
    duration = imports.lock(session, media_id)
    media = session.get_one(MediaFile, media_id)
    reference = file.of(media.filename)
    if (why := too_long(reference, duration)) is not None:
        raise TranscriptUnreadable(f"{file.name} {why}: it is of another recording.", "Name the right one.")
    new = NewReference(media_id, file.name, file.format, file.sha256, reference)
    row, existed = references.add(session, new)
    return Added(
        row.id,
        media_id,
        media.filename,
        row.name,
        existed,
        reference.word_count,
        len(reference.turns),
        tuple(measuring.remeasure(session, media_id)),
    )


def _add_result(database: Database, media: str, id: str) -> Added:
    media_id = _media_of(database, media)
    with database.transaction() as session:
        imports.lock(session, media_id)
        file, result = lookup.media_or_result(session, id)
        if result is None:
            raise UsageError(f"{id} is a media file, {file.filename}.", "Name a file, or one of its transcripts.")
        if file.id != media_id:
            raise UsageError(f"{id} is a transcript of {file.filename}.", "Name one of the same media file.")
        return _added_result(session, file, result)


def _added_result(session: Transaction, file: MediaFile, result: TranscriptionResult) -> Added:
    reference = references.as_reference(session, result)
    if not reference.utterances:
        raise UsageError(f"Nothing is said in version {result.version} of {file.filename}.", "Name another version.")
    if measuring.stretch_of(result) is not None:
        raise UsageError(
            f"Version {result.version} of {file.filename} is of a part of it.", "Name a version of the whole."
        )
    row, existed = references.add_result(session, result)
    return Added(
        row.id,
        file.id,
        file.filename,
        row.name,
        existed,
        reference.word_count,
        len(reference.turns),
        tuple(measuring.remeasure(session, file.id)),
    )
