"""What searches read is there with each result, of the newest apart from the others, and gone with it."""

from __future__ import annotations

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from tests.fixtures.embedded import eventually
from tests.jobs import queued
from trax.database import Database, imports, indexed_text, indexing, lexicon, reindexing, search_models, transcripts
from trax.database.engine import Transaction
from trax.database.models import MediaFile, TranscriptionResult
from trax.database.reindexing import reindex
from trax.database.transcripts import NewResult
from trax.errors import DatabaseFull, RecordNotFound
from trax.search.words import TRANSLATED
from trax.transcript import Segment, Transcript, Word

SIDE_TABLES = ("transcript_index", "transcript_segments", "transcript_passages", "passage_embeddings")
WHOLE: tuple[Any, ...] = (None, {}, {"request": {}}, {"request": {"decode": {"start": None, "end": None}}})
MARK_ALL = """
INSERT INTO transcript_index (result_id, media_file_id, language, indexed_version, segments, passages)
SELECT id, media_file_id, 'en', 1, 0, 0 FROM transcription_results ON CONFLICT DO NOTHING"""


def spoken(*sentences: str, language: str = "en", probability: float = 0.9) -> Transcript:
    """A transcript of sentences of five seconds each, said in turn by A and B."""
    segments = []
    for number, sentence in enumerate(sentences):
        start, said_by = 5.0 * number, "AB"[number % 2]
        words = tuple(Word(start, start + 1, f" {word}", probability, said_by) for word in sentence.split())
        segments.append(Segment(start, start + 4.0, sentence, words, speaker=said_by))
    return Transcript(language, 5.0 * len(sentences), tuple(segments))


def store(database: Database, media_id: UUID, transcript: Transcript, **options: Any) -> UUID:
    with database.transaction() as session:
        return store_in(session, media_id, transcript, **options)


def store_in(session: Transaction, media_id: UUID, transcript: Transcript, **options: Any) -> UUID:
    job_id, _ = queued.begin(session, media_id)
    given: dict[str, Any] = {"pipeline_version": "v1", "model_config": {}, **options}
    new = NewResult(job_id, media_id, transcript=transcript, accuracy=0.9, processing_time=1.0, model_used="m", **given)
    return transcripts.store(session, new).id


def bare(database: Database, media_id: UUID, transcript: Transcript | None = None, **columns: Any) -> UUID:
    """A result as an older Trax has stored it: nobody indexed it."""
    from trax.database import documents

    if transcript is not None:
        made = {"content": documents.content_v1(transcript), "segments": documents.segments(transcript)}
        columns = {**made, **columns}
    with database.transaction() as session:
        job_id, _ = queued.begin(session, media_id)
        result = TranscriptionResult(job_id=job_id, media_file_id=media_id, **columns)
        session.add(result)
        session.flush()
        return result.id


def rows(database: Database, query: str, **values: object) -> list[Any]:
    with database.transaction() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


def newest(database: Database, media_id: UUID) -> list[UUID]:
    """Results of which rows are among the newest, by each of the tables."""
    found = {
        table: rows(
            database, f"SELECT DISTINCT result_id FROM {table} WHERE newest AND media_file_id = :id", id=media_id
        )
        for table in SIDE_TABLES[:3]
    }
    assert found["transcript_segments"] == found["transcript_passages"]
    assert set(found["transcript_segments"]) <= set(found["transcript_index"])
    return [row[0] for row in found["transcript_index"]]


def test_a_stored_result_is_indexed(database: Database) -> None:
    media_id = queued.add_media(database)
    result_id = store(database, media_id, spoken("Good morning, trains.", "We read the state-of-the-art."))
    first, second = rows(
        database,
        "SELECT result_id, media_file_id, idx, newest, start_ms, end_ms, speaker, round(confidence::numeric, 4), "
        "language, text, next_head, search_text, tsv @@ phraseto_tsquery('english', 'train we read') AS across "
        "FROM transcript_segments_newest ORDER BY idx",
    )
    assert first[:7] == (result_id, media_id, 0, True, 0, 4000, "A")
    assert (float(first[7]), *first[8:]) == (
        0.9, "en", "Good morning, trains.", "We read the state-of-the-art.", None, True,
    )  # fmt: skip
    assert (second[2], second[4], second[6], second[10], second[12]) == (1, 5000, "B", "", False)
    ((text_, speakers, first_idx, last_idx, found),) = rows(
        database,
        "SELECT text, speakers, first_idx, last_idx, "
        "tsv @@ websearch_to_tsquery('english', 'morning \"state of the art\"') FROM transcript_passages_newest",
    )
    assert (text_, speakers) == ("Good morning, trains. We read the state-of-the-art.", ["A", "B"])
    assert (first_idx, last_idx, found) == (0, 1, True)
    assert rows(database, "SELECT newest, segments, passages, indexed_version, language FROM transcript_index") == [
        (True, 2, 1, indexing.INDEX_VERSION, "en")
    ]


def test_each_language_is_indexed_as_its_own(database: Database) -> None:
    for language, sentence in (("de", "Die Häuser"), ("ja", "機械学習"), ("pl", "Domy stoją"), ("en-US", "Houses")):
        store(database, queued.add_media(database), spoken(sentence, language=language))
    found = rows(
        database, "SELECT language, array(SELECT unnest(tsvector_to_array(tsv)) ORDER BY 1) FROM transcript_segments"
    )
    assert dict(found) == {
        "de": ["haus"], "ja": ["学習", "械学", "機械", "習"], "pl": ["domy", "stoją"], "en": ["hous"],
    }  # fmt: skip


def test_every_configuration_is_on_the_server(database: Database) -> None:
    there = {name for (name,) in rows(database, "SELECT cfgname::text FROM pg_ts_config")}
    assert there >= {*search_models.CONFIGURATIONS.values(), search_models.NO_STEMS}
    assert set(search_models.SEPARATORS) == set(TRANSLATED), "queries are taken apart as texts are"


def test_what_nobody_measured_has_no_confidence(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    store(embedded_database, media_id, spoken("Imported."), pipeline_version="import", is_measured=False)
    foreign = [{"start": 0, "end": 1, "text": "Sure.", "confidence": 0.25}, {"start": 1, "end": 2, "text": "Mute."}]
    bare(embedded_database, queued.add_media(embedded_database), content={"language": "en"}, segments=foreign)
    reindex(embedded_database)
    found = rows(embedded_database, "SELECT text, confidence FROM transcript_segments")
    assert dict(found) == {"Imported.": None, "Sure.": 0.25, "Mute.": None}


def test_a_newer_version_takes_the_place_of_the_older_one(database: Database) -> None:
    media_id, other = queued.add_media(database), queued.add_media(database)
    untouched = store(database, other, spoken("Somebody else."))
    first = store(database, media_id, spoken("One.", "Two."))
    assert newest(database, media_id) == [first]
    second = store(database, media_id, spoken("One, again."), parent_id=first)
    assert newest(database, media_id) == [second]
    older = rows(database, "SELECT result_id, idx, tsv @@ 'two'::tsquery FROM transcript_segments_older ORDER BY idx")
    assert older == [(first, 0, True), (first, 1, True)], "a segment's tsv has the words that follow, too"
    store(database, media_id, spoken("A stretch."), model_config={"request": {"decode": {"start": 5.0, "end": None}}})
    assert newest(database, media_id) == [second]
    assert newest(database, other) == [untouched]


def test_sql_and_python_agree_on_the_newest(database: Database) -> None:
    """All pairs of kinds of results, and what comes of three and four of them."""
    whole: list[dict[str, Any]] = [
        {"pipeline_version": pipeline, "model_config": config}
        for pipeline in ("v1", "v2", "import")
        for config in WHOLE
    ]
    stretch = [
        {"pipeline_version": pipeline, "model_config": {"request": {"decode": decode}}}
        for pipeline in ("v1", "import")
        for decode in ({"start": 1.0, "end": None}, {"end": 0.0}, {"start": 0, "end": 9})
    ]
    chosen = random.Random(7)
    kinds = whole + stretch
    lines = [*itertools.product(kinds[:3] + kinds[-7:], repeat=2), *(chosen.choices(kinds, k=4) for _ in range(40))]
    with database.transaction() as session:
        job_id, _ = queued.begin(session, queued.add_media(database))
        media = [_insert(session, job_id, line, chosen) for line in lines]
        expected = {media_id: transcripts.of_media(session, media_id).id for media_id in media}
        for function in ("trax_newest_result", "trax_settle_newest"):
            by_sql = session.execute(text(f"SELECT id, {function}(id) AS newest FROM media_files"))
            assert {row.id: row.newest for row in by_sql if row.id in expected} == expected
            session.execute(text(MARK_ALL))
        marked = session.execute(text("SELECT media_file_id, result_id FROM transcript_index WHERE newest"))
        assert {row.media_file_id: row.result_id for row in marked} == expected
        assert len(expected) == 140


def test_media_without_results_has_no_newest(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        assert session.scalar(text("SELECT trax_newest_result(:id)"), {"id": media_id}) is None
        assert indexing.settle(session, media_id) is None
        with pytest.raises(RecordNotFound):
            transcripts.of_media(session, media_id)


def test_deleting_the_newest_brings_the_one_before_back(database: Database) -> None:
    media_id = queued.add_media(database)
    first, second = (store(database, media_id, spoken(said, "More.")) for said in ("First.", "Second."))
    third = store(database, media_id, spoken("Third."), pipeline_version="import")
    assert newest(database, media_id) == [second]
    _delete(database, "transcription_results", second)
    assert newest(database, media_id) == [first]
    _delete(database, "transcription_results", first)
    assert newest(database, media_id) == [third]
    assert rows(database, "SELECT text FROM transcript_segments") == [("Third.",)]


def test_deleting_media_leaves_nothing_behind(database: Database) -> None:
    kept, media_id = queued.add_media(database), queued.add_media(database)
    for id in (kept, media_id, media_id, kept):
        _embed(database, store(database, id, spoken("Hello.", "There.")))
    _delete(database, "media_files", media_id)
    for table in SIDE_TABLES:
        ((of_kept, of_all),) = rows(
            database,
            f"SELECT count(r.id), count(*) FROM {table} LEFT JOIN transcription_results r ON r.id = result_id",
        )
        assert of_kept == of_all > 0
    _delete(database, "media_files", kept)
    assert [rows(database, f"SELECT FROM {table}") for table in SIDE_TABLES] == [[]] * 4


def test_two_versions_at_once(database: Database) -> None:
    """Whoever comes second waits: one is the newest in the end, and each has all its rows."""
    media_id, start = queued.add_media(database), threading.Barrier(4)

    def one(number: int) -> UUID:
        start.wait(20)
        return store(database, media_id, spoken(*[f"Number {number}."] * 20))

    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(one, range(4)))
    with database.transaction() as session:
        expected = transcripts.of_media(session, media_id)
    assert expected.version == 4
    assert newest(database, media_id) == [expected.id]
    by_result = rows(database, "SELECT result_id, count(*), count(DISTINCT newest) FROM transcript_segments GROUP BY 1")
    assert sorted(by_result) == sorted((result_id, 20, 1) for result_id in stored)


def test_what_is_undone_leaves_no_trace(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    first = store(embedded_database, media_id, spoken("First."))

    def store_in_vain() -> None:
        with embedded_database.transaction() as session:
            store_in(session, media_id, spoken("Second."))
            raise DatabaseFull("The disk is full.")

    with pytest.raises(DatabaseFull):
        store_in_vain()
    assert newest(embedded_database, media_id) == [first]
    assert rows(embedded_database, "SELECT text FROM transcript_segments") == [("First.",)]


def test_a_transcript_that_the_server_can_not_index_is_stored(
    embedded_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "SEGMENTS", tuple(name for name in indexing.SEGMENTS if name != "text"))
    media_id = queued.add_media(embedded_database)
    result_id = store(embedded_database, media_id, spoken("Hello."))
    assert rows(embedded_database, "SELECT result_id, newest, segments FROM transcript_index") == [(result_id, True, 0)]


def test_text_that_postgresql_would_refuse(embedded_database: Database) -> None:
    said = spoken("Nul \x00 and half \ud83d a pair.", "\\N", "tab\tnew\nline\\.")
    store(embedded_database, queued.add_media(embedded_database), said)
    found = [text_ for (text_,) in rows(embedded_database, "SELECT text FROM transcript_segments ORDER BY idx")]
    assert found == ["Nul � and half ? a pair.", "\\N", "tab new line\\."]
    named = Transcript("en", 1.0, (Segment(0.0, 1.0, "Hi.", speaker="N" * 9000),))
    store(embedded_database, queued.add_media(embedded_database), named)


def test_results_of_an_older_trax_are_indexed_later(database: Database) -> None:
    for number in range(3):
        media_id = queued.add_media(database)
        first = bare(database, media_id, spoken(f"Old {number}."))
        bare(database, media_id, spoken(f"New {number}."), version=2, parent_result_id=first)
    store(database, queued.add_media(database), spoken("Of today."))
    with database.transaction() as session:
        before = indexing.state(session)
    assert (before.results, before.waiting) == (7, 6)
    assert "6 transcripts are not indexed yet" in before.hint
    steps: list[tuple[int, int]] = []
    done = reindex(database, lambda *step: steps.append(step))
    assert (done.indexed, done.unreadable, done.has_trigrams) == (6, 0, True)
    assert steps == [(0, 6), (2, 6), (4, 6), (6, 6)]
    texts = {said for (said,) in rows(database, "SELECT text FROM transcript_segments_newest")}
    assert texts == {"New 0.", "New 1.", "New 2.", "Of today."}
    assert done.counted == 7
    assert rows(database, "SELECT count(*) FROM search_lexicon WHERE word = 'new'") == [(1,)]
    with database.transaction() as session:
        assert indexing.state(session).hint == ""
    assert reindex(database).indexed == 0


def test_a_run_that_was_stopped_goes_on(embedded_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "READ_AT_A_TIME", 2)
    for number in range(7):
        bare(embedded_database, queued.add_media(embedded_database), spoken(f"Old {number}."))

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(embedded_database, stop)
    assert rows(embedded_database, "SELECT count(*) FROM transcript_segments") == [(3,)]
    assert reindex(embedded_database).indexed == 4


def test_several_runs_at_once_index_everything_once(embedded_database: Database) -> None:
    for number in range(12):
        bare(embedded_database, queued.add_media(embedded_database), spoken(f"Old {number}.", "And more."))
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: reindex(embedded_database).indexed, range(3)))
    assert sum(done) == 12
    assert rows(embedded_database, "SELECT count(*) FROM transcript_segments") == [(24,)]


def test_media_that_others_have_in_hand_come_last(embedded_database: Database) -> None:
    media = sorted(queued.add_media(embedded_database) for _ in range(3))
    for media_id in media:
        bare(embedded_database, media_id, spoken("Old."))
    with ThreadPoolExecutor(1) as pool:
        with embedded_database.transaction() as session:
            session.execute(select(MediaFile.id).where(MediaFile.id == media[0]).with_for_update())
            running = pool.submit(reindex, embedded_database)
            indexed = "SELECT media_file_id FROM transcript_index ORDER BY 1"
            assert eventually(lambda: len(rows(embedded_database, indexed)) == 2)
            assert rows(embedded_database, indexed) == [(media[1],), (media[2],)]
        assert running.result(30).indexed == 3


@pytest.mark.parametrize(
    "documents",
    [
        {"content": {}, "segments": [{}]},
        {"content": {"segments": 3}},
        {"content": [1]},
        {"content": {"segments": [{"start": "soon", "end": 1, "text": "x"}]}},
        {"content": {"text": ["no text"]}},
        {"content": {}, "segments": [{"start": 0, "end": 1, "text": 5}]},
    ],
)
def test_what_is_no_transcript_is_passed_over(embedded_database: Database, documents: dict[str, Any]) -> None:
    bare(embedded_database, queued.add_media(embedded_database), **documents)
    bare(embedded_database, queued.add_media(embedded_database), spoken("Fine."))
    assert reindex(embedded_database).indexed == 2
    assert reindex(embedded_database).indexed == 0
    assert rows(embedded_database, "SELECT text FROM transcript_segments") == [("Fine.",)]


def test_a_text_without_times_gets_those_of_what_it_was_made_from(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    first = store(embedded_database, media_id, spoken("um so machine lerning", "is hart you know"))
    second = bare(
        embedded_database,
        media_id,
        pipeline_version="v2",
        version=2,
        parent_result_id=first,
        content={"original_text": "um", "enhanced_text": "So, machine learning is hard, you know."},
    )
    third = bare(embedded_database, media_id, pipeline_version="v2", version=3, parent_result_id=second,
                 content={"enhanced_text": "Machine learning: hard."})  # fmt: skip
    reindex(embedded_database)
    found = rows(embedded_database, "SELECT result_id, start_ms, speaker, language, text FROM transcript_segments "
                 "WHERE result_id <> :first ORDER BY result_id = :third, idx", first=first, third=third)  # fmt: skip
    assert found == [
        (second, 0, "A", "en", "So, machine learning is"),
        (second, 5000, "B", "en", "hard, you know."),
        (third, 0, "A", "en", "Machine learning:"),
        (third, 5000, "B", "en", "hard."),
    ]
    assert newest(embedded_database, media_id) == [third]


def test_words_are_spread_in_order_and_whole() -> None:
    timed = [Segment(0, 1, "x" * 30), Segment(1, 2, "y" * 10), Segment(2, 3, "")]
    spread = indexed_text.spread_over("one two three four five six seven eight", timed)
    assert [(segment.start, segment.text) for segment in spread] == [
        (0, "one two three four five six"),
        (1, "seven eight"),
    ]
    assert [segment.text for segment in indexed_text.spread_over("機械学習は難しい", timed)] == ["機械学習は難", "しい"]


def test_indexing_anew_keeps_the_embeddings_that_still_fit(embedded_database: Database) -> None:
    result_id = store(embedded_database, queued.add_media(embedded_database), spoken("Same.", "And changed."))
    _embed(embedded_database, result_id)
    _embed(embedded_database, result_id, first_idx=1)
    with embedded_database.transaction() as session:
        session.execute(text("UPDATE transcript_segments SET text = 'rotten'"))
        lexicon.refresh(session)
        reindexing.forget(session)
        assert indexing.state(session).waiting == 1
    done = reindex(embedded_database)
    assert (done.indexed, done.counted) == (1, 1)
    assert rows(embedded_database, "SELECT text FROM transcript_segments ORDER BY idx") == [
        ("Same.",),
        ("And changed.",),
    ]
    assert rows(embedded_database, "SELECT word, count FROM search_lexicon WHERE word = 'same'") == [("same", 1)]
    kept = "SELECT first_idx FROM passage_embeddings"
    assert sorted(rows(embedded_database, kept)) == [(0,), (1,)], "the passage says what it said"
    with embedded_database.transaction() as session:
        session.execute(text("UPDATE transcript_passages SET text = 'rotten'"))
        reindexing.forget(session)
    reindex(embedded_database)
    assert rows(embedded_database, kept) == [(1,)], "what belongs to no passage hurts nobody"


def test_rows_of_a_newer_trax_are_left_alone(embedded_database: Database) -> None:
    store(embedded_database, queued.add_media(embedded_database), spoken("Hello."))
    with embedded_database.transaction() as session:
        session.execute(text("UPDATE transcript_index SET indexed_version = 99"))
    assert reindex(embedded_database).indexed == 0


def test_an_import_is_searched_until_there_is_one_of_ours(embedded_database: Database) -> None:
    media_id = queued.add_media(embedded_database)
    with embedded_database.transaction() as session:
        new = imports.NewImport(media_id, spoken("Theirs."), "import:srt", "a" * 64, {})
        theirs = imports.store(session, new).id
    assert newest(embedded_database, media_id) == [theirs]
    ours = store(embedded_database, media_id, spoken("Ours."))
    assert newest(embedded_database, media_id) == [ours]
    with embedded_database.transaction() as session:
        new = imports.NewImport(media_id, spoken("Theirs, better."), "import:srt", "b" * 64, {})
        imports.store(session, new)
    assert newest(embedded_database, media_id) == [ours]


def _insert(session: Transaction, job_id: UUID, line: Any, chosen: random.Random) -> UUID:
    """A media file with a result of each kind, numbered in any order; now and then two have the same number."""
    media = "INSERT INTO media_files (filename, file_size, source_path) VALUES ('a', 1, '/a') RETURNING id"
    media_id: UUID = session.scalars(text(media)).one()
    versions = [chosen.choice((3, 4)) for _ in line] if chosen.random() < 0.2 else chosen.sample(range(9), len(line))
    for hour, (kind, version) in enumerate(zip(line, versions, strict=True)):
        made = datetime(2026, 1, 1, hour, tzinfo=UTC)
        values = {"content": {}, "version": version + 1, "created_at": made, **kind}
        session.add(TranscriptionResult(job_id=job_id, media_file_id=media_id, **values))
    session.flush()
    return media_id


def _embed(database: Database, result_id: UUID, first_idx: int = 0) -> None:
    with database.transaction() as session:
        session.execute(
            text("INSERT INTO passage_embeddings VALUES (:id, :first, 'm', 'xx')"),
            {"id": result_id, "first": first_idx},
        )


def _delete(database: Database, table: str, id: UUID) -> None:
    with database.transaction() as session:
        session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": id})
