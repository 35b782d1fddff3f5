"""What searches read, kept beside the results: written in the transaction that stores a result, or later from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from trax.database.engine import sqlstate
from trax.database.indexed_text import NOT_KNOWN, rows_of, speakers_of
from trax.database.models import TranscriptionResult
from trax.database.search_models import TranscriptIndex
from trax.database.speakers import names_of
from trax.search import unindexed
from trax.search.pairs import pairs_in
from trax.search.passages import IndexedSegment, Passage

INDEX_VERSION = 2  # to be raised with whatever changes the rows that a result gets

LONGEST_SPEAKER = 200  # characters: more is no name, and too long for an index
TOO_MUCH = ("22", "54")  # classes of SQLSTATE: what the server can't take in

SEGMENTS = (
    "result_id", "idx", "newest", "media_file_id", "start_ms", "end_ms", "speaker", "confidence",
    "language", "text", "next_head", "search_text", "pairs",
)  # fmt: skip
PASSAGES = (
    "result_id", "first_idx", "last_idx", "newest", "media_file_id", "start_ms", "end_ms", "speakers",
    "language", "text", "next_head", "search_text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndexState:
    """How much of the archive can be searched, and by what means."""

    results: int
    waiting: int  # results that `trax db reindex` would index
    has_trigrams: bool  # parts of words, and words that are mistyped
    outdated: int = 0  # of those that wait: found already, by what an older Trax has indexed

    @property
    def hint(self) -> str:
        """What to tell whoever searches; nothing where all is indexed."""
        return unindexed.hint(self.waiting - self.outdated, self.outdated)


@dataclass(frozen=True, slots=True)
class Written:
    """What was indexed of one result."""

    segments: int
    passages: int
    is_readable: bool


def write_index(session: Session, result: TranscriptionResult) -> Written:
    """Index a result in this transaction, which has the lock on the result's media file.

    What can't be indexed is marked as done with no rows: no transcript is lost because nobody could search it.
    """
    try:
        segments, passages = rows_of(session, result)
        is_readable = True
    except ValueError:
        segments, passages, is_readable = [], [], False
    _mark(session, result, segments, passages)
    is_newest = settle(session, result.media_file_id) == result.id
    names = names_of(session, result.id)
    try:
        with session.begin_nested():
            _copy(session, "transcript_segments", SEGMENTS, _segment_rows(result, is_newest, segments, names))
            _copy(session, "transcript_passages", PASSAGES, _passage_rows(result, is_newest, passages, names))
    except DBAPIError as error:
        if not (sqlstate(error) or "").startswith(TOO_MUCH):
            raise
        _mark(session, result, [], [])
        return Written(0, 0, is_readable=False)
    return Written(len(segments), len(passages), is_readable)


def settle(session: Session, media_id: UUID) -> UUID | None:
    """The result that searches of the newest see, after the rows of all others have left that part."""
    return session.scalar(select(func.trax_settle_newest(media_id)))


def write_names(session: Session, result: TranscriptionResult) -> None:
    """Have searches know the speakers of a result by the names that they have now.

    In the transaction that changes the names, which has the lock on the result's media file.
    """
    try:
        labels = speakers_of(session, result)
    except ValueError:
        return  # nothing of it is indexed
    names = names_of(session, result.id)
    said = {"places": list(range(len(labels))), "speakers": [_name(label, names) for label in labels]}
    session.execute(_NAME_SEGMENTS, {"id": result.id, **said})
    session.execute(_NAME_PASSAGES, {"id": result.id})


_NAME_SEGMENTS = text("""
    UPDATE transcript_segments s SET speaker = said.speaker
    FROM unnest(CAST(:places AS integer[]), CAST(:speakers AS text[])) AS said (idx, speaker)
    WHERE s.result_id = :id AND s.idx = said.idx AND s.speaker IS DISTINCT FROM said.speaker""")

_NAME_PASSAGES = text("""
    UPDATE transcript_passages p SET speakers = said.speakers
    FROM (
        SELECT q.first_idx, ARRAY(
            SELECT s.speaker FROM transcript_segments s
            WHERE s.result_id = :id AND s.idx BETWEEN q.first_idx AND q.last_idx AND s.speaker IS NOT NULL
            GROUP BY s.speaker ORDER BY min(s.idx)
        ) AS speakers
        FROM transcript_passages q WHERE q.result_id = :id
    ) said
    WHERE p.result_id = :id AND p.first_idx = said.first_idx AND p.speakers <> said.speakers""")


def clear(session: Session, result_id: UUID) -> None:
    """Remove the rows of a result, which keeps its mark: it is to be indexed anew."""
    for table in ("transcript_segments", "transcript_passages"):
        session.execute(text(f"DELETE FROM {table} WHERE result_id = :id"), {"id": result_id})  # noqa: S608


def state(session: Session) -> IndexState:
    """How much of the archive can be searched."""
    waiting = select(func.count()).select_from(TranscriptionResult).where(~is_indexed())
    outdated = select(func.count()).select_from(TranscriptIndex).where(TranscriptIndex.indexed_version < INDEX_VERSION)
    return IndexState(
        results=session.scalar(select(func.count()).select_from(TranscriptionResult)) or 0,
        waiting=session.scalar(waiting) or 0,
        has_trigrams=bool(session.scalar(text("SELECT to_regclass('ix_transcript_segments_text') IS NOT NULL"))),
        outdated=session.scalar(outdated) or 0,
    )


def is_indexed() -> Any:
    """Whether a result is indexed, by this version or by that of a newer Trax."""
    index = TranscriptIndex
    return (
        select(index.result_id)
        .where(index.result_id == TranscriptionResult.id, index.indexed_version >= INDEX_VERSION)
        .exists()
    )


def _mark(
    session: Session,
    result: TranscriptionResult,
    segments: Sequence[IndexedSegment],
    passages: Sequence[Passage],
) -> None:
    values = {
        "language": segments[0].language if segments else NOT_KNOWN,
        "indexed_version": INDEX_VERSION,
        "segments": len(segments),
        "passages": len(passages),
        "indexed_at": func.now(),
    }
    statement = insert(TranscriptIndex).values(result_id=result.id, media_file_id=result.media_file_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[TranscriptIndex.result_id], set_=values))


def _segment_rows(
    result: TranscriptionResult, is_newest: bool, segments: Iterable[IndexedSegment], names: Mapping[str, str]
) -> Iterable[tuple[object, ...]]:
    for row in segments:
        yield (
            result.id, row.idx, is_newest, result.media_file_id, row.start_ms, row.end_ms, _name(row.speaker, names),
            row.confidence, row.language, row.text, row.next_head, row.search_text,
            pairs_in(f"{row.text} {row.next_head}"),
        )  # fmt: skip


def _passage_rows(
    result: TranscriptionResult, is_newest: bool, passages: Iterable[Passage], names: Mapping[str, str]
) -> Iterable[tuple[object, ...]]:
    for row in passages:
        speakers = dict.fromkeys(_name(speaker, names) for speaker in row.speakers)
        yield (
            result.id, row.first_idx, row.last_idx, is_newest, result.media_file_id, row.start_ms, row.end_ms,
            list(speakers), row.language, row.text, row.next_head, row.search_text,
        )  # fmt: skip


def _name(label: str | None, names: Mapping[str, str]) -> str | None:
    return None if label is None else names.get(label, label)[:LONGEST_SPEAKER]


def _copy(session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows in the one way that costs the server least, which SQLAlchemy has no words for."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the database is reached by another driver than psycopg")
    try:
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError(statement, None, error, hide_parameters=True) from error
