"""Corrections as a job: what goes wrong on the way, what is kept, what it may cost, and who may stop it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from tests.fixtures.llm_server import KEY, Fault, LlmServer
from tests.jobs.conftest import SAMPLE, Ends
from tests.jobs.test_diarize import Working, start_worker
from tests.jobs.voices import Hears, TakesTurns, engines_with, without_whisper
from trax.archive import Archive, Outcome
from trax.database import Database, TranscriptionResult, queue
from trax.database.models import TranscriptionJob
from trax.enhancement import chunks, client
from trax.errors import CostLimit, LlmNotSetUp, LlmOutOfCredit, LlmUnusable, UsageError
from trax.flow import EnhanceOptions, Purse, Request
from trax.jobs.requests import request_of
from trax.jobs.submit import SubmitOptions, submit
from trax.pipeline import ENHANCE, PIPELINES
from trax.settings import Settings, load_settings
from trax.stages.llm import key_of, llm_of, needs_key
from trax.transcription.engines import Engines

MODEL = "tiny.en"
V2 = Request(pipeline="v2", model=MODEL, enhance=EnhanceOptions("deepseek-chat"))
SEGMENTS = 16  # of what the stand-in for Whisper hears: "word0 word1 word2" in each


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch, llm_server: LlmServer) -> Hears:
    """Nothing is transcribed, every answer is about two segments, and nobody waits for long."""
    hears = without_whisper(monkeypatch)
    monkeypatch.setitem(PIPELINES, "v2", (PIPELINES["v1"][0], ENHANCE))
    monkeypatch.setattr(chunks, "CHARACTERS", 30)
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(client, "LOOK", 0.02)
    llm_server.rule = lambda heard: f"{heard.capitalize()}."
    return hears


@pytest.fixture
def settings(hears: Hears, llm_server: LlmServer, brisk: Settings) -> Settings:
    options = {"llm_base_url": llm_server.url, "llm_api_key": KEY, "llm_concurrency": 1, "llm_retries": 1}
    calm = {"heartbeat_interval": 10.0, "stall_timeout": 60.0, "retry_delay": 0.01}
    return load_settings(database_url=brisk.database_url, **options, **calm)


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    with Archive(settings, engines=engines_for_llm(settings)) as opened:
        yield opened


def engines_for_llm(settings: Settings) -> Engines:
    return replace(engines_with(TakesTurns()), open_llm=lambda name: llm_of(settings, name))


def versions(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(select(TranscriptionResult.pipeline_version).order_by(TranscriptionResult.version)))


def only(outcomes: Iterator[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


def spent(database: Database) -> tuple[int, float]:
    with database.transaction() as session:
        count, cost = session.execute(text("SELECT count(*), sum(cost) FROM llm_calls")).one()
        return count, cost


def test_what_was_answered_is_not_paid_for_twice(archive: Archive, llm_server: LlmServer, hears: Hears) -> None:
    first = archive.transcribe(SAMPLE, model=MODEL)
    llm_server.faults.extend(Fault("none") for _ in range(3))
    llm_server.fail(402)
    with pytest.raises(LlmOutOfCredit, match="Insufficient Balance"):
        only(archive.enhance([str(first.id)]))
    assert versions(archive.database) == ["v1"], "what was heard is kept"
    done = only(archive.enhance([str(first.id)])).result
    assert done is not None
    texts = [body["messages"][-1]["content"] for body in llm_server.seen]
    assert len(texts) == len(set(texts)) + 1 == SEGMENTS / 2 + 1, "only what was refused is asked once more"
    assert done.transcript.text == " ".join(["Word0 word1 word2."] * SEGMENTS)
    metadata = done.content["enhancement_metadata"]
    count, cost = spent(archive.database)
    assert count == metadata["requests"]
    assert cost == pytest.approx(metadata["cost"], abs=1e-6)
    assert only(archive.enhance([str(first.id)])).result.existed  # type: ignore[union-attr]
    assert len(llm_server.seen) == count + 1


def test_answers_that_are_no_good_are_repaired_or_asked_for_again(archive: Archive, llm_server: LlmServer) -> None:
    first = archive.transcribe(SAMPLE, model=MODEL)
    other = json.dumps({"segments": [{"id": 9999, "text": "What nobody asked about."}]})
    llm_server.faults.extend(Fault(kind, text=other) for kind in ("cut", "none", "none", "empty", "none", "other"))
    llm_server.faults.extend(Fault(kind) for kind in ("none", "chatter", "fence"))
    done = only(archive.enhance([str(first.id)])).result
    assert done is not None
    assert done.transcript.text == " ".join(["Word0 word1 word2."] * SEGMENTS)
    assert done.content["enhancement_metadata"]["unusable_answers"] == {
        "cut off": 1,
        "empty": 1,
        "other segments than those it was asked about": 1,
    }


def test_a_model_that_talks_nonsense_is_given_up(archive: Archive, llm_server: LlmServer) -> None:
    first = archive.transcribe(SAMPLE, model=MODEL)
    llm_server.answer = lambda _: "I would rather talk about the weather."
    assert isinstance(only(archive.enhance([str(first.id)])).error, LlmUnusable)
    assert len(llm_server.seen) <= 7
    assert versions(archive.database) == ["v1"]


def test_a_model_that_came_to_its_senses_is_asked_again(archive: Archive, llm_server: LlmServer) -> None:
    for end in (None, 2.0):  # several pieces; a single segment
        first = archive.transcribe(SAMPLE, model=MODEL, end=end)
        llm_server.answer = lambda _: "I would rather talk about the weather."
        assert isinstance(only(archive.enhance([str(first.id)])).error, LlmUnusable)
        llm_server.answer = None
        done = only(archive.enhance([str(first.id)]))
        assert done.result is not None, done.error
        assert set(done.result.transcript.text.split()) == {"Word0", "word1", "word2."}
        assert done.result.content["enhancement_metadata"]["unusable_answers"] == {}


def test_no_request_is_sent_that_could_pass_the_limit(archive: Archive, llm_server: LlmServer) -> None:
    first = archive.transcribe(SAMPLE, model=MODEL)
    limit = 0.0021
    outcome = only(archive.enhance([str(first.id)], max_cost=limit))
    assert isinstance(outcome.error, CostLimit)
    assert versions(archive.database) == ["v1"]
    count, cost = spent(archive.database)
    assert 0 < count == len(llm_server.seen) < SEGMENTS / 2 - 1
    assert 0 < cost <= limit
    done = only(archive.enhance([str(first.id)], max_cost=0.5)).result
    assert done is not None, "what was answered before costs nothing any more"
    assert spent(archive.database)[0] == len(llm_server.seen)


def test_a_limit_needs_a_price(hears: Hears, settings: Settings, llm_server: LlmServer) -> None:
    nameless = settings.model_copy(update={"llm_model": "llama3.1"})
    with Archive(nameless, engines=engines_for_llm(nameless)) as archive:
        with pytest.raises(LlmNotSetUp, match="TRAX_LLM_PRICES"):
            archive.transcribe(SAMPLE, model=MODEL, pipeline="v2", max_cost=0.1)
        assert hears.runs == 0, "it fails before any work"
        result = archive.transcribe(SAMPLE, model=MODEL, pipeline="v2")
        assert result.content["enhancement_metadata"]["cost"] is None
    limited = nameless.model_copy(update={"llm_max_cost": 0.1})
    with Archive(limited, engines=engines_for_llm(limited)) as archive:
        runs = hears.runs
        with pytest.raises(LlmNotSetUp, match="TRAX_LLM_MAX_COST"):
            archive.transcribe(SAMPLE, model=MODEL, pipeline="v2", force=True)
        assert hears.runs == runs, "it fails before any work"


def test_a_cancelled_job_stops_while_it_waits_for_an_answer(
    embedded_database: Database, settings: Settings, llm_server: LlmServer
) -> None:
    asked = threading.Event()

    def never(_: dict[str, Any]) -> str:
        asked.set()
        llm_server.freed.wait(30)
        return ""

    llm_server.answer = never
    ends = Ends()
    job_id = added(embedded_database, V2)
    with Working(start_worker(embedded_database, settings, engines_for_llm(settings), ends)):
        assert asked.wait(30)
        with embedded_database.transaction() as session:
            assert queue.cancel(session, job_id, "Not needed.")
        ends.wait_for(lambda: ends.outcomes == ["cancelled"])
    assert versions(embedded_database) == ["v1"]


def test_jobs_share_a_purse(embedded_database: Database, settings: Settings, llm_server: LlmServer) -> None:
    purse = Purse(0.0021)
    ends = Ends()
    for beam in (1, 2):
        transcribe = replace(V2.transcribe, beam_size=beam)
        added(embedded_database, replace(V2, transcribe=transcribe, purse=purse))
    with Working(start_worker(embedded_database, settings, engines_for_llm(settings), ends, at_once=2)):
        ends.wait_for(lambda: len(ends.outcomes) == 2)
    assert ends.outcomes == ["failed"] * 2
    assert spent(embedded_database)[1] <= purse.limit


def added(database: Database, request: Request) -> UUID:
    submitted = submit(database, SAMPLE, request, SubmitOptions(max_retries=0))
    assert submitted.job_id is not None
    return submitted.job_id


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pipeline": "v1", "glossary": ["Trax"]}, "corrects nothing"),
        ({"pipeline": "enhance"}, "needs a transcript that is there"),
        ({"max_cost": -1.0}, "no limit"),
        ({"glossary": ["x" * 500]}, "at most"),
    ],
)
def test_requests_that_can_not_be_met(archive: Archive, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        archive.transcribe(SAMPLE, model=MODEL, **options)


def test_old_documents_stay_the_same() -> None:
    assert "enhance" not in Request().as_json()
    assert V2.as_json()["enhance"] == {"model": "deepseek-chat", "glossary": []}
    assert replace(V2, purse=Purse(1.0)).as_json() == V2.as_json()
    assert Request(model=MODEL).is_answered_by(Request(model=MODEL).as_json())
    assert not replace(V2, enhance=EnhanceOptions("other")).is_answered_by(V2.as_json())


@pytest.mark.parametrize("purse", [0.5, "0.5", [0.5], {"limit": "much"}, {"limit": -1}, {}])
def test_a_limit_that_can_not_be_read_is_none_that_is_passed(purse: Any) -> None:
    """Of a job that somebody queued with SQL."""
    job = TranscriptionJob(id=uuid4(), processing_options={"pipeline": "v2", "purse": purse})
    with pytest.raises(UsageError):
        request_of(job, 100.0)
    job.processing_options = {"pipeline": "v2", "purse": {"limit": 0.5}}
    assert request_of(job, 100.0).purse == Purse(0.5, job.id)


@pytest.mark.parametrize("key", ["“sk-right”", "sk-a\nb", "sk-…"])
def test_a_key_that_is_none_is_not_sent(key: str) -> None:
    with pytest.raises(LlmNotSetUp, match="TRAX_LLM_API_KEY") as raised:
        llm_of(load_settings(llm_api_key=key), "")
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "needed", "key"),
    [
        ("https://api.deepseek.com", True, "sk-deep"),
        ("https://api.example.com/v1", True, None),
        ("https://api.deepseek.com.example.com", True, None),
        ("http://localhost:11434/v1", False, None),
        ("http://192.168.1.7:8000/v1", False, None),
        ("http://ollama:11434/v1", False, None),
    ],
)
def test_keys_go_where_they_belong(monkeypatch: pytest.MonkeyPatch, url: str, needed: bool, key: str | None) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-deep")
    settings = load_settings(llm_base_url=url)
    assert (needs_key(settings), key_of(settings)) == (needed, key)
    assert key_of(load_settings(llm_base_url=url, llm_api_key="sk-own")) == "sk-own"
