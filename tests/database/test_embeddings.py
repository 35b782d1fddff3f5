"""Embeddings of passages: made once, resumed, kept in step with the transcripts, and found by nearness."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from tests.embedding.bag_of_words import BagOfWords
from tests.jobs import queued
from trax.database import Database, embedding_run, embeddings, passage_vectors, transcripts
from trax.database.embedding_run import embed_missing, model_of
from trax.database.embeddings import PassageText
from trax.database.passage_vectors import Near
from trax.transcript import Segment, Transcript

APART = 45.0  # seconds: a segment of that length is a passage of its own
TOPICS = [f"topic{number} word{number % 7} and word{number % 3}" for number in range(40)]


@pytest.fixture(autouse=True)
def without_vectors(request: pytest.FixtureRequest) -> Iterator[None]:
    """The database as the migrations leave it, before and after each test."""
    names = [name for name in ("database", "embedded_database") if name in request.fixturenames]
    databases: list[Database] = [request.getfixturevalue(name) for name in names]
    _drop_vectors(databases)
    yield
    _drop_vectors(databases)


def _drop_vectors(databases: Sequence[Database]) -> None:
    for database in databases:
        with database.transaction() as session:
            session.execute(text("DROP TABLE IF EXISTS passage_vectors"))
            session.execute(text("DROP EXTENSION IF EXISTS vector"))


@pytest.fixture(params=["bytes", "pgvector"])
def kept_as(request: pytest.FixtureRequest, database: Database) -> str:
    """Each way of keeping embeddings that the server can do."""
    with database.transaction() as session:
        if request.param == "pgvector" and not passage_vectors.ensure(session):
            pytest.skip("this server has no pgvector")
    return str(request.param)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_run, "BATCH", 8)


def said(database: Database, texts: Sequence[str], language: str = "en", media_id: UUID | None = None) -> UUID:
    """ID of a stored transcript with a passage for each of the texts."""
    media_id = media_id or queued.add_media(database)
    segments = tuple(Segment(at * APART, (at + 1) * APART, words) for at, words in enumerate(texts))
    transcript = Transcript(language, len(texts) * APART, segments)
    with database.transaction() as session:
        job_id, _ = queued.begin(session, media_id)
        new = transcripts.NewResult(job_id, media_id, "v1", transcript, None, 1.0, "tiny.en", {})
        return transcripts.store(session, new).id


def kept(database: Database) -> int:
    with database.transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM passage_embeddings")).scalar_one())


def near(
    database: Database, embedder: BagOfWords, question: str, limit: int = 5, where: str = "p.newest", **values: object
) -> list[Near]:
    vector = embedder.embed([question])[0]
    with database.transaction() as session:
        return embeddings.nearest(session, model_of(embedder), vector, limit, where, values, least=-1.0)


def test_every_passage_is_embedded_once(database: Database) -> None:
    said(database, TOPICS[:10])
    said(database, TOPICS[10:30])
    embedder, steps = BagOfWords(), list[tuple[int, int]]()
    assert embed_missing(database, embedder, lambda done, total: steps.append((done, total))) == 30
    assert sorted(embedder.asked) == sorted(TOPICS[:30])
    assert steps == [(0, 30), (8, 30), (16, 30), (24, 30), (30, 30)]
    assert embed_missing(database, embedder) == 0
    assert len(embedder.asked) == 30


def test_a_run_that_was_stopped_goes_on_where_it_was(embedded_database: Database) -> None:
    said(embedded_database, TOPICS)

    def stop(calls: int) -> None:
        if calls == 3:
            raise KeyboardInterrupt

    first, second = BagOfWords(before=stop), BagOfWords()
    with pytest.raises(KeyboardInterrupt):
        embed_missing(embedded_database, first)
    assert kept(embedded_database) == len(first.asked) == 24
    assert embed_missing(embedded_database, second) == 16
    assert sorted(first.asked + second.asked) == sorted(TOPICS)


KILLED = """
import os, signal, sys
from tests.embedding.bag_of_words import BagOfWords
from trax.database import Database, embedding_run

def die(calls):
    if calls == 2:
        os.kill(os.getpid(), signal.SIGKILL)

embedding_run.BATCH = 8
with Database(sys.argv[1]) as database:
    embedding_run.embed_missing(database, BagOfWords(before=die))
"""


def test_what_a_killed_process_has_embedded_is_kept(embedded_database: Database) -> None:
    said(embedded_database, TOPICS)
    killed = subprocess.run([sys.executable, "-c", KILLED, embedded_database.address()], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert kept(embedded_database) == 16
    assert embed_missing(embedded_database, BagOfWords()) == 24


def test_two_at_once_keep_everything_once(embedded_database: Database) -> None:
    said(embedded_database, TOPICS)
    other = BagOfWords()

    def in_between(calls: int) -> None:
        if calls == 1:
            embed_missing(embedded_database, other)

    assert embed_missing(embedded_database, BagOfWords(before=in_between)) == 8
    assert len(other.asked) == 32
    assert kept(embedded_database) == 40


def test_another_model_has_embeddings_of_its_own(embedded_database: Database) -> None:
    said(embedded_database, TOPICS[:3])
    embed_missing(embedded_database, BagOfWords("one"))
    assert embed_missing(embedded_database, BagOfWords("two")) == 3
    assert len(near(embedded_database, BagOfWords("one"), TOPICS[0])) == 3
    assert near(embedded_database, BagOfWords("three"), TOPICS[0]) == []


def test_a_language_that_the_model_does_not_know_is_left_out_and_told(database: Database) -> None:
    said(database, TOPICS[:2])
    said(database, TOPICS[2:4])
    said(database, ["Guten Abend", "und auf Wiedersehen"], "de")
    embedder = BagOfWords("toy-encoder")
    with database.transaction() as session:
        before = embeddings.coverage(session, model_of(embedder))
    assert (before.embedded, before.missing, before.foreign) == (0, 2, {"de": 1})
    assert before.notes(model_of(embedder))[0].startswith("2 of 2 transcripts can't be found by meaning yet")
    assert embed_missing(database, embedder) == 4
    with database.transaction() as session:
        after = embeddings.coverage(session, model_of(embedder))
    assert (after.embedded, after.missing, after.foreign) == (2, 0, {"de": 1})
    (note,) = after.notes(model_of(embedder))
    assert "toy-encoder understands en alone" in note
    assert "(de; transcripts: 1)" in note


def test_what_nobody_knows_the_language_of_is_tried(embedded_database: Database) -> None:
    said(embedded_database, TOPICS[:1], "und")
    assert embed_missing(embedded_database, BagOfWords()) == 1
    with embedded_database.transaction() as session:
        assert embeddings.coverage(session, model_of(BagOfWords())).foreign == {}


def test_a_model_of_unknown_languages_takes_all(embedded_database: Database) -> None:
    said(embedded_database, TOPICS[:1])
    said(embedded_database, ["Guten Abend"], "de")
    embedder = BagOfWords(languages=())
    assert embed_missing(embedded_database, embedder) == 2
    with embedded_database.transaction() as session:
        covered = embeddings.coverage(session, model_of(embedder))
        assert (covered.embedded, covered.missing, covered.foreign) == (2, 0, {})
        assert covered.notes(model_of(embedder)) == ()


def test_only_the_newest_transcript_of_a_media_is_embedded(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    said(embedded_database, ["as it was heard at first"], media_id=media_id)
    newest = said(embedded_database, ["as it was heard later"], media_id=media_id)
    embedder = BagOfWords()
    assert embed_missing(embedded_database, embedder) == 1
    assert [found.result_id for found in near(embedded_database, embedder, "as it was heard at first")] == [newest]


def test_an_older_transcript_keeps_its_embeddings_out_of_sight(database: Database, kept_as: str) -> None:
    media_id = queued.add_media(database)
    older = said(database, ["as it was heard at first"], media_id=media_id)
    embedder = BagOfWords()
    embed_missing(database, embedder)
    newer = said(database, ["as it was heard later"], media_id=media_id)
    assert near(database, embedder, "heard") == []
    embed_missing(database, embedder)
    assert [found.result_id for found in near(database, embedder, "heard at first")] == [newer]
    everywhere = near(database, embedder, "heard at first", where="true")
    assert [(found.result_id, found.newest) for found in everywhere] == [(older, False), (newer, True)]


def test_what_changed_while_it_was_embedded_is_dropped(database: Database) -> None:
    gone, cut_anew, same = (said(database, [words]) for words in TOPICS[:3])
    embedder = BagOfWords()
    with database.transaction() as session:
        found = embeddings.missing(session, model_of(embedder), 10)
    with database.transaction() as session:
        session.execute(text("DELETE FROM transcription_results WHERE id = :id"), {"id": gone})
        session.execute(text("UPDATE transcript_passages SET text = 'other' WHERE result_id = :id"), {"id": cut_anew})
    with database.transaction() as session:
        vectors = embedder.embed([passage.text for passage in found])
        assert embeddings.store(session, model_of(embedder), found, vectors) == 1
        assert [passage.result_id for passage in embeddings.missing(session, model_of(embedder), 10)] == [cut_anew]
        assert session.execute(text("SELECT result_id FROM passage_embeddings")).scalars().all() == [same]


def test_a_transcript_in_somebody_elses_hands_waits_for_the_next_run(embedded_database: Database) -> None:
    held, free = said(embedded_database, TOPICS[:3]), said(embedded_database, TOPICS[3:5])
    with embedded_database.transaction() as other:
        other.execute(text("SELECT FROM transcript_index WHERE result_id = :id FOR UPDATE"), {"id": held})
        assert embed_missing(embedded_database, BagOfWords()) == 2
    with embedded_database.transaction() as other:
        other.execute(text("DELETE FROM transcription_results WHERE id = :id"), {"id": free})
        assert embed_missing(embedded_database, BagOfWords()) == 3


def test_nothing_to_store(embedded_database: Database) -> None:
    none = list[PassageText]()
    with embedded_database.transaction() as session:
        assert embeddings.store(session, model_of(BagOfWords()), none, np.empty((0, 384), np.float32)) == 0


def test_the_nearest_are_those_of_a_comparison_with_all(database: Database, kept_as: str) -> None:
    ids = [said(database, TOPICS[:25]), said(database, TOPICS[25:])]
    embedder = BagOfWords()
    embed_missing(database, embedder)
    question = "topic7 word1 and topic30"
    similarities = embedder.embed(TOPICS) @ embedder.embed([question])[0]
    expected = [int(at) for at in np.argsort(-similarities)[:9]]
    found = near(database, embedder, question, 9)
    places = [(ids[0], at) if at < 25 else (ids[1], at - 25) for at in expected]
    assert {(place.result_id, place.first_idx) for place in found[:2]} == set(places[:2])
    assert [place.similarity for place in found] == sorted((place.similarity for place in found), reverse=True)
    np.testing.assert_allclose([place.similarity for place in found], similarities[expected], atol=1e-3)
    assert all((place.first_idx, place.newest) == (place.last_idx, True) for place in found)


def test_what_has_nothing_to_do_with_the_question_is_no_answer(database: Database, kept_as: str) -> None:
    said(database, ["apples and pears", "trains and planes"])
    embedder = BagOfWords()
    embed_missing(database, embedder)
    vector = embedder.embed(["pears and apples"])[0]
    with database.transaction() as session:
        found = embeddings.nearest(session, model_of(embedder), vector, 5, least=0.5)
    assert [place.first_idx for place in found] == [0]


def test_conditions_leave_as_many_as_there_are(database: Database, kept_as: str) -> None:
    said(database, [f"common topic{number}" for number in range(30)])
    embedder = BagOfWords()
    embed_missing(database, embedder)
    where, wanted = "p.newest AND p.first_idx = ANY(:wanted)", [0, 10, 29]
    found = near(database, embedder, "common", where=where, wanted=wanted)
    assert {place.first_idx for place in found} == set(wanted)
    assert len(near(database, embedder, "common", 2, where=where, wanted=wanted)) == 2


def test_many_are_compared_a_part_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "READ_AT_A_TIME", 2)
    ids = [said(database, TOPICS[at : at + 3]) for at in range(0, 15, 3)]
    embedder = BagOfWords()
    with database.transaction() as session:
        found = embeddings.missing(session, model_of(embedder), 100)
        embeddings.store(session, model_of(embedder), found, embedder.embed([passage.text for passage in found]))
    for at in (0, 7, 14):
        (place,) = near(database, embedder, TOPICS[at], 1)
        assert (place.result_id, place.first_idx) == (ids[at // 3], at % 3)
    assert len(near(database, embedder, "and", 100)) == 15


def test_embeddings_of_another_size_are_not_compared(embedded_database: Database) -> None:
    result_id = said(embedded_database, TOPICS[:2])
    embedder = BagOfWords()
    embed_missing(embedded_database, embedder)
    _drop_vectors([embedded_database])
    with embedded_database.transaction() as session:
        session.execute(text("UPDATE passage_embeddings SET embedding = '\\x00' WHERE first_idx = 0"))
    found = near(embedded_database, embedder, TOPICS[0])
    assert [(place.result_id, place.first_idx) for place in found] == [(result_id, 1)]


def test_a_deleted_media_takes_its_embeddings_along(database: Database, kept_as: str) -> None:
    said(database, TOPICS[:3])
    embed_missing(database, BagOfWords())
    assert kept(database) == 3
    with database.transaction() as session:
        session.execute(text("DELETE FROM media_files"))
    assert kept(database) == 0
    assert near(database, BagOfWords(), TOPICS[0]) == []


def test_vectors_are_made_of_what_was_stored_before(embedded_database: Database) -> None:
    said(embedded_database, TOPICS)
    embedder = BagOfWords()
    with embedded_database.transaction() as session:
        found = embeddings.missing(session, model_of(embedder), 100)
        embeddings.store(session, model_of(embedder), found, embedder.embed([passage.text for passage in found]))
    before = near(embedded_database, embedder, TOPICS[5])
    with embedded_database.transaction() as session:
        assert not passage_vectors.are_there(session)
        assert passage_vectors.ensure(session)
        assert session.execute(text("SELECT count(*) FROM passage_vectors")).scalar_one() == len(TOPICS)
    after = near(embedded_database, embedder, TOPICS[5])
    assert [place.first_idx for place in after[:1]] == [place.first_idx for place in before[:1]] == [5]
    np.testing.assert_allclose([p.similarity for p in after], [p.similarity for p in before], atol=1e-4)


def test_whoever_may_not_create_extensions_goes_without(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        session.execute(text("CREATE ROLE trax_humble"))
        session.execute(text("SET LOCAL ROLE trax_humble"))
        assert not passage_vectors.ensure(session)
        session.execute(text("RESET ROLE"))
        session.execute(text("DROP ROLE trax_humble"))


def test_the_index_gives_the_order_and_the_exact_form_does_without(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        assert passage_vectors.ensure(session)
    said(embedded_database, TOPICS)
    embedder = BagOfWords()
    embed_missing(embedded_database, embedder)
    bound = {"question": f"[{','.join(['0.1'] * 384)}]", "limit": 5, "model": embedder.name}
    with embedded_database.transaction() as session:
        session.execute(text("SET LOCAL enable_sort = off"))  # which is cheaper for so few
        queries = [passage_vectors.statement("p.newest", exact=exact) for exact in (False, True)]
        plans = ["\n".join(session.execute(text(f"EXPLAIN {query}"), bound).scalars()) for query in queries]
    assert [plan.count("Index Scan using ix_passage_vectors_embedding") for plan in plans] == [1, 0]
    assert "transcript_passages_older" not in plans[0]
