"""A transcript that was stored comes back the same; its JSON has the contract's keys and fits PostgreSQL."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs import queued
from trax.database import Database, documents, lineage, lookup, media, queue, transcripts
from trax.database.models import TranscriptionResult
from trax.errors import RecordNotFound, UsageError
from trax.flow import Request
from trax.media.decode import DecodeOptions
from trax.settings import load_settings
from trax.transcript import Segment, Transcript, Word
from trax.transcription.transcriber import TranscribeOptions

seconds = st.integers(0, 16_000_000).map(lambda samples: samples / 16_000)  # every sample has its own time
scores = st.integers(0, 10_000).map(lambda ticks: ticks / 10_000)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)
words = st.builds(
    Word, seconds, seconds, texts.map(lambda text: f" {text}"), scores, st.none() | texts, st.none() | scores
)
segments = st.builds(
    Segment,
    start=seconds,
    end=seconds,
    text=texts,
    words=st.lists(words, max_size=5).map(tuple),
    avg_logprob=scores.map(lambda score: -score),
    no_speech_prob=scores,
    compression_ratio=scores,
    temperature=st.sampled_from([0.0, 0.2, 0.4]),
    speaker=st.none() | texts,
)
transcripts_of_any_kind = st.builds(
    Transcript,
    language=st.sampled_from(["en", "ja"]),
    duration=seconds,
    segments=st.lists(segments, max_size=5).map(tuple),
    language_probability=st.none() | scores,
)


@given(transcripts_of_any_kind)
def test_stored_and_read_is_the_same(transcript: Transcript) -> None:
    row = TranscriptionResult(
        content=json.loads(json.dumps(documents.content_v1(transcript))),
        segments=json.loads(json.dumps(documents.segments(transcript))),
        confidence_scores=json.loads(json.dumps(documents.confidence_scores(transcript), allow_nan=False)),
        model_config={"duration": transcript.duration},
    )
    assert documents.transcript_of(row) == transcript


@given(transcripts_of_any_kind)
def test_text_is_the_join_of_its_segments(transcript: Transcript) -> None:
    content = documents.content_v1(transcript)
    assert content["text"] == " ".join(segment["text"] for segment in content["segments"])
    assert [segment["id"] for segment in content["segments"]] == list(range(len(transcript.segments)))
    assert all(0 <= segment["confidence"] <= 1 for segment in content["segments"])


def stored(database: Database, name: str) -> TranscriptionResult:
    transcript = Transcript("en", 1.0, (Segment(0.0, 1.0, "Hello.", (Word(0.0, 1.0, " Hello.", 0.9),)),))
    with database.transaction() as session:
        new = media.NewMedia(name, 1, name.ljust(64, "0"), f"/{name}", f"/{name}", 1)
        row, _ = media.add(session, new)
        job_id, _ = queued.begin(session, row.id)
        result = transcripts.NewResult(job_id, row.id, "v1", transcript, 0.9, 1.0, "tiny.en", {"request": {"a": [1]}})
        return transcripts.store(session, result)


def test_ids_may_be_shortened(embedded_database: Database) -> None:
    first, second = stored(embedded_database, "a"), stored(embedded_database, "b")
    with embedded_database.transaction() as session:
        for length in (12, 20, 36):
            file, result = lookup.media_or_result(session, str(first.id)[:length].upper())
            assert result is not None
            assert (file.id, result.id) == (first.media_file_id, first.id)
        file, result = lookup.media_or_result(session, str(second.media_file_id))
        assert (file.id, result) == (second.media_file_id, None)
        with pytest.raises(UsageError, match="not an ID"):
            lookup.media(session, "xyz")
        unknown = str(uuid4())
        with pytest.raises(RecordNotFound, match=unknown):
            lookup.media(session, unknown)


def test_several_ids_with_one_beginning_are_not_guessed_at(embedded_database: Database) -> None:
    for number in range(20):  # twenty media and twenty results: some first digit is shared
        stored(embedded_database, f"file{number}")
    with embedded_database.transaction() as session:
        prefixes = [str(row.id)[0] for row in session.query(TranscriptionResult)]
        shared = max(prefixes, key=prefixes.count)
        with pytest.raises(UsageError, match="Several IDs"):
            lookup.media_or_result(session, shared)


def test_answered_requests_are_found_by_media_and_pipeline(embedded_database: Database) -> None:
    result = stored(embedded_database, "a")
    with embedded_database.transaction() as session:
        assert lineage.requests_answered(session, result.media_file_id, "v1") == [(result.id, {"a": [1]})]
        assert lineage.requests_answered(session, result.media_file_id, "v2") == []


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"language": "en"}, False),
        ({"compute_type": "float32"}, False),
        ({"transcribe": TranscribeOptions(beam_size=1)}, False),
        ({"decode": DecodeOptions(channel=1)}, False),
        ({"decode": DecodeOptions(max_duration=60.0)}, True),  # a limit doesn't shape the transcript
    ],
)
def test_what_makes_a_request_another_one(change: dict[str, Any], same: bool) -> None:
    before = Request(model="tiny.en")
    document = json.loads(json.dumps(before.as_json()))
    assert before.is_answered_by(document)
    assert replace(before, **change).is_answered_by(document) is same


def test_an_option_that_was_added_later_had_its_default() -> None:
    request = Request(model="tiny.en")
    old = request.as_json()
    del old["compute_type"]
    del old["vad"]["padding"]
    assert request.is_answered_by(old)
    assert not replace(request, compute_type="float32").is_answered_by(old)


def test_nothing_that_jsonb_refuses_gets_in_the_way(database: Database) -> None:
    odd = "nul \x00, half a pair \ud800"
    transcript = Transcript(
        "en", 1.0, (Segment(0.0, 1.0, odd, (Word(0.0, 1.0, odd, math.nan),), avg_logprob=math.inf),)
    )
    with database.transaction() as session:
        row, _ = media.add(session, media.NewMedia("a", 1, "a" * 64, "/a", "/a", 1))
        media.set_status(session, row.id, "failed", odd)
        job_id, ticket = queued.begin(session, row.id, {"prompt": odd})
        new = transcripts.NewResult(job_id, row.id, "v1", transcript, None, 1.0, "tiny.en", {"limit": math.inf})
        stored_row = transcripts.store(session, new)
        assert queue.fail(session, job_id, ticket, "JobFailed", odd)
    with database.transaction() as session:
        again = transcripts.get(session, stored_row.id)
        assert again.model_config == {"duration": 1.0, "limit": None}
        assert again.content["text"] == "nul \N{REPLACEMENT CHARACTER}, half a pair ?"
        assert again.segments is not None
        assert again.segments[0]["avg_logprob"] is None


def test_settings_come_from_environment_and_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trax.toml").write_text('model = "small"\nthreads = 3\n')
    monkeypatch.setenv("TRAX_MODEL", "base")
    settings = load_settings(threads=None, pool_size=7)
    assert (settings.model, settings.threads, settings.pool_size) == ("base", 3, 7)
    (tmp_path / "trax.toml").write_text("model = \n")
    with pytest.raises(UsageError, match=r"trax\.toml"):
        load_settings()
