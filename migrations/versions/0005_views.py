"""Views: the archive in figures and moments, for psql and every other program that reads tables

Whatever changes a column that they read has to drop them first and make them anew.

Revision: 0005
Revises: 0004
Created: 2026-11-23
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Subqueries, not joins: what a question doesn't name is not looked up.
SAID = """(
        SELECT nullif(said.details ->> '{key}', '') FROM media_sources said
        WHERE said.media_file_id = m.id AND said.kind IN ('episode', 'web')
        ORDER BY said.kind, said.created_at, said.id LIMIT 1)"""

TITLES = """
CREATE VIEW trax_titles AS
SELECT m.id AS media_id,
    coalesce(nullif(v.title, ''), {title}, m.filename) AS title,
    coalesce(nullif(v.channel, ''), {feed_title}) AS channel,
    left(coalesce(nullif(v.details ->> 'publish_date', ''), {published}), 10) AS published,
    v.youtube_id,
    (
        SELECT place.source FROM media_sources place
        WHERE place.media_file_id = m.id AND place.kind = 'web' ORDER BY place.created_at, place.id LIMIT 1
    ) AS address
FROM media_files m
LEFT JOIN youtube_videos v ON v.id = m.youtube_video_id
"""

# The newest result as trax_newest_result tells it; that function asks for rights on the tables, a view does not.
MEDIA = """
CREATE VIEW trax_media AS
SELECT m.id AS media_id, t.title, t.channel, t.published, m.filename, m.status,
    m.duration, m.file_size, m.file_metadata ->> 'format' AS format, m.file_metadata ->> 'codec' AS codec,
    coalesce(i.language, n.content ->> 'language') AS language,
    (SELECT count(*)::integer FROM transcription_results r WHERE r.media_file_id = m.id) AS versions,
    n.id AS result_id, n.version, n.pipeline_version, n.model_used, n.word_count AS words, n.accuracy,
    m.source_path AS source, m.file_metadata ->> 'error' AS error, m.created_at AS added
FROM media_files m
JOIN trax_titles t ON t.media_id = m.id
LEFT JOIN LATERAL (
    SELECT r.* FROM transcription_results r
    WHERE r.media_file_id = m.id
    ORDER BY r.pipeline_version = 'import',
        coalesce(r.model_config #>> '{request,decode,start}', r.model_config #>> '{request,decode,end}') IS NOT NULL,
        r.version DESC, r.created_at DESC, r.id
    LIMIT 1
) n ON true
LEFT JOIN transcript_index i ON i.result_id = n.id
"""

# Anybody may have stored anything under a key: what is no number is not read as one.
RESULTS = """
CREATE VIEW trax_results AS
SELECT r.id AS result_id, r.media_file_id AS media_id, r.version, r.pipeline_version, r.model_used,
    coalesce(i.language, r.content ->> 'language', 'und') AS language,
    coalesce(r.model_config #>> '{request,decode,start}', r.model_config #>> '{request,decode,end}') IS NOT NULL
        AS is_stretch,
    coalesce(
        CASE WHEN jsonb_typeof(r.model_config #> '{decoding,duration}') = 'number'
            THEN (r.model_config #>> '{decoding,duration}')::float END,
        CASE WHEN jsonb_typeof(r.model_config -> 'duration') = 'number'
            THEN (r.model_config ->> 'duration')::float END,
        m.duration
    ) AS audio_seconds,
    m.duration AS media_seconds, r.word_count AS words, r.accuracy, r.processing_time, r.created_at
FROM transcription_results r
JOIN media_files m ON m.id = r.media_file_id
LEFT JOIN transcript_index i ON i.result_id = r.id
"""

# A file counts once, with its length or that of its stretches, and with the words of its newest result in the group.
FIGURES = """
CREATE VIEW {name} AS
SELECT {key}, count(*) AS files, sum(results)::bigint AS results,
    sum(coalesce(whole_seconds, least(audio_seconds, media_seconds))) / 3600 AS audio_hours,
    sum(words)::bigint AS words,
    sum(processing_seconds) / nullif(sum(processed), 0) AS mean_processing_seconds,
    sum(accuracies) / nullif(sum(judged), 0) AS mean_accuracy,
    sum(timed_audio) / nullif(sum(timed_seconds), 0) AS speed
FROM (
    SELECT {source} AS {key}, r.media_id, count(*) AS results,
        max(r.audio_seconds) FILTER (WHERE NOT r.is_stretch) AS whole_seconds,
        sum(r.audio_seconds) AS audio_seconds, max(r.media_seconds) AS media_seconds,
        (array_agg(r.words ORDER BY r.is_stretch, r.version DESC))[1] AS words,
        sum(r.processing_time) AS processing_seconds, count(r.processing_time) AS processed,
        sum(r.accuracy) AS accuracies, count(r.accuracy) AS judged,
        sum(r.audio_seconds) FILTER (WHERE r.processing_time > 0) AS timed_audio,
        sum(r.processing_time) FILTER (WHERE r.audio_seconds IS NOT NULL) AS timed_seconds
    FROM trax_results r JOIN trax_titles t ON t.media_id = r.media_id
    GROUP BY {source}, r.media_id
) of_media
GROUP BY {key}
"""

FAILURES = """
CREATE VIEW trax_failures_by_day AS
SELECT coalesce(completed_at, updated_at)::date AS day, count(*) AS failed_jobs, count(DISTINCT media_file_id) AS files
FROM transcription_jobs
WHERE status = 'failed'
GROUP BY day
"""

MOMENTS = """
CREATE VIEW trax_moments AS
SELECT s.media_file_id AS media_id, t.title, t.channel, t.published, s.result_id, r.version, r.pipeline_version, s.idx,
    s.start_ms / 1000.0::float AS start_seconds, s.end_ms / 1000.0::float AS end_seconds,
    coalesce(r.model_config ->> 'times' = 'estimated', false) AS is_estimated,
    s.speaker, s.confidence, s.language, s.text,
    CASE WHEN t.youtube_id IS NOT NULL THEN 'https://youtu.be/' || t.youtube_id || '?t=' || s.start_ms / 1000
        ELSE split_part(t.address, '#', 1) || '#t=' || s.start_ms / 1000 END AS link
FROM transcript_segments s
JOIN trax_titles t ON t.media_id = s.media_file_id
LEFT JOIN transcription_results r ON r.id = s.result_id
WHERE s.newest
"""

PASSAGES = """
CREATE VIEW trax_passages AS
SELECT p.media_file_id AS media_id, t.title, t.channel, t.published, p.result_id, p.first_idx, p.last_idx,
    p.start_ms / 1000.0::float AS start_seconds, p.end_ms / 1000.0::float AS end_seconds,
    p.speakers, p.language, p.text,
    CASE WHEN t.youtube_id IS NOT NULL THEN 'https://youtu.be/' || t.youtube_id || '?t=' || p.start_ms / 1000
        ELSE split_part(t.address, '#', 1) || '#t=' || p.start_ms / 1000 END AS link,
    p.tsv
FROM transcript_passages p
JOIN trax_titles t ON t.media_id = p.media_file_id
WHERE p.newest
"""

# The bound is that of the index, so that the worst are found without a look at the others.
UNSURE = "CREATE VIEW trax_unsure AS SELECT * FROM trax_moments WHERE confidence < 0.8"


def figures(name: str, key: str, source: str) -> str:
    return FIGURES.format(name=name, key=key, source=source)


# In the order in which one is made of the other: what it is, and its definition.
VIEWS = {
    "trax_titles": (
        "What media is called, and where and when it was published.",
        TITLES.format(**{key: SAID.format(key=key) for key in ("title", "feed_title", "published")}),
    ),
    "trax_media": ("Media files with their titles and the newest transcript of each.", MEDIA),
    "trax_results": ("Transcripts with the audio they are of and the time they took.", RESULTS),
    "trax_stats_by_pipeline": (
        "Transcripts by pipeline version.",
        figures("trax_stats_by_pipeline", "pipeline_version", "r.pipeline_version"),
    ),
    "trax_by_model": ("Transcripts by model.", figures("trax_by_model", "model_used", "r.model_used")),
    "trax_by_language": ("Transcripts by language.", figures("trax_by_language", "language", "r.language")),
    "trax_by_channel": ("Transcripts by channel or podcast.", figures("trax_by_channel", "channel", "t.channel")),
    "trax_failures_by_day": ("Failed jobs by day, in the time zone of the session.", FAILURES),
    "trax_moments": ("What was said in the newest transcripts, segment by segment.", MOMENTS),
    "trax_passages": ("The same in stretches of some 40 seconds, to be searched for words.", PASSAGES),
    "trax_unsure": ("Moments at which the model was less than 80 % sure.", UNSURE),
}


def upgrade() -> None:
    for name, (meaning, definition) in VIEWS.items():
        op.execute(definition)
        op.execute(f"COMMENT ON VIEW {name} IS '{meaning}'")


def downgrade() -> None:
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")
