"""Every word that was said, with how often: what a mistyped word may have meant."""

# ruff: noqa: S608  (statements are made of our own parts alone; what users say is bound)

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.database.search_models import configuration
from trax.search.words import TRANSLATED

COUNTING = 0x7472_6178_6C65_7869  # key of an advisory lock: "traxlexi"
CANDIDATES = 50
AT_ONCE = 100  # transcripts that are counted in one transaction
LOOKED_AT = 2000  # words that are looked for in one transaction


def uncounted(session: Session) -> int:
    """Number of transcripts whose words are not counted yet."""
    return session.scalar(text("SELECT count(*) FROM transcript_index WHERE NOT counted")) or 0


def refresh(session: Session, most: int = AT_ONCE) -> int:
    """Count the words of so many transcripts; returns how many were counted, 0 also while another process does it."""
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": COUNTING}):
        return 0
    chosen = list(
        session.scalars(
            text("SELECT result_id FROM transcript_index WHERE NOT counted ORDER BY result_id LIMIT :most"),
            {"most": most},
        )
    )
    if chosen:
        session.execute(text(_COUNT), {"results": chosen, "rows": _rows(chosen)})
        session.execute(
            text("UPDATE transcript_index SET counted = true WHERE result_id = ANY(:results)"), {"results": chosen}
        )
    return len(chosen)


# In the order of the words: two that count at once wait for each other, but never in a circle.
_COUNT = """
    INSERT INTO search_lexicon (word, count)
    SELECT word, ndoc FROM ts_stat(:rows)
    WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]'
    ORDER BY word
    ON CONFLICT (word) DO UPDATE SET count = search_lexicon.count + excluded.count"""


def prune(session: Session, after: str, most: int) -> tuple[str | None, int]:
    """Look at so many words after that one, and forget those that nobody says any more.

    Returns the last one that was looked at, None where there was none, and how many are forgotten. A word stays while
    a search for it finds something, in any language of the archive, and where it has too little meaning to be told.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": COUNTING})
    languages = session.scalars(text("SELECT DISTINCT language FROM transcript_index WHERE segments > 0"))
    configured = sorted({configuration(language) for language in languages})
    words = list(session.scalars(text(_NEXT_WORDS), {"after": after, "most": most}))
    gone = session.execute(text(FORGET), {"words": words, "configured": configured}) if words else None
    return (words[-1] if words else None), (0 if gone is None else len(gone.all()))


_NEXT_WORDS = "SELECT word FROM search_lexicon WHERE word > :after ORDER BY word LIMIT :most"
FORGET = """
    DELETE FROM search_lexicon l WHERE word = ANY(:words) AND NOT EXISTS (
        SELECT FROM (
            SELECT phraseto_tsquery(CAST(name AS regconfig), l.word) AS meant
            FROM unnest(CAST(:configured AS text[])) AS name
        ) configured
        WHERE numnode(meant) = 0 OR EXISTS (SELECT FROM transcript_passages p WHERE p.tsv @@ meant OFFSET 0)
    )
    RETURNING word"""


def _rows(chosen: Sequence[object]) -> str:
    """What ts_stat reads: a statement as a text, so the IDs stand in it. They come from the database."""
    ids = ", ".join(f"'{result_id}'" for result_id in chosen)
    words = f"translate(text, $${TRANSLATED}$$, '{' ' * len(TRANSLATED)}')"
    return (
        f"SELECT to_tsvector('pg_catalog.simple', {words}) FROM transcript_segments "
        f"WHERE result_id IN ({ids}) AND search_text IS NULL"
    )


def known(session: Session, words: Sequence[str]) -> set[str]:
    """Those of the words that were said."""
    statement = text("SELECT word FROM search_lexicon WHERE word = ANY(:words)")
    return set(session.scalars(statement, {"words": list(words)}))


def similar(session: Session, word: str) -> list[tuple[str, int]]:
    """Words that look like it, with how often they were said, the most similar first; needs pg_trgm."""
    return [(said, number) for said, number in session.execute(text(SIMILAR), {"word": word, "most": CANDIDATES})]


SIMILAR = """
    SELECT word, count FROM search_lexicon WHERE word % :word
    ORDER BY similarity(word, :word) DESC, count DESC, word LIMIT :most"""
