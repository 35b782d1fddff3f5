"""Search: what was said, segment by segment and passage by passage, beside the results that it is made from

Revision: 0004
Revises: 0003
Created: 2026-11-23
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PARTITIONED = ("transcript_segments", "transcript_passages")

# Languages whose words both PostgreSQL 15 and 18 can stem.
CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

# In these PostgreSQL's parser sees hosts, paths, tags and numbers where people say words.
SEPARATORS = r"-/.@:~%&+=#?<>\_"

# Such a vacuum also empties the list of rows that the GIN indexes have yet to take in.
VACUUM = "WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05)"

# The result that stands for the media file where no version is named: ours before others', the whole before a stretch.
NEWEST_RESULT = """
CREATE FUNCTION trax_newest_result(media uuid, indexed_only boolean DEFAULT false) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT r.id FROM transcription_results r
    WHERE r.media_file_id = media
        AND (NOT indexed_only OR EXISTS (SELECT FROM transcript_index i WHERE i.result_id = r.id))
    ORDER BY r.pipeline_version = 'import',
        coalesce(r.model_config #>> '{request,decode,start}', r.model_config #>> '{request,decode,end}') IS NOT NULL,
        r.version DESC, r.created_at DESC, r.id
    LIMIT 1
$$
"""

# Among the results that are indexed, the newest is marked, and no other; their rows move with the mark.
SETTLE_NEWEST = """
CREATE FUNCTION trax_settle_newest(media uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    chosen uuid;
    changed uuid;
BEGIN
    -- In one order: whoever else locks several of them never waits in a circle.
    PERFORM FROM transcript_index WHERE media_file_id = media ORDER BY result_id FOR UPDATE;
    chosen := trax_newest_result(media, true);
    FOR changed IN
        SELECT result_id FROM transcript_index
        WHERE media_file_id = media AND newest <> (result_id = chosen) ORDER BY newest DESC
    LOOP
        UPDATE transcript_index SET newest = (result_id = chosen) WHERE result_id = changed;
        UPDATE transcript_segments SET newest = (changed = chosen)
            WHERE result_id = changed AND newest = (changed <> chosen);
        UPDATE transcript_passages SET newest = (changed = chosen)
            WHERE result_id = changed AND newest = (changed <> chosen);
    END LOOP;
    RETURN chosen;
END $$
"""

RESULTS_DELETED = """
CREATE FUNCTION trax_results_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    media uuid;
    is_there boolean;
BEGIN
    FOR media IN SELECT DISTINCT media_file_id FROM gone ORDER BY 1 LOOP
        -- The lock under which results are stored; no row: the media file itself is being deleted.
        PERFORM FROM media_files WHERE id = media FOR NO KEY UPDATE;
        is_there := FOUND;
        -- These have no foreign key: checking one with every row would cost a tenth of storing it.
        DELETE FROM transcript_segments s USING gone WHERE gone.media_file_id = media AND s.result_id = gone.id;
        DELETE FROM transcript_passages p USING gone WHERE gone.media_file_id = media AND p.result_id = gone.id;
        IF is_there THEN
            PERFORM trax_settle_newest(media);
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""

# Whether there are indexes for parts of words: made here if the extension is there, or may be created by this role.
ENSURE_TRIGRAMS = """
CREATE FUNCTION trax_ensure_trigrams() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    place name;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
        AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
    END IF;
    SELECT nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE extname = 'pg_trgm';
    IF place IS NULL THEN
        RETURN false;
    END IF;
    IF to_regclass('ix_transcript_segments_text') IS NULL THEN
        EXECUTE format(
            'CREATE INDEX ix_transcript_segments_text ON transcript_segments USING gin (text %I.gin_trgm_ops)', place);
    END IF;
    IF to_regclass('ix_search_lexicon_word') IS NULL THEN
        EXECUTE format('CREATE INDEX ix_search_lexicon_word ON search_lexicon USING gin (word %I.gin_trgm_ops)', place);
    END IF;
    RETURN true;
EXCEPTION WHEN OTHERS THEN  -- not allowed, no such file, another process does it: all goes on without it
    RAISE NOTICE 'no trigram indexes: %', SQLERRM;
    RETURN false;
END $$
"""

FUNCTIONS = {
    "trax_newest_result(uuid, boolean)": NEWEST_RESULT,
    "trax_settle_newest(uuid)": SETTLE_NEWEST,
    "trax_results_deleted()": RESULTS_DELETED,
    "trax_ensure_trigrams()": ENSURE_TRIGRAMS,
}


def upgrade() -> None:
    _create_transcript_index()
    _create_transcript_segments()
    _create_transcript_passages()
    _create_passage_embeddings()
    op.create_table("search_lexicon", sa.Column("word", sa.Text(), primary_key=True), _integer("count"))
    for definition in FUNCTIONS.values():
        op.execute(definition)
    op.execute(
        "CREATE TRIGGER transcription_results_deleted AFTER DELETE ON transcription_results "
        "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION trax_results_deleted()"
    )
    op.execute("SELECT trax_ensure_trigrams()")


def downgrade() -> None:
    op.execute("DROP TRIGGER transcription_results_deleted ON transcription_results")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DROP TABLE IF EXISTS passage_vectors")  # made where the server has pgvector
    tables = ("search_lexicon", "passage_embeddings", "transcript_passages", "transcript_segments", "transcript_index")
    for table in tables:
        op.drop_table(table)


def _create_transcript_index() -> None:
    op.create_table(
        "transcript_index",
        _id("result_id"),
        _id("media_file_id"),
        _flag("newest"),
        sa.Column("language", sa.Text(), nullable=False),
        _integer("indexed_version"),
        _integer("segments"),
        _integer("passages"),
        _flag("counted"),
        sa.Column("indexed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("result_id"),
        _of_result(),
    )
    for column in ("media_file_id", "indexed_version"):
        op.create_index(f"ix_transcript_index_{column}", "transcript_index", [column])


def _create_transcript_segments() -> None:
    op.create_table(
        "transcript_segments",
        _id("result_id"),
        _integer("idx"),
        sa.Column("newest", sa.Boolean(), nullable=False),
        _id("media_file_id"),
        _integer("start_ms"),
        _integer("end_ms"),
        sa.Column("speaker", sa.Text()),
        sa.Column("confidence", sa.REAL()),
        sa.Column("pairs", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'::integer[]"), nullable=False),
        *_texts(),
        sa.PrimaryKeyConstraint("result_id", "idx", "newest"),
        postgresql_partition_by="LIST (newest)",
    )
    _create_partitions("transcript_segments")
    op.create_index("ix_transcript_segments_pairs", "transcript_segments", ["pairs"], postgresql_using="gin")
    op.create_index(
        "ix_transcript_segments_confidence", "transcript_segments", ["confidence", "result_id", "idx"],
        postgresql_where=sa.text("confidence < 0.8"),
    )  # fmt: skip
    op.create_index(
        "ix_transcript_segments_speaker", "transcript_segments", ["speaker"],
        postgresql_where=sa.text("speaker IS NOT NULL"),
    )  # fmt: skip


def _create_transcript_passages() -> None:
    op.create_table(
        "transcript_passages",
        _id("result_id"),
        _integer("first_idx"),
        _integer("last_idx"),
        sa.Column("newest", sa.Boolean(), nullable=False),
        _id("media_file_id"),
        _integer("start_ms"),
        _integer("end_ms"),
        sa.Column("speakers", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        *_texts(),
        sa.PrimaryKeyConstraint("result_id", "first_idx", "newest"),
        postgresql_partition_by="LIST (newest)",
    )
    _create_partitions("transcript_passages")
    op.create_index("ix_transcript_passages_tsv", "transcript_passages", ["tsv"], postgresql_using="gin")


def _create_partitions(table: str) -> None:
    op.execute(f"CREATE TABLE {table}_newest PARTITION OF {table} FOR VALUES IN (true) {VACUUM}")
    op.execute(f"CREATE TABLE {table}_older PARTITION OF {table} FOR VALUES IN (false) {VACUUM}")


def _create_passage_embeddings() -> None:
    op.create_table(
        "passage_embeddings",
        _id("result_id"),
        _integer("first_idx"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("result_id", "first_idx", "model"),
        _of_result(),
    )


def _texts() -> list[sa.Column[Any]]:
    arms = " ".join(f"WHEN '{code}' THEN '{name}'::regconfig" for code, name in CONFIGURATIONS.items())
    configuration = f"CASE language {arms} ELSE 'simple'::regconfig END"
    words = f"translate(COALESCE(search_text, text || ' ' || next_head), '{SEPARATORS}', '{' ' * len(SEPARATORS)}')"
    return [
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_head", sa.Text(), server_default="", nullable=False),
        sa.Column("search_text", sa.Text()),
        sa.Column("tsv", postgresql.TSVECTOR(), sa.Computed(f"to_tsvector({configuration}, {words})", persisted=True)),
    ]


def _id(name: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.UUID(as_uuid=True), nullable=False)


def _integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _of_result() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["result_id"], ["transcription_results.id"], ondelete="CASCADE")
