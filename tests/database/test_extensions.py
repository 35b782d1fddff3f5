"""Extensions that lie where no statement looks by itself, and roles that may not use all that is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tests.embedding.bag_of_words import BagOfWords
from tests.finding.archive import add_transcript
from trax.database import Database, extensions, passage_vectors
from trax.database.embedding_run import embed_missing
from trax.database.search_session import reading, situation
from trax.errors import DatabaseReadOnly
from trax.finding import NO_TRIGRAMS, Finder
from trax.search.hits import Answer

LINES = ("We speak of machine learning.", "And of the weather in April.")


@pytest.fixture(autouse=True)
def as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each extension where the migrations put it, and no vectors, before and after each test."""
    name = "database" if "database" in request.fixturenames else "embedded_database"
    database: Database = request.getfixturevalue(name)
    _set_right(database)
    yield
    _set_right(database)


def _set_right(database: Database) -> None:
    do(
        database,
        "DROP TABLE IF EXISTS passage_vectors",
        "DROP EXTENSION IF EXISTS vector",
        "ALTER EXTENSION pg_trgm SET SCHEMA public",
        'DROP SCHEMA IF EXISTS "Else where" CASCADE',
    )


def do(database: Database, *statements: str) -> None:
    with database.transaction() as session:
        for statement in statements:
            session.execute(text(statement))


def move(database: Database, extension: str) -> None:
    do(database, 'CREATE SCHEMA IF NOT EXISTS "Else where"', f'ALTER EXTENSION {extension} SET SCHEMA "Else where"')


def with_vectors(database: Database) -> None:
    with database.transaction() as session:
        if not extensions.offered(session, extensions.VECTORS):
            pytest.skip("this server has no pgvector")
        session.execute(text("CREATE EXTENSION vector"))


@contextmanager
def role(database: Database, rights: str) -> Iterator[Database]:
    """The database as a role sees it that has these rights on all tables, and no others."""
    do(
        database,
        "CREATE ROLE trax_limited LOGIN PASSWORD 'limited'",
        f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO trax_limited",
    )
    url = database.url.set(username="trax_limited", password="limited")
    try:
        with Database(url.render_as_string(hide_password=False)) as limited:
            yield limited
    finally:
        do(database, "DROP OWNED BY trax_limited", "DROP ROLE trax_limited")


def found(database: Database, query: str, embedder: BagOfWords | None = None) -> Answer:
    if embedder is None:
        return Finder(database).find(query)
    return Finder(database, lambda: embedder).find(query, mode="semantic")


def test_trigrams_in_another_schema_correct_mistyped_words(database: Database) -> None:
    move(database, "pg_trgm")
    add_transcript(database, "talk.mp3", *LINES)
    answer = found(database, "machin lerning")
    assert (answer.corrected, len(answer.hits)) == ("machine learning", 1)
    assert found(database, "nobody said anything").hits == ()


def test_trigrams_that_a_role_may_not_use_are_not_there_for_it(database: Database) -> None:
    move(database, "pg_trgm")
    add_transcript(database, "talk.mp3", *LINES)
    with role(database, "SELECT") as limited:
        assert len(found(limited, "machine").hits) == 1
        assert found(limited, "lerning").notes == (NO_TRIGRAMS,)


def test_vectors_in_another_schema_are_used(database: Database) -> None:
    with_vectors(database)
    move(database, "vector")
    add_transcript(database, "talk.mp3", *LINES)
    embedder = BagOfWords()
    assert embed_missing(database, embedder) > 0
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM passage_vectors")) == 1
        assert passage_vectors.can_be_asked(session, 384)
    assert len(found(database, LINES[0], embedder).hits) == 1
    add_transcript(database, "other.mp3", LINES[0])
    assert embed_missing(database, embedder) == 1
    assert len(found(database, LINES[0], embedder).hits) == 2


def test_the_path_of_a_search_is_what_it_was_where_nothing_lies_elsewhere(database: Database) -> None:
    with database.transaction() as session:
        before = session.scalar(text("SHOW search_path"))
    with reading(database) as session:
        assert session.scalar(text("SHOW search_path")) == before
        extensions.find_by_name(session)
        assert session.scalar(text("SHOW search_path")) == before
        assert situation(session).has_trigrams


def test_a_role_that_may_not_read_vectors_compares_the_bytes(embedded_database: Database) -> None:
    with_vectors(embedded_database)
    add_transcript(embedded_database, "talk.mp3", *LINES)
    embedder = BagOfWords()
    embed_missing(embedded_database, embedder)
    expected = found(embedded_database, LINES[0], embedder)
    with role(embedded_database, "SELECT") as limited:
        do(embedded_database, "REVOKE ALL ON passage_vectors FROM trax_limited")
        answer = found(limited, LINES[0], embedder)
        with limited.transaction() as session:
            assert not passage_vectors.can_be_asked(session, 384)
    assert [hit.text for hit in answer.hits] == [hit.text for hit in expected.hits]
    assert answer.hits[0].score == pytest.approx(expected.hits[0].score, abs=1e-3)


def test_a_role_that_may_not_create_tables_keeps_embeddings_without_an_index(embedded_database: Database) -> None:
    with_vectors(embedded_database)
    add_transcript(embedded_database, "talk.mp3", *LINES)
    with role(embedded_database, "SELECT, INSERT, UPDATE, DELETE") as limited:
        assert embed_missing(limited, BagOfWords()) == 1
        assert len(found(limited, LINES[0], BagOfWords()).hits) == 1
    with embedded_database.transaction() as session:
        assert not passage_vectors.are_there(session)


def test_a_role_that_may_not_use_pgvector_is_told_so_before_it_stores(embedded_database: Database) -> None:
    with_vectors(embedded_database)
    move(embedded_database, "vector")
    add_transcript(embedded_database, "talk.mp3", *LINES)
    embed_missing(embedded_database, BagOfWords())
    add_transcript(embedded_database, "other.mp3", LINES[0])
    with role(embedded_database, "SELECT, INSERT, UPDATE, DELETE") as limited:
        with pytest.raises(DatabaseReadOnly, match="may not use pgvector") as caught:
            embed_missing(limited, BagOfWords())
        assert "USAGE" in caught.value.next_step
        assert len(found(limited, LINES[0], BagOfWords()).hits) == 1


def test_who_may_not_read_is_not_told_of_writing(embedded_database: Database) -> None:
    with role(embedded_database, "SELECT") as limited:
        do(embedded_database, "REVOKE ALL ON search_lexicon, transcript_segments FROM trax_limited")
        with pytest.raises(DatabaseReadOnly) as caught:
            limited_count(limited)
    assert "write" not in str(caught.value)
    assert "permission denied for table transcript_segments" in caught.value.message


def limited_count(database: Database) -> None:
    do(database, "SELECT count(*) FROM transcript_segments")
