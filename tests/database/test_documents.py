"""A transcript that was stored comes back the same; its JSON has the contract's keys and fits PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.database import Database, documents, jobs, lookup, media, transcripts
from trax.database.models import TranscriptionResult
from trax.errors import RecordNotFound, UsageError
from trax.settings import load_settings
from trax.transcript import Segment, Transcript, Word

seconds = st.integers(0, 10_000_000).map(lambda ticks: ticks / 10_000)
scores = st.integers(0, 10_000).map(lambda ticks: ticks / 10_000)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)
words = st.builds(Word, seconds, seconds, texts.map(lambda text: f" {text}"), scores, st.none() | texts)
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
    duration=seconds.filter(bool),
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
        job_id = uuid4()
        jobs.create(session, job_id, row.id, model_config={}, processing_options={})
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


def test_a_request_is_recognised_by_its_content(embedded_database: Database) -> None:
    result = stored(embedded_database, "a")
    with embedded_database.transaction() as session:
        found = transcripts.with_request(session, result.media_file_id, "v1", {"a": [1]})
        assert found is not None
        assert found.id == result.id
        assert transcripts.with_request(session, result.media_file_id, "v1", {"a": [2]}) is None
        assert transcripts.with_request(session, result.media_file_id, "v2", {"a": [1]}) is None


def test_settings_come_from_environment_and_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trax.toml").write_text('model = "small"\nthreads = 3\n')
    monkeypatch.setenv("TRAX_MODEL", "base")
    settings = load_settings(threads=None, pool_size=7)
    assert (settings.model, settings.threads, settings.pool_size) == ("base", 3, 7)
    (tmp_path / "trax.toml").write_text("model = \n")
    with pytest.raises(UsageError, match=r"trax\.toml"):
        load_settings()
