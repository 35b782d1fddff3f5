"""Several jobs in one process that dies: the one that is to blame fails in the end, and takes no other along."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

from tests.jobs import queued
from tests.jobs.conftest import Ends, Told, add, working
from trax.database import Database, attempts, queue
from trax.flow import Hook, Material
from trax.jobs import reaper
from trax.settings import Settings


def lose_together(database: Database, settings: Settings, jobs: list[UUID]) -> None:
    """One worker had begun with all of them when it died."""
    worker = uuid4()
    for job_id in jobs:
        queued.take(database, job_id, worker)
    assert sorted(reaper.reap(database, settings)) == sorted(jobs)


def retries_of(database: Database, job_id: UUID) -> int:
    (retries,) = queued.row(database, job_id, "retry_count")
    assert isinstance(retries, int)
    return retries


def is_suspect(database: Database, job_id: UUID) -> bool:
    with database.transaction() as session:
        return attempts.is_suspect(session, job_id)


def test_who_is_lost_among_others_is_suspected_and_not_blamed(embedded_database: Database, brisk: Settings) -> None:
    jobs = [queued.add_job(embedded_database) for _ in range(3)]
    lose_together(embedded_database, brisk, jobs)
    assert [retries_of(embedded_database, job_id) for job_id in jobs] == [0, 0, 0]
    assert all(is_suspect(embedded_database, job_id) for job_id in jobs)


def test_who_is_lost_among_others_over_and_over_is_blamed(embedded_database: Database, brisk: Settings) -> None:
    suspect = queued.add_job(embedded_database)
    for expected in (0, 0, 1, 2):
        worker, fresh = uuid4(), queued.add_job(embedded_database)
        queued.take(embedded_database, suspect, worker)
        queued.take(embedded_database, fresh, worker)
        reaper.reap(embedded_database, brisk)
        assert retries_of(embedded_database, suspect) == expected
        assert retries_of(embedded_database, fresh) == 0


def test_a_suspect_that_is_lost_alone_is_blamed_at_once(embedded_database: Database, brisk: Settings) -> None:
    jobs = [queued.add_job(embedded_database) for _ in range(2)]
    lose_together(embedded_database, brisk, jobs)
    queued.take(embedded_database, jobs[0], uuid4())
    reaper.reap(embedded_database, brisk)
    assert [retries_of(embedded_database, job_id) for job_id in jobs] == [1, 0]


def test_who_was_lost_with_the_server_is_no_suspect(embedded_database: Database, brisk: Settings) -> None:
    job_id = queued.add_job(embedded_database)
    ticket = queued.take(embedded_database, job_id, uuid4())
    assert reaper.take_from(embedded_database, brisk, job_id, ticket, "gone:1", excused=True)
    assert not is_suspect(embedded_database, job_id)


def test_a_poisonous_job_fails_and_its_neighbours_do_not(embedded_database: Database, brisk: Settings) -> None:
    """Workers of four die whenever the poison runs; suspects run one at a time."""
    jobs = [queued.add_job(embedded_database, max_retries=1) for _ in range(4)]
    poison, *others = jobs

    def pending() -> list[UUID]:
        return [job for job in jobs if queued.status_of(embedded_database, job) == "pending"]

    for _ in range(20):
        if not (waiting := pending()):
            break
        worker = uuid4()
        suspects = [job for job in waiting if is_suspect(embedded_database, job)]
        running = [job for job in waiting if job not in suspects] + suspects[:1]
        tickets = {job: queued.take(embedded_database, job, worker) for job in running}
        if poison not in running:
            for job, ticket in tickets.items():
                with embedded_database.transaction() as session:
                    queue.complete(session, job, ticket, 1.0)
        else:
            reaper.reap(embedded_database, brisk)
    assert queued.status_of(embedded_database, poison) == "failed"
    assert {queued.status_of(embedded_database, job) for job in others} == {"completed"}


def test_suspects_run_one_at_a_time(embedded_database: Database, brisk: Settings, told: Told) -> None:
    jobs = [add(embedded_database) for _ in range(3)]
    lose_together(embedded_database, brisk, jobs)
    running, most, lock = 0, 0, threading.Lock()
    beside = threading.Event()  # somebody who is not suspected runs beside them

    def count(_: Material, hook: Hook) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 2:
                beside.set()
        assert beside.wait(30)
        with lock:
            running -= 1

    told.act = count
    ends = Ends()
    with working(embedded_database, brisk, ends, concurrency=5):
        assert told.begun.wait(30)
        add(embedded_database)
        ends.wait_for(lambda: ends.outcomes == ["completed"] * 4)
    assert most == 2, "one suspect, and the one beside it"


def test_suspects_that_wait_take_nobody_elses_place(embedded_database: Database, brisk: Settings, told: Told) -> None:
    jobs = [add(embedded_database) for _ in range(4)]
    lose_together(embedded_database, brisk, jobs)
    freed = threading.Event()
    told.until(freed)
    with working(embedded_database, brisk, Ends(), concurrency=2):
        assert told.begun.wait(30)
        told.begun.clear()
        add(embedded_database)
        assert told.begun.wait(30), "all places are taken by suspects"
    assert {queued.status_of(embedded_database, job_id) for job_id in jobs} == {"pending"}
    tickets = {queued.ticket_of(embedded_database, job_id) for job_id in jobs}
    assert tickets <= set(queued.waiting_tickets(embedded_database)), "each is found by the next worker"
