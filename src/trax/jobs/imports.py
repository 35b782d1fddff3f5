"""Transcripts that others have made: stored beside ours, as a version of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from trax.database import imports, lookup, media
from trax.database.engine import Database
from trax.errors import MediaError, MediaNotFound, TranscriptUnreadable, TraxError, UsageError
from trax.ingest.languages import language_code
from trax.ingest.transcript_files import ImportedTranscript, TranscriptFile, read_transcript_file
from trax.jobs.prepare import new_media
from trax.media.files import display_name, path_text
from trax.storable import storable_text
from trax.transcript import Transcript

UNKNOWN_LANGUAGE = "und"  # ISO 639-2 for "undetermined"


@dataclass(frozen=True, slots=True)
class Imported:
    """An imported transcript as it is stored."""

    result_id: UUID
    existed: bool  # these very bytes had been imported for this media before; nothing was done
    media_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of one of several files."""

    path: Path
    imported: Imported | None = None
    file: TranscriptFile | None = None
    error: TraxError | None = None


def import_transcript(
    database: Database,
    media_id: UUID,
    transcript: ImportedTranscript,
    *,
    name: str,
    sha256: str,
    origin: str,
    language: str | None = None,
) -> Imported:
    """Store a transcript of others for media that is registered; `language` is what its source says of it.

    It never answers a request, and is what a reader gets only where there is no transcript of ours.
    """
    with database.transaction() as session:
        duration = imports.lock(session, media_id)
        known = imports.find(session, media_id, sha256)
        if known is not None:
            return Imported(known.id, True, media_id, known.version)
        code = language_code(language) or transcript.language or UNKNOWN_LANGUAGE
        transcript = transcript if duration is None else transcript.lasting(duration)
        last = max(segment.end for segment in transcript.segments)
        stored = imports.store(
            session,
            imports.NewImport(
                media_id,
                Transcript(code, last if duration is None else duration, transcript.segments),
                model_used=f"import:{transcript.format}",
                sha256=sha256,
                details={"file": display_name(Path(storable_text(name))), "origin": origin, **_facts(transcript)},
            ),
        )
        return Imported(stored.id, False, media_id, stored.version)


def _facts(transcript: ImportedTranscript) -> dict[str, Any]:
    """What `model_config` says of a transcript's making."""
    facts: dict[str, Any] = {"format": transcript.format, "left_out": transcript.left_out}
    if transcript.is_estimated:
        facts |= {"times": "estimated", "last_time_told": transcript.last_told or None}
    return facts


def import_file(
    database: Database, named: str, path: Path, language: str | None = None
) -> tuple[Imported, TranscriptFile]:
    """Store the transcript in a file for the media that `named` is: an ID, or a file's path (see `media_named`).

    Raises: TranscriptUnreadable, MediaError, RecordNotFound, UsageError.
    """
    _check_language(language)
    file = read_transcript_file(path)  # first: what can't be imported leaves no media row behind
    imported = import_transcript(
        database,
        media_named(database, named),
        file.transcript,
        name=file.name,
        sha256=file.sha256,
        origin="file",
        language=language,
    )
    return imported, file


def import_files_alone(
    database: Database, paths: Sequence[Path], language: str | None = None
) -> Iterator[ImportOutcome]:
    """Store transcripts of which there is no recording here, each for a media row of its own.

    The same bytes again add nothing. Raises: UsageError: no such language.
    """
    _check_language(language)
    for path in paths:
        try:
            file = read_transcript_file(path)
        except (MediaError, TranscriptUnreadable) as error:
            yield ImportOutcome(path, error=error)
            continue
        yield ImportOutcome(path, _import_alone(database, path, file, language), file)


def _import_alone(database: Database, path: Path, file: TranscriptFile, language: str | None) -> Imported:
    with database.transaction() as session:
        media_id = imports.media_of_transcript(
            session, file.sha256, filename=file.name, source_path=path_text(path.absolute())
        )
    return import_transcript(
        database, media_id, file.transcript, name=file.name, sha256=file.sha256, origin="file", language=language
    )


def _check_language(language: str | None) -> None:
    if language is not None and language_code(language) is None:
        raise UsageError(f"{language!r} is no language.", "Give a code such as en, or a name such as English.")


def media_named(database: Database, named: str) -> UUID:
    """ID of the media that a path or an ID names; a file that isn't registered yet is.

    Raises: MediaError, RecordNotFound, UsageError.
    """
    path = _path(named)
    if named.strip() and _is_there(path):
        new = new_media(path)
        with database.transaction() as session:
            return media.add(session, new)[0].id
    if not lookup.is_id(named):
        raise MediaNotFound(f"There is no file {display_name(path)}, and that is no ID either.", "Check the path.")
    with database.transaction() as session:
        file, _ = lookup.media_or_result(session, named)
        if file.file_hash is None and imports.TRANSCRIPT_ALONE not in (file.file_metadata or {}):
            raise MediaNotFound(f"{file.filename} has not come yet.", f"Add it first: `trax add {file.source_path}`.")
        return file.id


def _path(named: str) -> Path:
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError:  # ~name where there is no such user
        return Path(named).absolute()


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True  # whoever opens it says so
    except (OSError, ValueError):
        return False
    return True
