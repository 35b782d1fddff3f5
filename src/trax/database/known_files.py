"""The query by which files that are in the archive are told without being read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# Joined, and not compared with a list: so that each path is looked up in the index, which is one by hash.
KNOWN = text("""
SELECT wanted.number, media.id, array_remove(array_agg(job.request_id), NULL)
FROM unnest(CAST(:paths AS text[]), CAST(:sizes AS bigint[]), CAST(:mtimes AS text[]))
    WITH ORDINALITY AS wanted (path, size_bytes, mtime_ns, number)
JOIN media_files AS media ON media.local_path = wanted.path
    AND media.file_size = wanted.size_bytes AND media.file_metadata->>'mtime_ns' = wanted.mtime_ns
LEFT JOIN transcription_jobs AS job ON job.media_file_id = media.id
WHERE media.file_hash IS NOT NULL
GROUP BY wanted.number, media.id
""")


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it is on the disk."""

    path: str  # as `local_path` has it
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The media row of a file that has not changed since it was added, and what was asked of it."""

    media_id: UUID
    request_ids: frozenset[UUID]  # of its jobs, whatever became of them


def known_files(session: Session, files: Sequence[FileState]) -> list[KnownFile | None]:
    """For each file its media row, if path, size and time of change are still those of the row."""
    known: list[KnownFile | None] = [None] * len(files)
    for number, media_id, request_ids in session.execute(KNOWN, parameters(files)):
        known[number - 1] = KnownFile(media_id, frozenset(request_ids))
    return known


def parameters(files: Sequence[FileState]) -> dict[str, list[str] | list[int]]:
    """What `KNOWN` asks for."""
    return {
        "paths": [file.path for file in files],
        "sizes": [file.size_bytes for file in files],
        "mtimes": [str(file.mtime_ns) for file in files],
    }
