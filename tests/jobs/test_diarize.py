"""The stage that tells speakers apart, as a job: in a pipeline of its own, and on transcripts that are there."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from tests.jobs import queued
from tests.jobs.conftest import SAMPLE, Ends
from tests.jobs.voices import Hears, TakesTurns, engines_with, until, without_whisper
from trax.archive import Archive, Outcome
from trax.database import Database, TranscriptionResult, documents, queue, transcripts
from trax.errors import MediaNotFound, ModelUnavailable, RecordNotFound, UsageError
from trax.flow import Hook, Progress, Request
from trax.jobs.imports import import_file, import_files_alone
from trax.jobs.submit import SubmitOptions, submit
from trax.jobs.worker import Worker, WorkerOptions
from trax.media.decode import DecodeOptions
from trax.settings import Settings, load_settings
from trax.stages.engines import engines_for
from trax.transcript import Transcript
from trax.transcription.engines import Engines
from trax.turns import SpeakerCount

MODEL = "tiny.en"


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Hears:
    return without_whisper(monkeypatch)


@pytest.fixture
def voices() -> TakesTurns:
    return TakesTurns()


@pytest.fixture
def calm(brisk: Settings) -> Settings:
    """Nothing takes long, and nobody counts as dead on a machine that is busy."""
    return brisk.model_copy(update={"heartbeat_interval": 10.0, "stall_timeout": 60.0})


@pytest.fixture
def archive(hears: Hears, voices: TakesTurns, database_url: str) -> Iterator[Archive]:
    with Archive(engines=engines_with(voices)) as opened:
        yield opened


def rows(database: Database) -> list[TranscriptionResult]:
    with database.transaction() as session:
        return list(session.scalars(select(TranscriptionResult).order_by(TranscriptionResult.version)))


def kept_voices(database: Database) -> list[tuple[Any, ...]]:
    with database.transaction() as session:
        found = session.execute(text("SELECT result_id, label, model_id FROM result_voices ORDER BY label"))
        return [tuple(row) for row in found]


def only(outcomes: Iterator[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


def test_a_pipeline_with_speakers_stores_both_transcripts(archive: Archive, voices: TakesTurns) -> None:
    hook = Notices()
    result = archive.transcribe(SAMPLE, model=MODEL, pipeline="v4", hook=hook)
    done = [progress for progress in hook.seen if progress.stage == "diarize"]
    assert [progress.done for progress in done] == sorted(progress.done for progress in done)
    assert done[-1].done == done[-1].total == pytest.approx(33, abs=2)
    heard, told = rows(archive.database)
    assert [(row.pipeline_version, row.version) for row in (heard, told)] == [("v1", 1), ("v4", 2)]
    assert told.parent_result_id == heard.id
    assert heard.speaker_info is None
    assert (told.model_used, told.accuracy) == (heard.model_used, heard.accuracy)
    assert told.model_config is not None
    assert told.model_config["diarizer"] == voices.description()
    assert told.model_config["profile"]["clustering"] == 0.25
    assert "decode" in told.model_config["profile"]
    words = [word for segment in result.transcript.segments for word in segment.words]
    assert [(word.start, word.end, word.text) for word in words] == [
        (word.start, word.end, word.text) for word in documents.transcript_of(heard).words
    ]
    assert {word.speaker for word in words} == {"SPEAKER_00", "SPEAKER_01"}
    assert all(word.speaker == f"SPEAKER_{int(word.start // 4) % 2:02}" for word in words)
    assert told.speaker_info is not None
    assert told.speaker_info["num_speakers"] == 2
    assert told.confidence_scores == heard.confidence_scores
    assert archive.transcribe(SAMPLE, model=MODEL, pipeline="v4").existed
    assert kept_voices(archive.database) == []


def test_what_is_transcribed_is_not_transcribed_again(archive: Archive, hears: Hears, voices: TakesTurns) -> None:
    first = archive.transcribe(SAMPLE, model=MODEL)
    told = archive.transcribe(SAMPLE, model=MODEL, speakers=2)
    assert (hears.runs, told.parent_id, told.existed) == (1, first.id, False)
    assert voices.counts == [SpeakerCount(exact=2)]
    assert archive.transcribe(SAMPLE, model=MODEL).existed, "the number of speakers is nothing to the stage before"
    other = archive.transcribe(SAMPLE, model=MODEL, language="de", pipeline="v4")
    assert (hears.runs, other.version) == (2, 4)
    forced = archive.transcribe(SAMPLE, model=MODEL, speakers=2, force=True)
    assert (hears.runs, forced.version) == (3, 6)


def test_a_stored_transcript_gets_speakers(archive: Archive, hears: Hears, voices: TakesTurns) -> None:
    first = archive.transcribe(SAMPLE, model=MODEL)
    told = only(archive.diarize([str(first.media_id)])).result
    assert told is not None
    assert (told.version, told.parent_id, told.pipeline_version, told.existed) == (2, first.id, "v4", False)
    again = only(archive.diarize([str(told.id)[:12]])).result
    assert again is not None
    assert (again.id, again.existed) == (told.id, True), "of a diarized transcript the one before is meant"
    three = only(archive.diarize([str(first.media_id)], speakers=3)).result
    assert three is not None
    assert (three.version, three.parent_id) == (3, first.id)
    assert three.speaker_info is not None
    assert three.speaker_info["num_speakers"] == 3
    anew = only(archive.diarize([str(first.id)], speakers=3, force=True)).result
    assert anew is not None
    assert (anew.version, anew.parent_id, hears.runs) == (4, first.id, 1)
    assert [count.exact for count in voices.counts] == [None, 3, 3]
    assert archive.transcribe(SAMPLE, model=MODEL, pipeline="v4").id == told.id
    assert archive.transcribe(SAMPLE, model=MODEL, speakers=SpeakerCount(most=5)).version == 5


def test_the_same_stretch_is_heard_again(archive: Archive, voices: TakesTurns) -> None:
    part = archive.transcribe(SAMPLE, model=MODEL, start=6.0, end=18.0)
    told = only(archive.diarize([str(part.id)])).result
    assert told is not None
    assert voices.seconds == [pytest.approx(12.0)]
    assert told.speaker_info is not None
    assert [turn[:2] for turn in told.speaker_info["turns"]] == [[6, 10], [10, 14], [14, 18]]
    assert [word.speaker for word in told.transcript.words][:9] == ["SPEAKER_00"] * 6 + ["SPEAKER_01"] * 3
    assert rows(archive.database)[-1].model_config["request"]["decode"]["start"] == 6.0  # type: ignore[index]


def test_channels_that_are_speakers_stay_speakers(archive: Archive, hears: Hears, voices: TakesTurns) -> None:
    hears.speaker_info = {"method": "channels", "channels": 2, "num_speakers": 0, "speakers": []}
    told = Notices()
    result = archive.transcribe(SAMPLE, model=MODEL, pipeline="v4", channels="split", hook=told)
    heard, kept = rows(archive.database)
    assert (kept.pipeline_version, kept.speaker_info, kept.segments) == ("v4", heard.speaker_info, heard.segments)
    assert any("Each channel is a speaker" in notice for notice in told.notices)
    refused = only(archive.diarize([str(result.media_id)])).error
    assert isinstance(refused, UsageError)
    assert "nothing to tell apart" in str(refused)
    assert voices.counts == []
    with pytest.raises(UsageError, match="each of them is a speaker"):
        archive.transcribe(SAMPLE, model=MODEL, speakers=2, channels="split")


def test_without_weights_nothing_is_transcribed(hears: Hears, database_url: str) -> None:
    with Archive(engines=engines_with(None)) as archive:
        with pytest.raises(ModelUnavailable, match="weights of community-1"):
            archive.transcribe(SAMPLE, model=MODEL, pipeline="v4")
        assert (hears.runs, rows(archive.database)) == (0, [])
        first = archive.transcribe(SAMPLE, model=MODEL)
        with pytest.raises(ModelUnavailable):
            list(archive.diarize([str(first.media_id)]))
        hears.speaker_info = {"method": "channels", "speakers": []}
        archive.transcribe(SAMPLE, model=MODEL, pipeline="v4", channels="split")


def test_what_can_not_be_diarized_holds_nothing_up(archive: Archive, tmp_path: Path) -> None:
    alone = tmp_path / "alone.srt"
    alone.write_text("1\n00:00:01,000 --> 00:00:02,000\nNobody recorded this.\n", encoding="utf-8")
    (imported,) = import_files_alone(archive.database, [alone])
    assert imported.imported is not None
    first = archive.transcribe(SAMPLE, model=MODEL)
    outcomes = list(archive.diarize(["f" * 32, str(imported.imported.media_id), str(first.media_id)]))
    assert [type(outcome.error) for outcome in outcomes] == [RecordNotFound, MediaNotFound, type(None)]
    assert [type(one.error) for one in archive.diarize([str(first.id)], version=7)] == [RecordNotFound]
    with pytest.raises(UsageError, match="at least one speaker"):
        archive.diarize([str(first.media_id)], speakers=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pipeline": "v1", "speakers": 2}, "v1 tells no speakers apart"),
        ({"pipeline": "diarize"}, "needs a transcript that is there"),
        ({"pipeline": "v9"}, "no pipeline 'v9'"),
    ],
)
def test_requests_that_can_not_be_met(archive: Archive, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        archive.transcribe(SAMPLE, model=MODEL, **options)


class Notices(Hook):
    """Remembers what the user is told."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.seen: list[Progress] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def progress(self, progress: Progress) -> None:
        self.seen.append(progress)


def start_worker(database: Database, settings: Settings, engines: Engines, ends: Ends, at_once: int = 1) -> Worker:
    return Worker(database, settings, engines, WorkerOptions(("default",), at_once), ends)


class Working:
    """A worker in a thread of this process, for the length of a `with` block."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __enter__(self) -> None:
        self._worker.__enter__()
        self._thread = threading.Thread(target=self._worker.run)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._worker.stop()
        self._thread.join(30)
        self._worker.__exit__()
        assert not self._thread.is_alive()


def add(database: Database, request: Request, **options: Any) -> Any:
    submitted = submit(database, SAMPLE, request, SubmitOptions(**options))
    assert submitted.job_id is not None
    return submitted.job_id


V4 = Request(pipeline="v4", model=MODEL)


def test_a_retry_goes_on_with_the_speakers(
    embedded_database: Database, calm: Settings, hears: Hears, voices: TakesTurns
) -> None:
    def stumble(_: object) -> None:
        voices.act = lambda _: None
        raise RuntimeError("it stumbled")

    voices.act = stumble
    ends = Ends()
    job_id = add(embedded_database, V4, max_retries=0)
    with Working(start_worker(embedded_database, calm, engines_with(voices), ends)):
        ends.wait_for(lambda: ends.outcomes == ["failed"])
        assert [row.pipeline_version for row in rows(embedded_database)] == ["v1"], "what was heard is kept"
        with embedded_database.transaction() as session:
            queue.retry(session, job_id)
        ends.wait_for(lambda: ends.outcomes == ["failed", "completed"])
    assert "it stumbled" in ends.errors[0]
    assert hears.runs == 1
    assert [row.pipeline_version for row in rows(embedded_database)] == ["v1", "v4"]
    assert {row.job_id for row in rows(embedded_database)} == {job_id}


def test_a_cancelled_job_stops_in_the_middle(
    embedded_database: Database, calm: Settings, hears: Hears, voices: TakesTurns
) -> None:
    begun = threading.Event()
    wait = until(threading.Event())

    def act(check: Any) -> None:
        begun.set()
        wait(check)

    voices.act = act
    ends = Ends()
    job_id = add(embedded_database, V4)
    with Working(start_worker(embedded_database, calm, engines_with(voices), ends)):
        assert begun.wait(30)
        with embedded_database.transaction() as session:
            assert queue.cancel(session, job_id, "Not needed.")
        ends.wait_for(lambda: ends.outcomes == ["cancelled"])
    assert voices.at_work == 0
    assert [row.pipeline_version for row in rows(embedded_database)] == ["v1"]


def test_jobs_take_turns_with_the_diarizer(
    embedded_database: Database, calm: Settings, hears: Hears, voices: TakesTurns
) -> None:
    for beam in (1, 2, 3):
        transcribe = replace(V4.transcribe, beam_size=beam)
        add(embedded_database, replace(V4, transcribe=transcribe))
    ends = Ends()
    with Working(start_worker(embedded_database, calm, engines_with(voices), ends, at_once=3)):
        ends.wait_for(lambda: len(ends.outcomes) == 3)
    assert ends.outcomes == ["completed"] * 3
    assert voices.most_at_work == 1


def test_a_job_without_a_transcript_to_build_on_fails(
    embedded_database: Database, calm: Settings, hears: Hears, voices: TakesTurns
) -> None:
    ends = Ends()
    for parent in ({}, {"parent": "nonsense"}, {"parent": "00000000-0000-0000-0000-000000000000"}):
        job_id = add(embedded_database, V4, force=True)
        with embedded_database.transaction() as session:
            options = text(
                "UPDATE transcription_jobs SET processing_options = processing_options || CAST(:o AS jsonb) "
                "WHERE id = :id"
            )
            session.execute(options, {"id": job_id, "o": json.dumps({"pipeline": "diarize", **parent})})
    with Working(start_worker(embedded_database, calm, engines_with(voices), ends)):
        ends.wait_for(lambda: len(ends.outcomes) == 3)
    assert ends.outcomes == ["failed"] * 3
    assert [("builds on" in error or "build on" in error or "no ID" in error) for error in ends.errors] == [True] * 3
    assert queued.row(embedded_database, job_id, "status")[0] == "failed"


def test_a_job_by_sql_needs_to_name_the_transcript_alone(
    embedded_database: Database, calm: Settings, hears: Hears, voices: TakesTurns
) -> None:
    ends = Ends()
    with Working(start_worker(embedded_database, calm, engines_with(voices), ends)):
        add(embedded_database, Request(model=MODEL, decode=DecodeOptions(start=8.0)))
        ends.wait_for(lambda: len(ends.outcomes) == 1)
        (heard,) = rows(embedded_database)
        options = {"pipeline": "diarize", "parent": str(heard.id), "request": {"speakers": {"most": 3}}}
        with embedded_database.transaction() as session:
            queue.enqueue(session, queue.NewJob(heard.media_file_id, uuid4(), {}, options))
        ends.wait_for(lambda: len(ends.outcomes) == 2)
    told = rows(embedded_database)[-1]
    assert (told.parent_result_id, voices.counts) == (heard.id, [SpeakerCount(most=3)])
    assert voices.seconds == [pytest.approx(25, abs=2)]
    assert told.model_config is not None
    assert heard.model_config is not None
    count = {"exact": None, "least": None, "most": 3}
    assert told.model_config["request"] == heard.model_config["request"] | {"speakers": count}


def test_a_text_without_times_gets_no_speakers(archive: Archive, voices: TakesTurns) -> None:
    first = archive.transcribe(SAMPLE, model="tiny.en")
    with archive.database.transaction() as session:
        job_id, _ = queued.begin(session, first.media_id)
        spoken = Transcript("en", 33.0, ())
        new = transcripts.NewResult(job_id, first.media_id, "v2", spoken, 0.9, 1.0, "m", {}, parent_id=first.id)
        transcripts.store(session, replace(new, content={"enhanced_text": "Better words than those of before."}))
    (outcome,) = archive.diarize([str(first.media_id)])
    assert isinstance(outcome.error, UsageError)
    assert "no times" in str(outcome.error)
    (named,) = archive.diarize([str(first.id)])
    assert named.result is not None
    assert named.result.parent_id == first.id


def test_a_transcript_of_others_keeps_its_open_questions(archive: Archive, voices: TakesTurns, tmp_path: Path) -> None:
    lines = [f"{n + 1}\n00:00:{n * 4:02},000 --> 00:00:{n * 4 + 3:02},000\nLine {n} of it.\n" for n in range(8)]
    subtitles = tmp_path / "subtitles.srt"
    subtitles.write_text("\n".join(lines), encoding="utf-8")
    done, _ = import_file(archive.database, str(SAMPLE), subtitles)
    told = only(archive.diarize([str(done.result_id)])).result
    assert told is not None, "it can be told who says what"
    imported, diarized = rows(archive.database)
    assert diarized.parent_result_id == imported.id
    assert (diarized.confidence_scores, diarized.accuracy, diarized.model_used) == (None, None, imported.model_used)
    assert [segment.speaker for segment in told.transcript.segments] == ["SPEAKER_00", "SPEAKER_01"] * 4
    assert archive.transcribe(SAMPLE, model=MODEL, pipeline="v4").version == 4, "others' words answer no request"


def test_voices_are_kept_where_that_is_wanted(hears: Hears, voices: TakesTurns, database_url: str) -> None:
    with Archive(load_settings(voice_prints=True), engines=engines_with(voices)) as archive:
        result = archive.transcribe(SAMPLE, model=MODEL, pipeline="v4")
        kept = [(result.id, label, "stand-in-1") for label in ("SPEAKER_00", "SPEAKER_01")]
        assert kept_voices(archive.database) == kept


def test_the_settings_say_where_the_weights_are(tmp_path: Path) -> None:
    engines = engines_for(load_settings(diarize_models=tmp_path), lambda _: None)
    with pytest.raises(ModelUnavailable, match=re.escape(str(tmp_path))):
        engines.diarizer()
