"""What a worker does with jobs: run, stop, try again, hand back; and how it outlives the loss of the database."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.jobs import queued
from tests.jobs.conftest import SAMPLE, TOLD, Ends, Told, add, working
from trax.archive import Archive
from trax.database import Database, embedded, open_database, queue
from trax.errors import DatabaseUnavailable, DecoderUnavailable, JobInterrupted, UnreadableMedia
from trax.flow import Hook, Material
from trax.jobs.attempt import retry_delay
from trax.jobs.submit import SubmitOptions, submit
from trax.settings import Settings
from trax.transcription.engines import Engines

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def results(database: Database) -> int:
    with database.transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM transcription_results")).scalar_one())


def wait_for_a_listener(database: Database) -> None:
    """Until a worker is told of new jobs."""
    listening = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    deadline = time.monotonic() + 30
    with database.transaction() as session:
        while not session.execute(listening).scalar_one():
            session.execute(text("SELECT pg_stat_clear_snapshot()"))
            assert time.monotonic() < deadline, "nobody listens"


def test_jobs_run_by_priority_and_leave_nothing_behind(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    jobs = {priority: add(embedded_database, priority=priority) for priority in (0, 5, 1)}
    ends = Ends()
    with working(embedded_database, brisk, ends):
        ends.wait_for(lambda: len(ends.outcomes) == 3)
    assert ends.order == [jobs[5], jobs[1], jobs[0]]
    assert ends.outcomes == ["completed"] * 3
    assert [queued.status_of(embedded_database, job_id) for job_id in jobs.values()] == ["completed"] * 3
    with embedded_database.transaction() as session:
        for table in ("procrastinate_jobs", "procrastinate_events", "window_checkpoints", "workers"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_a_job_that_comes_later_wakes_the_worker(
    embedded_database: Database, brisk: Settings, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trax.jobs.worker.POLLING", 600.0)  # so that nothing but the notification can wake it
    ends = Ends()
    with working(embedded_database, brisk, ends):
        wait_for_a_listener(embedded_database)
        for number in range(3):
            add(embedded_database)
            ends.wait_for(lambda: len(ends.outcomes) == len(ends.order) == number + 1)  # noqa: B023


def test_a_cancelled_job_stops_at_once(
    embedded_database: Database, brisk: Settings, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the notification can be in time: the worker's own look at the database comes in an hour.
    slow = brisk.model_copy(update={"heartbeat_interval": 3600.0, "stall_timeout": 7200.0})
    told.until(threading.Event())
    ends = Ends()
    job_id = add(embedded_database)
    with working(embedded_database, slow, ends):
        assert told.begun.wait(30)
        with embedded_database.transaction() as session:
            assert queue.cancel(session, job_id, "Not needed.")
        assert queued.row(embedded_database, job_id, "status, error_message") == ("cancelled", "Not needed.")
        ends.wait_for(lambda: ends.outcomes == ["cancelled"])
    assert queued.attempts(embedded_database, job_id) == [("cancelled", None)]


def test_a_stopped_worker_hands_its_job_back_and_that_is_no_retry(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    told.until(threading.Event())
    ends = Ends()
    job_id = add(embedded_database)
    with working(embedded_database, brisk, ends):
        assert told.begun.wait(30)
    assert ends.outcomes == ["interrupted"]
    assert queued.row(embedded_database, job_id, "status, retry_count") == ("pending", 0)
    told.act = lambda _, __: None
    with working(embedded_database, brisk, ends):
        ends.wait_for(lambda: ends.outcomes == ["interrupted", "completed"])
    assert queued.attempts(embedded_database, job_id) == [("interrupted", None), ("completed", None)]


def test_a_stopped_worker_lets_a_job_finish_that_has_not_long_to_go(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    free = threading.Event()
    told.until(free)
    ends = Ends()
    add(embedded_database)
    patient = brisk.model_copy(update={"shutdown_grace": 60.0})
    with working(embedded_database, patient, ends) as worker:
        assert told.begun.wait(30)
        worker.stop()
        free.set()
        ends.wait_for(lambda: ends.outcomes == ["completed"])


def test_what_may_pass_is_tried_again_and_what_will_not_is_not(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    raised = {
        "passing": DecoderUnavailable("The decoder is away.", "Wait."),
        "permanent": UnreadableMedia("No media.", "Look."),
        "unforeseen": ZeroDivisionError("division by zero"),
    }
    now: dict[str, Exception] = {}

    def fail(_: Material, __: Hook) -> None:
        raise now["it"]

    told.act = fail
    ends = Ends()
    expected = {
        "passing": ["retried"] * 2 + ["failed"],
        "permanent": ["failed"],
        "unforeseen": ["retried"] * 2 + ["failed"],
    }
    with working(embedded_database, brisk, ends):
        for name, error in raised.items():
            now["it"] = error
            ends.outcomes.clear()
            job_id = add(embedded_database, max_retries=2)
            ends.wait_for(lambda: ends.outcomes == expected[name])  # noqa: B023 - called within this very turn
            status, message, retries = queued.row(embedded_database, job_id, "status, error_message, retry_count")
            assert (status, retries) == ("failed", len(expected[name]) - 1)
            assert str(error) in message
            kind = "JobFailed" if name == "unforeseen" else type(error).__name__
            assert queued.attempts(embedded_database, job_id) == [("failed", kind)] * len(expected[name])


def test_the_delay_grows_and_is_spread() -> None:
    for retries in range(12):
        delays = [retry_delay(5.0, retries) for _ in range(200)]
        longest = min(300.0, 5.0 * 2**retries)
        assert longest / 2 <= min(delays) < max(delays) <= longest


def test_a_worker_lives_through_the_loss_of_all_its_connections(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    ends = Ends()
    with working(embedded_database, brisk, ends):
        for number in range(3):
            add(embedded_database)
            ends.wait_for(lambda: ends.outcomes.count("completed") == len(ends.order) == number + 1)  # noqa: B023
            with Database(embedded_database.address()) as other, other.transaction() as session:
                session.execute(text(CUT))
        add(embedded_database)
        ends.wait_for(lambda: ends.outcomes.count("completed") == 4)
    assert results(embedded_database) == 4


def test_a_stale_attempt_stores_nothing(embedded_database: Database, brisk: Settings, told: Told) -> None:
    free = threading.Event()
    told.until(free)
    ends = Ends()
    job_id = add(embedded_database)
    slow = brisk.model_copy(update={"heartbeat_interval": 3600.0, "stall_timeout": 7200.0})  # it won't notice by itself
    with working(embedded_database, slow, ends):
        assert told.begun.wait(30)
        ticket = queued.ticket_of(embedded_database, job_id)
        assert ticket is not None
        with embedded_database.transaction() as session:  # what a reaper does that takes the worker for dead
            assert queue.lost(session, job_id, None, "gone") is None
            session.execute(text("UPDATE procrastinate_jobs SET abort_requested = false"))
            assert queue.retry_later(session, job_id, ticket, "X", "gone", queue="elsewhere", delay=0.0) == "retried"
        free.set()
        ends.wait_for(lambda: ends.outcomes == ["lost"])
    assert results(embedded_database) == 0
    assert queued.row(embedded_database, job_id, "status, retry_count") == ("pending", 1)


def test_a_worker_notices_that_its_job_is_gone(embedded_database: Database, brisk: Settings, told: Told) -> None:
    told.until(threading.Event())
    ends = Ends()
    job_id = add(embedded_database)
    with working(embedded_database, brisk, ends):
        assert told.begun.wait(30)
        ticket = queued.ticket_of(embedded_database, job_id)
        assert ticket is not None
        with embedded_database.transaction() as session:
            assert queue.retry_later(session, job_id, ticket, "X", "gone", queue="elsewhere", delay=0.0) == "retried"
        ends.wait_for(lambda: ends.outcomes == ["lost"])


def test_equal_requests_share_a_job_until_it_has_ended(embedded_database: Database) -> None:
    new = queued.new_job(embedded_database)
    with embedded_database.transaction() as session:
        first = queue.enqueue(session, new)
        second = queue.enqueue(session, replace(new, id=uuid4()))
    assert (first, second) == ((new.id, True), (new.id, False))
    with embedded_database.transaction() as session:
        queue.cancel(session, new.id, "enough")
        third = queue.enqueue(session, replace(new, id=uuid4()))
        assert third[1]
    with pytest.raises(JobInterrupted, match="same request"), embedded_database.transaction() as session:
        queue.retry(session, new.id)


def test_transcribe_takes_over_what_waits_in_the_queue_and_gives_it_back(
    embedded_database: Database, database_url: str, brisk: Settings, told: Told, tiny_engines: Engines
) -> None:
    with Archive(brisk, engines=tiny_engines) as archive:
        request = archive.request(pipeline=TOLD, model="tiny.en")
        waiting = submit(embedded_database, SAMPLE, request, SubmitOptions()).job_id
        assert waiting is not None

        def interrupt(_: Material, hook: Hook) -> None:
            signal.raise_signal(signal.SIGINT)
            never = threading.Event()
            while not never.wait(0.02):
                hook.check()

        told.act = interrupt
        with pytest.raises(KeyboardInterrupt):
            archive.transcribe(SAMPLE, pipeline=TOLD, model="tiny.en")
        assert queued.status_of(embedded_database, waiting) == "pending", "it was not ours to cancel"
        assert list(queued.waiting_tickets(embedded_database).values()) == ["default"]
        told.act = lambda _, __: None
        result = archive.transcribe(SAMPLE, pipeline=TOLD, model="tiny.en")
        assert (result.job_id, result.existed) == (waiting, False)


def test_the_loss_of_the_database_is_no_fault_of_the_job(
    embedded_database: Database, brisk: Settings, told: Told
) -> None:
    away = [DatabaseUnavailable("It is away.", "Wait.")] * 2

    def fail(_: Material, __: Hook) -> None:
        if away:
            raise away.pop()

    told.act = fail
    ends = Ends()
    job_id = add(embedded_database, max_retries=0)
    with working(embedded_database, brisk, ends):
        ends.wait_for(lambda: ends.outcomes == ["interrupted", "interrupted", "completed"])
    assert queued.row(embedded_database, job_id, "status, retry_count") == ("completed", 0)


def test_what_others_have_asked_for_meanwhile_is_not_cancelled(
    embedded_database: Database, database_url: str, brisk: Settings, told: Told, tiny_engines: Engines
) -> None:
    with Archive(brisk, engines=tiny_engines) as archive:
        request = archive.request(pipeline=TOLD, model="tiny.en")

        def join_and_interrupt(_: Material, hook: Hook) -> None:
            joined = submit(embedded_database, SAMPLE, request, SubmitOptions())
            assert not joined.created
            signal.raise_signal(signal.SIGINT)
            never = threading.Event()
            while not never.wait(0.02):
                hook.check()

        told.act = join_and_interrupt
        with pytest.raises(KeyboardInterrupt):
            archive.transcribe(SAMPLE, pipeline=TOLD, model="tiny.en")
        with embedded_database.transaction() as session:
            assert session.execute(text("SELECT status, retry_count FROM transcription_jobs")).one() == ("pending", 0)
        assert list(queued.waiting_tickets(embedded_database).values()) == ["default"]


def test_a_worker_goes_on_listening_after_the_server_was_away(
    own_server: Settings, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trax.jobs.worker.POLLING", 600.0)  # so that nothing but notifications can wake it
    ends = Ends()
    with open_database(own_server) as database, working(database, own_server, ends):
        wait_for_a_listener(database)
        add(database)
        ends.wait_for(lambda: ends.outcomes == ["completed"])
        embedded.stop(own_server.home)
        database.wake()
        wait_for_a_listener(database)
        add(database)
        ends.wait_for(lambda: ends.outcomes == ["completed"] * 2)
