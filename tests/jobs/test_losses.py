"""What becomes of jobs whose worker dies, freezes, or can't say how they ended."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.jobs import queued
from tests.jobs.conftest import Ends, Told, add, working
from trax.database import Database, checkpoints, queue, workers
from trax.errors import DatabaseUnavailable
from trax.jobs import attempt, reaper
from trax.settings import Settings
from trax.transcription.transcriber import WindowResult


def test_the_jobs_of_a_dead_worker_are_done_by_another(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    job_id = add(embedded_database)
    dead_ticket = queued.take(embedded_database, job_id, uuid4())
    ends = Ends()
    with working(embedded_database, brisk, ends):
        ends.wait_for(lambda: ends.outcomes == ["completed"])
    assert queued.attempts(embedded_database, job_id) == [("lost", "WorkerLost"), ("completed", None)]
    assert queued.row(embedded_database, job_id, "retry_count") == (1,)
    assert queued.ticket_of(embedded_database, job_id) != dead_ticket


def test_a_job_that_kills_its_workers_fails_in_the_end(embedded_database: Database, brisk: Settings) -> None:
    job_id = queued.add_job(embedded_database, max_retries=2)
    for _ in range(3):
        queued.take(embedded_database, job_id, uuid4())
        assert reaper.reap(embedded_database, brisk) == [job_id]
    status, message = queued.row(embedded_database, job_id, "status, error_message")
    assert status == "failed"
    assert "gone:1" in message
    assert queued.attempts(embedded_database, job_id) == [("lost", "WorkerLost")] * 3


def test_an_attempt_that_got_on_does_not_count(embedded_database: Database, brisk: Settings) -> None:
    job_id = queued.add_job(embedded_database, max_retries=0)
    media_id, request_id = queued.row(embedded_database, job_id, "media_file_id, request_id")
    for position in range(5):
        ticket = queued.take(embedded_database, job_id, uuid4())
        whose = checkpoints.Whose(job_id, ticket, request_id, media_id)
        heard = {position: WindowResult(0.0, 1.0, ()).to_json()}
        with embedded_database.transaction() as session:
            checkpoints.save(session, whose, "engine", heard, seconds_done=1.0, engine_seconds=0.1)
        reaper.reap(embedded_database, brisk)
        assert queued.row(embedded_database, job_id, "status, retry_count") == ("pending", 0)
    queued.take(embedded_database, job_id, uuid4())
    reaper.reap(embedded_database, brisk)
    assert queued.row(embedded_database, job_id, "status") == ("failed",)


def test_a_living_worker_keeps_its_jobs(embedded_database: Database, brisk: Settings, told: Told) -> None:
    told.until(free := threading.Event())
    ends = Ends()
    add(embedded_database)
    with working(embedded_database, brisk, ends):
        assert told.begun.wait(30)
        assert reaper.reap(embedded_database, brisk) == []
        free.set()
        ends.wait_for(lambda: ends.outcomes == ["completed"])


@pytest.mark.parametrize("what", ["ticket gone", "fetched and forgotten", "queue of a dead process", "never queued"])
def test_a_pending_job_that_nobody_would_begin_is_found(
    embedded_database: Database, brisk: Settings, what: str
) -> None:
    private = workers.private_queue(uuid4())
    new = queued.new_job(embedded_database)
    if what == "queue of a dead process":
        new = replace(new, ticket_queue=private)
    with embedded_database.transaction() as session:
        job_id, _ = queue.enqueue(session, new)
    ticket = queued.ticket_of(embedded_database, job_id)
    assert ticket is not None
    if what == "ticket gone":
        queued.close(embedded_database, ticket)
    elif what == "fetched and forgotten":
        queued.fetch(embedded_database, ticket)
    elif what == "never queued":  # somebody's own INSERT
        with embedded_database.transaction() as session:
            session.execute(text("UPDATE transcription_jobs SET ticket_id = NULL"))
            session.execute(text("DELETE FROM procrastinate_jobs"))
    assert reaper.heal(embedded_database, brisk) == 1
    found = queued.ticket_of(embedded_database, job_id)
    assert found != ticket
    assert queued.waiting_tickets(embedded_database) == {found: "default"}
    assert reaper.heal(embedded_database, brisk) == 0


def test_an_end_that_could_not_be_recorded_is_found_by_the_worker_itself(
    embedded_database: Database, brisk: Settings, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = attempt._Course._stages
    broken = [True]

    def break_once(course: Any) -> float:
        if broken.pop() if broken else False:
            raise SystemExit  # and then the record of it fails, too
        return stages(course)

    def unrecorded(course: Any, error: Any) -> Any:
        raise RuntimeError("no way to say it")

    monkeypatch.setattr(attempt._Course, "_stages", break_once)
    monkeypatch.setattr(attempt._Course, "_failed", unrecorded)
    ends = Ends()
    job_id = add(embedded_database)
    with working(embedded_database, brisk, ends):
        ends.wait_for(lambda: ends.outcomes == ["lost", "completed"])
    assert [outcome for outcome, _ in queued.attempts(embedded_database, job_id)] == ["lost", "completed"]


def test_a_frozen_process_does_not_keep_its_locks(embedded_database: Database, brisk: Settings) -> None:
    job_id = queued.add_job(embedded_database)
    queued.take(embedded_database, job_id, uuid4())

    def freeze() -> None:
        with Database(embedded_database.address(), patience=0.5) as frozen, frozen.transaction() as session:
            session.execute(text("SELECT 1 FROM transcription_jobs FOR UPDATE"))
            deadline = time.monotonic() + 30
            while not reaper.reap(embedded_database, brisk):  # passes the row over for as long as it is locked
                assert time.monotonic() < deadline
            session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable, match="idle-in-transaction"):
        freeze()
    assert queued.row(embedded_database, job_id, "status") == ("pending",)
