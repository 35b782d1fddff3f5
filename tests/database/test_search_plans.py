"""Every statement of a search uses its index, on 50,000 segments: on both servers, as their planners see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.database import Database, lexicon, reindexing, search
from trax.database.search import Search
from trax.database.search_filters import Chosen, Scope
from trax.database.search_session import reading, situation
from trax.database.search_sql import Page
from trax.database.search_terms import pairs_of, patterns_of, terms
from trax.search.query import parse

RESULTS, SEGMENTS = 100, 500  # segments of each result; ten make a passage

# Words by chance, a few of them often: w1 is in one segment of five, w3000 in one of a hundred thousand words.
_BUILD = f"""
    SELECT setseed(0.5);
    INSERT INTO media_files (id, filename, file_size, source_path)
        SELECT md5('media ' || n)::uuid, 'talk ' || n, 1, '/talk' FROM generate_series(1, {RESULTS}) n;
    INSERT INTO transcription_jobs (id, media_file_id, status)
        SELECT md5('job ' || n)::uuid, md5('media ' || n)::uuid, 'completed' FROM generate_series(1, {RESULTS}) n;
    INSERT INTO transcription_results (id, job_id, media_file_id, content)
        SELECT md5('result ' || n)::uuid, md5('job ' || n)::uuid, md5('media ' || n)::uuid, '{{}}'
        FROM generate_series(1, {RESULTS}) n;
    INSERT INTO transcript_index (result_id, media_file_id, newest, language, indexed_version, segments, passages)
        SELECT md5('result ' || n)::uuid, md5('media ' || n)::uuid, true, 'en', 1, {SEGMENTS}, {SEGMENTS // 10}
        FROM generate_series(1, {RESULTS}) n;
    INSERT INTO transcript_segments (result_id, idx, newest, media_file_id, start_ms, end_ms, speaker, confidence,
            language, text, pairs)
        SELECT md5('result ' || n)::uuid, idx, true, md5('media ' || n)::uuid, idx * 4000, idx * 4000 + 4000,
            'Speaker ' || mod(n, 7), 0.5 + random() / 2, 'en', w[1] || ' ' || w[2] || ' ' || w[3] || ' ' || w[4],
            ARRAY[hashtext(w[1] || w[2]), hashtext(w[2] || w[3]), hashtext(w[3] || w[4])]
        FROM generate_series(1, {RESULTS}) n, generate_series(0, {SEGMENTS - 1}) idx,
            LATERAL (SELECT ARRAY(
                SELECT 'w' || (1 + floor(3000 * random() ^ 3))::int FROM generate_series(1, 4 + 0 * idx * n)
            ) AS w) words;
    INSERT INTO transcript_passages (result_id, first_idx, last_idx, newest, media_file_id, start_ms, end_ms, speakers,
            language, text)
        SELECT result_id, min(idx), max(idx), true, min(media_file_id::text)::uuid, min(start_ms), max(end_ms),
            array_agg(DISTINCT speaker), 'en', string_agg(text, ' ' ORDER BY idx)
        FROM transcript_segments GROUP BY result_id, idx / 10;
    INSERT INTO search_lexicon SELECT DISTINCT md5(n::text), 1 FROM generate_series(1, 40000) n;
    SELECT gin_clean_pending_list('ix_search_lexicon_word');
"""

EVERYWHERE = Scope()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as building:
        building.connection().exec_driver_sql(_BUILD)
        reindexing.tidy(building)
    with reading(database) as reader:
        yield reader


def plan(session: Session, statement: str, values: Mapping[str, Any]) -> str:
    return "\n".join(session.scalars(text(f"EXPLAIN {statement}"), values))


def plan_of(session: Session, planned: Search, page: Page = Page()) -> str:
    return plan(session, *search.ranked(planned, page))


def words(session: Session, query: str, scope: Scope = EVERYWHERE) -> Search:
    return search.by_words(terms(session, parse(query), situation(session).languages), scope)


def phrase(session: Session, query: str, scope: Scope = EVERYWHERE) -> Search:
    parsed = parse(query)
    known = terms(session, parsed, situation(session).languages)
    return search.by_phrase(known, patterns_of(parsed), scope, pairs=pairs_of(parsed.positive[0]))


def scanned(found: str) -> set[str]:
    """The tables of segments and passages that are read from beginning to end."""
    return set(re.findall(r"Seq Scan on (transcript_(?:segments|passages)\w*|search_lexicon)", found))


def test_every_statement_uses_its_index(session: Session) -> None:
    of_words, of_segment = "transcript_passages_newest_tsv_idx", "transcript_segments_newest_pkey"
    hundred = tuple(session.scalars(text("SELECT result_id FROM transcript_index ORDER BY result_id")))
    some = Scope(
        results=Chosen("SELECT i.result_id FROM transcript_index i WHERE i.result_id < :last", {"last": hundred[60]})
    )
    plans = {
        "rare words": (plan_of(session, words(session, "w2900 w2800")), {of_words, of_segment}),
        "common words": (plan_of(session, words(session, "w30 w50 OR w70 -w9")), {of_words, of_segment}),
        "words and a phrase": (plan_of(session, words(session, '"w300 w12" w3')), {of_words, of_segment}),
        "a deep page": (plan_of(session, words(session, "w100"), Page(20, 1000)), {of_words, of_segment}),
        "words since a day": (
            plan_of(session, words(session, "w300 w20", some)),
            {of_words, of_segment, "hashed SubPlan"},
        ),
        "words of a speaker": (
            plan_of(session, words(session, "w300 w20", Scope(speakers=("Speaker 3",), min_confidence=0.9))),
            {of_words, of_segment},
        ),
        "words in one transcript": (
            plan_of(session, words(session, "w3", Scope(results=hundred[:1]))),
            {"transcript_passages_newest_pkey", of_segment},
        ),
        "a phrase": (plan_of(session, phrase(session, '"w300 w20"')), {"transcript_segments_newest_pairs_idx"}),
        "a phrase of stop words": (plan_of(session, phrase(session, '"of the"')), {"newest_pairs_idx"}),
        "a filtered phrase": (plan_of(session, phrase(session, '"w300 w20 w3"', some)), {"newest_pairs_idx"}),
        "one exact word": (plan_of(session, phrase(session, '"w2000"')), {of_words, of_segment}),
        "a phrase of long words": (plan_of(session, phrase(session, '"words2000 words300"')), {of_words, of_segment}),
        "a part of a word": (plan_of(session, search.by_part("2871", EVERYWHERE)), {"newest_text_idx"}),
        "doubtful segments": (
            plan(session, *search.unsure_statement(EVERYWHERE, 0.6, Page(), None)),
            {"transcript_segments_newest_confidence"},
        ),
        "more of them": (
            plan(session, *search.unsure_statement(EVERYWHERE, 0.8, Page(), (0.7, hundred[7], 3))),
            {"transcript_segments_newest_confidence"},
        ),
        "similar words": (plan(session, lexicon.SIMILAR, {"word": "c4ca4238", "most": 50}), {"ix_search_lexicon_word"}),
    }
    for name, (found, wanted) in plans.items():
        assert (name, scanned(found), {index for index in wanted if index not in found}) == (name, set(), set()), found


def test_words_that_nobody_says_are_told_by_the_passages(session: Session) -> None:
    planned = plan(session, lexicon.FORGET, {"words": ["w1", "w2999", "unsaid"], "configured": ["english", "simple"]})
    assert "transcript_passages_newest_tsv_idx" in planned
    assert "transcript_segments" not in planned
