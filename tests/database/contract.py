"""The contract, written down a second time and by hand: what people's own SQL relies on."""

from __future__ import annotations

# table -> column -> (type as PostgreSQL prints it, nullable, default as PostgreSQL prints it)
Column = tuple[str, bool, str | None]

COMMON: dict[str, Column] = {
    "id": ("uuid", False, "gen_random_uuid()"),
    "created_at": ("timestamp with time zone", False, "now()"),
    "updated_at": ("timestamp with time zone", False, "now()"),
}

EMPTY_OBJECT = "'{}'::jsonb"
PENDING = "'pending'::character varying"

TABLES: dict[str, dict[str, Column]] = {
    "youtube_videos": {
        "youtube_id": ("character varying(20)", False, None),
        "title": ("character varying(500)", False, None),
        "channel": ("character varying(200)", False, None),
        "description": ("text", True, None),
        "duration_seconds": ("integer", False, None),
        "url": ("character varying(500)", False, None),
        "metadata_extracted_at": ("timestamp with time zone", True, "now()"),
    },
    "media_files": {
        "filename": ("character varying(255)", False, None),
        "file_size": ("bigint", False, None),
        "duration": ("double precision", True, None),
        "mime_type": ("character varying(100)", True, None),
        "source_path": ("text", False, None),
        "local_path": ("text", True, None),
        "file_hash": ("character varying(64)", True, None),
        "file_metadata": ("jsonb", True, EMPTY_OBJECT),
        "status": ("character varying(20)", False, PENDING),
        "youtube_video_id": ("uuid", True, None),
    },
    "transcription_jobs": {
        "media_file_id": ("uuid", False, None),
        "status": ("character varying(20)", False, PENDING),
        "priority": ("integer", True, "0"),
        "model_config": ("jsonb", True, EMPTY_OBJECT),
        "processing_options": ("jsonb", True, EMPTY_OBJECT),
        "started_at": ("timestamp with time zone", True, None),
        "completed_at": ("timestamp with time zone", True, None),
        "processing_time": ("double precision", True, None),
        "error_message": ("text", True, None),
        "retry_count": ("integer", True, "0"),
        "max_retries": ("integer", True, "3"),
    },
    "transcription_results": {
        "job_id": ("uuid", False, None),
        "media_file_id": ("uuid", False, None),
        "pipeline_version": ("character varying(10)", False, "'v1'::character varying"),
        "content": ("jsonb", False, None),
        "segments": ("jsonb", True, None),
        "confidence_scores": ("jsonb", True, None),
        "speaker_info": ("jsonb", True, None),
        "accuracy": ("double precision", True, None),
        "word_count": ("integer", True, None),
        "processing_time": ("double precision", True, None),
        "model_used": ("character varying(100)", True, None),
        "model_config": ("jsonb", True, None),
        "parent_result_id": ("uuid", True, None),
        "version": ("integer", False, "1"),
    },
    "processing_jobs": {
        "job_type": ("character varying(50)", False, None),
        "status": ("character varying(20)", False, PENDING),
        "config": ("jsonb", True, EMPTY_OBJECT),
        "file_patterns": ("jsonb", True, None),
        "total_items": ("integer", True, "0"),
        "processed_items": ("integer", True, "0"),
        "successful_items": ("integer", True, "0"),
        "failed_items": ("integer", True, "0"),
        "started_at": ("timestamp with time zone", True, None),
        "completed_at": ("timestamp with time zone", True, None),
        "error_message": ("text", True, None),
    },
}

INDEXED: dict[str, set[str]] = {
    "youtube_videos": {"youtube_id"},
    "media_files": {"file_hash", "status", "youtube_video_id", "file_metadata"},
    "transcription_jobs": {"media_file_id", "status", "priority"},
    "transcription_results": {"job_id", "media_file_id", "pipeline_version", "parent_result_id", "content"},
    "processing_jobs": {"job_type", "status"},
}

UNIQUE = {("youtube_videos", "youtube_id"), ("media_files", "file_hash")}

# Columns and tables beside the contract, which the queue needs.
BESIDE: dict[str, dict[str, Column]] = {
    "transcription_jobs": {
        "ticket_id": ("bigint", True, None),
        "request_id": ("uuid", True, None),
        "queue": ("character varying(128)", False, "'default'::character varying"),
        "owner_id": ("uuid", True, None),
        "shared": ("boolean", False, "false"),
    },
    "youtube_videos": {"details": ("jsonb", False, "'{}'::jsonb")},
}
UNIQUE_BESIDE = {("transcription_jobs", "ticket_id"), ("transcription_jobs", "request_id")}

REFERENCES_BESIDE = {
    ("batch_items", "batch_id"): ("processing_jobs", "CASCADE"),
    ("batch_items", "media_file_id"): ("media_files", "SET NULL"),
    ("batch_items", "job_id"): ("transcription_jobs", "SET NULL"),
    ("job_attempts", "job_id"): ("transcription_jobs", "CASCADE"),
    ("window_checkpoints", "media_file_id"): ("media_files", "CASCADE"),
    ("llm_calls", "job_id"): ("transcription_jobs", "CASCADE"),
    ("media_sources", "media_file_id"): ("media_files", "CASCADE"),
    ("result_speakers", "result_id"): ("transcription_results", "CASCADE"),
    ("result_speakers", "speaker_id"): ("speakers", "CASCADE"),
    ("result_voices", "result_id"): ("transcription_results", "CASCADE"),
    ("speaker_voiceprints", "speaker_id"): ("speakers", "CASCADE"),
    ("speaker_voiceprints", "result_id"): ("transcription_results", "SET NULL"),
    ("media_references", "media_file_id"): ("media_files", "CASCADE"),
    ("media_references", "result_id"): ("transcription_results", "CASCADE"),
    ("result_measurements", "result_id"): ("transcription_results", "CASCADE"),
    ("result_measurements", "reference_id"): ("media_references", "CASCADE"),
    ("result_measurements", "against_id"): ("transcription_results", "CASCADE"),
    ("transcript_index", "result_id"): ("transcription_results", "CASCADE"),
    ("passage_embeddings", "result_id"): ("transcription_results", "CASCADE"),
}

REFERENCES = {  # (table, column) -> (referenced table, ON DELETE)
    ("media_files", "youtube_video_id"): ("youtube_videos", "SET NULL"),
    ("transcription_jobs", "media_file_id"): ("media_files", "CASCADE"),
    ("transcription_results", "job_id"): ("transcription_jobs", "NO ACTION"),
    ("transcription_results", "media_file_id"): ("media_files", "CASCADE"),
    ("transcription_results", "parent_result_id"): ("transcription_results", "NO ACTION"),
}

STATUSES = {
    "media_files": {"pending", "downloading", "processing", "ready", "failed"},
    "transcription_jobs": {"pending", "processing", "completed", "failed", "cancelled"},
    "processing_jobs": {"pending", "processing", "paused", "completed", "failed", "cancelled"},
}
