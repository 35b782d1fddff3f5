"""The views: what they count, which transcript stands for a file, junk that others have stored, and indexes."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from tests.database import small_archive
from tests.finding.archive import add_media, add_transcript
from trax.database import Database, analytics, media_views
from trax.database.media_views import MediaFilter


def ask(database: Database, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.address()) as connection:
        return connection.execute(query.encode(), values).fetchall()


def test_the_transcript_that_stands_for_a_file_is_the_one_that_is_shown(database: Database) -> None:
    small_archive.fill(database)
    rows = ask(database, "SELECT filename, result_id, trax_newest_result(media_id), version, versions FROM trax_media")
    assert all(shown == chosen for _, shown, chosen, *_ in rows)
    assert {name: tuple(versions) for name, _, _, *versions in rows} == {
        "talk.mp3": (3, 3),
        "dams.wav": (1, 2),  # ours, though that of others is newer
        "lecture.mp3": (1, 1),
        "broken.ogg": (None, 0),
        "noise.ogg": (None, 0),
        "new.wav": (None, 0),
    }


def test_hours_count_each_file_once_and_speed_counts_all_work(database: Database) -> None:
    small_archive.fill(database)
    with database.transaction() as session:
        found = {figures.name: figures for figures in analytics.figures(session, "language")}
        overview = analytics.overview(session)
    assert {name: figures.audio_hours for name, figures in found.items()} == {
        "en": 0.5,  # three versions of half an hour
        "de": pytest.approx(1 / 3),  # two channels
        "fr": pytest.approx(1 / 60),  # a stretch
    }
    assert found["en"].speed == pytest.approx(3 * 1800 / (60 + 240 + 30))
    assert found["de"].speed == pytest.approx(12)  # of others' transcripts nobody knows what they took
    assert (overview.files, overview.transcribed_files, overview.results, overview.words) == (6, 3, 6, 33)
    assert overview.audio_hours == pytest.approx((1800 + 1200 + 3600 + 2 * 90) / 3600)
    assert overview.transcribed_hours == pytest.approx((1800 + 1200 + 60) / 3600)


def test_every_grouping_counts_every_transcript(database: Database) -> None:
    small_archive.fill(database)
    for by in analytics.GROUPINGS:
        with database.transaction() as session:
            found = analytics.figures(session, by)
        assert sum(figures.results for figures in found) == 6, by
        named = {figures.name for figures in found}
        assert len(named) == len(found) >= 3, by


def test_stretches_of_a_file_add_up_to_no_more_than_the_file(database: Database) -> None:
    media_id = add_media(database, "talk.mp3", duration=100.0)
    for _ in range(3):
        result = add_transcript(database, "talk.mp3", "Something.", media_id=media_id)
        make_stretch(database, result.id, 45.0)
    with database.transaction() as session:
        (figures,) = analytics.figures(session, "pipeline")
    assert figures.audio_hours == pytest.approx(100 / 3600)
    assert (figures.files, figures.results) == (1, 3)


def make_stretch(database: Database, result_id: object, seconds: float) -> None:
    config = f'{{"request": {{"decode": {{"start": 5.0}}}}, "decoding": {{"duration": {seconds}}}}}'
    with database.transaction() as session:
        statement = "UPDATE transcription_results SET model_config = CAST(:config AS jsonb) WHERE id = :id"
        session.execute(text(statement), {"config": config, "id": result_id})


def test_days_are_those_of_the_session(database: Database) -> None:
    """What fails at noon in Greenwich fails on the next day in Auckland."""
    small_archive.fill(database)
    for zone, later in (("UTC", 0), ("Pacific/Auckland", 1)):
        with database.transaction() as session:
            session.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": zone})
            found = analytics.failures_by_day(session, 36_500)
            assert analytics.time_zone(session) == zone
        assert [(failed.day.isoformat(), failed.failed_jobs, failed.files) for failed in found] == [
            (f"2026-05-0{5 + later}", 2, 2),
            (f"2026-05-0{4 + later}", 2, 1),
        ]


def test_failures_of_the_last_days(embedded_database: Database) -> None:
    small_archive.fill(embedded_database)
    with embedded_database.transaction() as session:
        session.execute(text("UPDATE transcription_jobs SET completed_at = now() - interval '3 days'"))
        assert analytics.failures_by_day(session, 3) == []
        (failed,) = analytics.failures_by_day(session, 4)
    assert (failed.failed_jobs, failed.files) == (4, 2)


JUNK = (
    """UPDATE media_files SET file_metadata = '["what"]'""",
    """UPDATE transcription_results SET model_config = '{"duration": "long", "decoding": [], "request": 7}'""",
    "UPDATE youtube_videos SET title = '', channel = '', details = '[]'",
    """UPDATE media_sources SET details = '{"title": {"a": 1}, "published": 20260101, "feed_title": null}'""",
    "UPDATE transcription_jobs SET completed_at = NULL",
    "DELETE FROM transcript_index",
)


def test_what_others_have_stored_breaks_no_view(database: Database) -> None:
    small_archive.fill(database)
    with psycopg.connect(database.address(), autocommit=True) as connection:
        for statement in JUNK:
            connection.execute(statement.encode())
    views = ask(database, "SELECT table_name::text FROM information_schema.views WHERE table_name ~ '^trax_'")
    for (view,) in views:
        assert ask(database, f"SELECT * FROM {view}"), view
    titles = {title for (title,) in ask(database, "SELECT title FROM trax_titles")}
    assert {"talk.mp3", '{"a": 1}'} <= titles  # an empty title is none
    with database.transaction() as session:
        assert len(media_views.listing(session, MediaFilter())) == 6


def test_moments_have_titles_times_and_links(database: Database) -> None:
    small_archive.fill(database)
    rows = ask(
        database,
        "SELECT title, channel, version, start_seconds, end_seconds, speaker, link, is_estimated FROM trax_moments "
        "WHERE text LIKE 'Etwa%%' OR text LIKE 'And of%%' ORDER BY title",
    )
    assert rows == [
        ("A walk along the river", "River Radio", 3, 9.5, 12.0, None, "https://youtu.be/riverwalk01?t=9", False),
        ("Episode 7: Dams", "Water Podcast", 1, 3.5, 6.0, "Channel 2", None, False),
    ]


PLANS = {
    "transcript_passages_newest_tsv": "SELECT title FROM trax_passages WHERE tsv @@ to_tsquery('river & word7')",
    "transcript_segments_newest_text": "SELECT title, link FROM trax_moments WHERE text ILIKE '%word77 %'",
    "transcript_segments_newest_confidence": "SELECT title, text FROM trax_unsure ORDER BY confidence LIMIT 20",
    "transcript_segments_newest_pkey": (
        "SELECT text FROM trax_moments WHERE result_id = '00000000-0000-4000-8000-000000000000' ORDER BY idx"
    ),
}

MANY_SEGMENTS = """
INSERT INTO transcript_segments (result_id, idx, newest, media_file_id, start_ms, end_ms, confidence, language, text)
SELECT result_id, n, true, media_file_id, n * 1000, n * 1000 + 900, 0.5 + n % 500 / 1000.0, 'en',
    'the river says word' || n % 2000 || ' at ' || n
FROM transcript_index, generate_series(10, 8000) n;
INSERT INTO transcript_passages
    (result_id, first_idx, last_idx, newest, media_file_id, start_ms, end_ms, language, text)
SELECT result_id, idx, idx, newest, media_file_id, start_ms, end_ms, language, text
FROM transcript_segments WHERE idx > 9;
"""


def test_conditions_on_moments_reach_the_indexes(database: Database) -> None:
    add_transcript(database, "talk.mp3", "The river runs.")
    with psycopg.connect(database.address(), autocommit=True) as connection:
        connection.execute(MANY_SEGMENTS)
        connection.execute(
            "VACUUM ANALYZE transcript_segments, transcript_passages"
        )  # which also empties the list of what is to be indexed
        connection.execute("ANALYZE")  # or the planner believes what it learnt of earlier rows of the other tables
        for index, query in PLANS.items():
            plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {query}".encode()))
            assert index in plan, plan
            assert "Seq Scan on transcript_segments" not in plan, plan
