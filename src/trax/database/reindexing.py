"""Indexing what isn't indexed, or was by an older Trax: media file by media file, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from trax.database import indexing, lexicon
from trax.database.engine import Database, sqlstate
from trax.database.models import MediaFile, TranscriptionResult
from trax.database.search_models import TranscriptIndex
from trax.errors import DatabaseUnavailable

READ_AT_A_TIME = 500  # media files
FIRST = UUID(int=0)
DEADLOCK = "40P01"  # SQLSTATE
DEADLOCKS = 3  # of one media file, that are waited for

Progress = Callable[[int, int], object]  # results so far, results in all


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What a run has done."""

    indexed: int
    unreadable: int  # among them: there is nothing in them that could be searched
    counted: int  # transcripts whose words are now known to searches for mistyped ones
    forgotten: int  # words that nobody says any more
    has_trigrams: bool


def reindex(database: Database, progress: Progress = lambda done, total: None) -> Reindexed:
    """Index all results that need it. Whatever ends it, what was done stays done; others may do the same meanwhile."""
    with database.transaction() as session:
        has_trigrams = ensure_optional(session)
        total = indexing.state(session).waiting
    indexed, unreadable = 0, 0
    progress(0, total)
    for written in _all_results(database):
        indexed += len(written)
        unreadable += sum(not one.is_readable for one in written)
        progress(indexed, max(indexed, total))
    counted = _count_words(database)
    forgotten = _forget_words(database)
    if indexed:
        with database.transaction() as session:
            tidy(session)
    return Reindexed(indexed, unreadable, counted, forgotten, has_trigrams)


def forget(session: Session) -> None:
    """Have all results indexed and all words counted anew by the next run; until then the old rows are searched."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lexicon.COUNTING})
    session.execute(text("DELETE FROM search_lexicon"))
    session.execute(update(TranscriptIndex).values(indexed_version=0, counted=False))


def ensure_optional(session: Session) -> bool:
    """Whether parts of words can be searched: the indexes are made if the server has pg_trgm and we may use it."""
    return bool(session.scalar(text("SELECT trax_ensure_trigrams()")))


def tidy(session: Session) -> None:
    """Leave the tables as the server likes them after many new rows, so far as they are ours."""
    _empty_pending_lists(session)
    session.execute(text("ANALYZE transcript_index, transcript_segments, transcript_passages, search_lexicon"))


def _empty_pending_lists(session: Session) -> None:
    """Bring new rows into the indexes of words: each look into one goes through all that are still beside it."""
    session.execute(
        text("""
            SELECT gin_clean_pending_list(c.oid) FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
            JOIN pg_inherits h ON h.inhrelid = i.indrelid
            WHERE a.amname = 'gin' AND pg_has_role(c.relowner, 'USAGE')
                AND h.inhparent IN (to_regclass('transcript_segments'), to_regclass('transcript_passages'))""")
    )


def _all_results(database: Database) -> Iterator[list[indexing.Written]]:
    """What was written of each media file; those that others are at work on come last."""
    busy: list[UUID] = []
    for media_id in _media_waiting(database):
        written = _unless_deadlocked(database, media_id, patiently=False)
        if written is None:
            busy.append(media_id)
        else:
            yield written
    for media_id in busy:
        yield _at_last(database, media_id)


def _at_last(database: Database, media_id: UUID) -> list[indexing.Written]:
    for _ in range(DEADLOCKS):
        written = _unless_deadlocked(database, media_id, patiently=True)
        if written is not None:
            return written
    return _of_media(database, media_id, patiently=True) or []


def _unless_deadlocked(database: Database, media_id: UUID, *, patiently: bool) -> list[indexing.Written] | None:
    """The same as `_of_media`, and None where others who delete results of it wait for us, and we for them."""
    try:
        return _of_media(database, media_id, patiently=patiently)
    except DatabaseUnavailable as error:
        if sqlstate(error) != DEADLOCK:
            raise
        return None


def _media_waiting(database: Database) -> Iterator[UUID]:
    """Media files with results to be indexed, in the order of their IDs."""
    after, media_file_id = FIRST, TranscriptionResult.media_file_id
    while True:
        waiting = select(media_file_id).distinct().where(~indexing.is_indexed(), media_file_id > after)
        with database.transaction() as session:
            found = session.scalars(waiting.order_by(media_file_id).limit(READ_AT_A_TIME)).all()
        yield from found
        if len(found) < READ_AT_A_TIME:
            return
        after = found[-1]


def _of_media(database: Database, media_id: UUID, *, patiently: bool) -> list[indexing.Written] | None:
    """Index the results of a media file; None if another process has it, and nobody wants to wait."""
    with database.transaction() as session:
        # the lock under which results are stored
        lock = select(MediaFile.id).where(MediaFile.id == media_id)
        if session.scalar(lock.with_for_update(key_share=True, skip_locked=not patiently)) is None:
            return [] if patiently else None
        waiting = select(TranscriptionResult).where(
            TranscriptionResult.media_file_id == media_id, ~indexing.is_indexed()
        )
        return [_rewrite(session, result) for result in session.scalars(waiting.order_by(TranscriptionResult.version))]


def _rewrite(session: Session, result: TranscriptionResult) -> indexing.Written:
    # whoever embeds passages of it waits for us, or we for them
    session.execute(select(TranscriptIndex).where(TranscriptIndex.result_id == result.id).with_for_update())
    before = _passages(session, result.id)
    indexing.clear(session, result.id)
    written = indexing.write_index(session, result)
    after = _passages(session, result.id)
    _drop_embeddings(session, result.id, [first for first in before if before[first] != after.get(first)])
    session.expunge(result)  # a long transcript takes much memory
    return written


def _passages(session: Session, result_id: UUID) -> dict[int, str]:
    """A digest of each passage, by its first segment."""
    statement = text("SELECT first_idx, md5(text) AS digest FROM transcript_passages WHERE result_id = :id")
    return {row.first_idx: row.digest for row in session.execute(statement, {"id": result_id})}


def _drop_embeddings(session: Session, result_id: UUID, firsts: list[int]) -> None:
    """Remove what was computed from passages that are others now."""
    statement = text("DELETE FROM passage_embeddings WHERE result_id = :id AND first_idx = ANY(:firsts)")
    session.execute(statement, {"id": result_id, "firsts": firsts})


def _count_words(database: Database) -> int:
    counted = 0
    while True:
        with database.transaction() as session:
            done = lexicon.refresh(session)
        if not done:
            return counted
        counted += done


def _forget_words(database: Database) -> int:
    """Words that went with the last transcript that had them: a search would be corrected to what isn't there."""
    forgotten, last = 0, ""
    with database.transaction() as session:
        _empty_pending_lists(session)
    while True:
        with database.transaction() as session:
            looked_at, gone = lexicon.prune(session, last, lexicon.LOOKED_AT)
        forgotten += gone
        if looked_at is None:
            return forgotten
        last = looked_at
