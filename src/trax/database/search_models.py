"""The tables that searches read: derived from the results, and made anew from them at any time.

Rows get in by COPY (`indexing`), so that the models serve the migrations alone.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import REAL, Computed, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from trax.database.base import Base, register_model

# ISO 639-1 to the text search configuration, where both PostgreSQL 15 and 18 have one.
CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
NO_STEMS = "simple"
SEPARATORS = r"-/.@:~%&+=#?<>\_"  # as trax.search.words.TRANSLATED; the order is that of the migration

# What a database may have beyond the models: partitions, and what depends on extensions.
PARTITIONS = frozenset(f"transcript_{rows}_{part}" for rows in ("segments", "passages") for part in ("newest", "older"))
OPTIONAL_TABLES = frozenset({"passage_vectors"})
OPTIONAL_INDEXES = frozenset({"ix_transcript_segments_text", "ix_search_lexicon_word"})


def configuration(language: str) -> str:
    """The text search configuration by which texts of that language are indexed."""
    return CONFIGURATIONS.get(language, NO_STEMS)


def _tsv() -> Mapped[str]:
    # spelled as PostgreSQL gives it back, so that a comparison of models and tables finds no difference
    arms = " ".join(f"WHEN '{code}' THEN '{name}'::regconfig" for code, name in CONFIGURATIONS.items())
    words = "COALESCE(search_text, ((text || ' '::text) || next_head))"
    translated = f"translate({words}, '{SEPARATORS}'::text, '{' ' * len(SEPARATORS)}'::text)"
    expression = f"to_tsvector(CASE language {arms} ELSE '{NO_STEMS}'::regconfig END, {translated})"
    return mapped_column(TSVECTOR, Computed(expression, persisted=True), nullable=True)


def _of_result() -> Mapped[uuid.UUID]:
    return mapped_column(ForeignKey("transcription_results.id", ondelete="CASCADE"), primary_key=True)


@register_model
class TranscriptIndex(Base):
    """That a result can be searched: its rows in the tables below are there."""

    __tablename__ = "transcript_index"

    result_id: Mapped[uuid.UUID] = _of_result()
    media_file_id: Mapped[uuid.UUID] = mapped_column(index=True)
    newest: Mapped[bool] = mapped_column(server_default=text("false"))
    language: Mapped[str] = mapped_column(Text)
    indexed_version: Mapped[int] = mapped_column(index=True)  # of the code that made the rows
    segments: Mapped[int]
    passages: Mapped[int]
    counted: Mapped[bool] = mapped_column(server_default=text("false"))  # whether its words are in the lexicon
    indexed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


@register_model
class TranscriptSegment(Base):
    """A segment of a result, with the words that follow it, so that a phrase is found across the boundary."""

    __tablename__ = "transcript_segments"
    __table_args__ = (
        Index("ix_transcript_segments_pairs", "pairs", postgresql_using="gin"),
        Index(
            "ix_transcript_segments_confidence",
            "confidence",
            "result_id",
            "idx",
            postgresql_where=text("confidence < 0.8"),
        ),
        Index("ix_transcript_segments_speaker", "speaker", postgresql_where=text("speaker IS NOT NULL")),
        {"postgresql_partition_by": "LIST (newest)"},
    )

    result_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # no foreign key: a trigger deletes these rows
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its place among the result's, from 0
    newest: Mapped[bool] = mapped_column(primary_key=True)
    media_file_id: Mapped[uuid.UUID]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    speaker: Mapped[str | None] = mapped_column(Text)
    confidence: Mapped[float | None] = mapped_column(REAL)  # None: not measured
    # of words that follow each other, as numbers (`trax.search.pairs`)
    pairs: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'::integer[]"))
    language: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    next_head: Mapped[str] = mapped_column(Text, server_default="")
    search_text: Mapped[str | None] = mapped_column(Text)  # both, as bigrams: of scripts without spaces
    tsv: Mapped[str] = _tsv()


@register_model
class TranscriptPassage(Base):
    """Some segments of a result, of about 40 s together: what is searched for several words, and by meaning."""

    __tablename__ = "transcript_passages"
    __table_args__ = (
        Index("ix_transcript_passages_tsv", "tsv", postgresql_using="gin"),
        {"postgresql_partition_by": "LIST (newest)"},
    )

    result_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    first_idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_idx: Mapped[int]
    newest: Mapped[bool] = mapped_column(primary_key=True)
    media_file_id: Mapped[uuid.UUID]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    speakers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    language: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    next_head: Mapped[str] = mapped_column(Text, server_default="")
    search_text: Mapped[str | None] = mapped_column(Text)
    tsv: Mapped[str] = _tsv()


@register_model
class PassageEmbedding(Base):
    """What a passage means, as a model sees it: half-precision numbers, least significant byte first, of length 1."""

    __tablename__ = "passage_embeddings"

    result_id: Mapped[uuid.UUID] = _of_result()
    first_idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model: Mapped[str] = mapped_column(Text, primary_key=True)
    embedding: Mapped[bytes] = mapped_column(LargeBinary)


@register_model
class LexiconWord(Base):
    """A word that was said, and in how many segments."""

    __tablename__ = "search_lexicon"

    word: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int]
