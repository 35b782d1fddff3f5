"""Calls of language models: a limit that holds for all who ask at once, answers that are kept, what it took."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.jobs import queued
from trax.database import Database, llm_calls, queue
from trax.database.llm_calls import Asker, Usage
from trax.errors import CostLimit, JobInterrupted, LlmNotSetUp
from trax.flow import Answer
from trax.jobs.calls import KeptCalls

ANSWER = Answer("{}", "stop", "m", 100, 60, 20, 0.01)


def asker(database: Database, purse_id: UUID | None = None) -> Asker:
    """The attempt at a job that has begun."""
    job_id = queued.add_job(database)
    ticket_id = queued.ticket_of(database, job_id)
    assert ticket_id is not None
    with database.transaction() as session:
        started = queue.start(session, job_id, ticket_id, uuid4(), "here:1")
        assert started is not None
        request_id = started[0].request_id
    assert request_id is not None
    return Asker(job_id, ticket_id, request_id, purse_id or job_id)


def test_what_was_answered_is_known_and_counted(database: Database) -> None:
    whose = asker(database)
    calls = KeptCalls(database, whose)
    for answer in (ANSWER, ANSWER):
        calls.end(calls.begin("q1", "m", 0.5), answer)
    calls.drop(calls.begin("q2", "m", None))
    calls.begin("q3", "m", 0.25)  # and its process dies
    assert calls.known() == {"q1": [ANSWER, ANSWER]}
    with database.transaction() as session:
        used = llm_calls.usage(session, [whose.job_id])
        assert (used.calls, used.prompt_tokens, used.cached_tokens, used.completion_tokens) == (3, 200, 120, 40)
        assert used.cost == pytest.approx(0.27)
        queue.complete(session, whose.job_id, whose.ticket_id, 1.0)
    assert calls.known() == {}, "the request is answered"
    with database.transaction() as session:
        assert llm_calls.usage(session, [whose.job_id]).prompt_tokens == 200
        assert llm_calls.usage(session, [uuid4()]) == Usage()


def test_a_limit_holds_for_all_who_ask_at_once(database: Database) -> None:
    purse = uuid4()
    several = [KeptCalls(database, asker(database, purse), 1.0) for _ in range(2)]

    def ask(number: int) -> bool:
        try:
            several[number % 2].begin(f"q{number}", "m", 0.15)
        except CostLimit:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(16))) == 6
    with database.transaction() as session:
        assert llm_calls.spent(session, purse) == pytest.approx(0.9)


def test_what_was_cheaper_than_feared_leaves_room(database: Database) -> None:
    calls = KeptCalls(database, asker(database), 0.1)
    call = calls.begin("q1", "m", 0.08)
    with pytest.raises(CostLimit, match="--max-cost"):
        calls.begin("q2", "m", 0.08)
    calls.end(call, ANSWER)
    calls.begin("q2", "m", 0.08)
    with pytest.raises(LlmNotSetUp, match="TRAX_LLM_PRICES"):
        calls.begin("q3", "m", None)


def test_whose_job_is_another_ones_asks_nothing(database: Database) -> None:
    whose = asker(database)
    with database.transaction() as session:
        queue.cancel(session, whose.job_id, "Not needed.")
    with pytest.raises(JobInterrupted):
        KeptCalls(database, whose).begin("q1", "m", 0.1)


def test_answers_that_nobody_comes_back_to_are_dropped(embedded_database: Database) -> None:
    database = embedded_database
    calls = KeptCalls(database, asker(database))
    calls.end(calls.begin("q1", "m", None), ANSWER)
    with database.transaction() as session:
        llm_calls.prune(session)
    assert "q1" in calls.known()
    with database.transaction() as session:
        session.execute(text("UPDATE llm_calls SET created_at = now() - interval '31 days'"))
        llm_calls.prune(session)
    assert calls.known() == {}
