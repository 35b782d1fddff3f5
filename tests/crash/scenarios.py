"""What is done to workers and to PostgreSQL while they are at work."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash import pipeline
from tests.crash.cluster import KillableCluster
from tests.crash.fleet import AtWork, Fleet, WorkerProcess
from tests.crash.ground import LOOK, REAL, Ground, wait_until
from tests.crash.verdict import Verdict, examine

COMPLETED = "SELECT count(*) FROM job_attempts WHERE outcome = 'completed' AND ticket_id = ANY(%s)"
LATER = "SELECT count(*) FROM job_attempts WHERE job_id = %s AND number > %s"
LATER_ENDED = LATER + " AND ended_at IS NOT NULL"
AT_WORK = "SELECT count(*) FROM job_attempts WHERE ended_at IS NULL"
IDLE = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
REPORTS = ("attempt_completed", "attempt_lost", "attempt_failed", "attempt_retried", "attempt_interrupted")


@dataclass(frozen=True)
class Plan:
    """How much of it."""

    jobs: int
    strikes: int  # kills, zombies or signals
    workers: int = 3
    fenced: bool = True
    concurrency: int = 1  # jobs at a time, of each worker


def kills(ground: Ground, plan: Plan) -> Verdict:
    """SIGKILL for workers that stand in mid-job, each of which is replaced; some jobs are poison, some raise."""
    few = max(1, plan.jobs // 40)
    make = ground.recordings.make
    bad = [*make(pipeline.POISON, few), *make(pipeline.LATE_POISON, few)]
    failing = [*make(pipeline.FALLS, few), *make(pipeline.REFUSED, few)]
    stumbling, real = make(pipeline.STUMBLES, few), make("real", 2 * few)
    fine = make(pipeline.FINE, plan.jobs - len(bad) - len(failing) - len(stumbling) - len(real))
    began = time.monotonic()
    with _fleet(ground, plan) as fleet:
        half = len(fine) // 2
        ground.queue(ground.batch([*fine[:half], *stumbling]))
        ground.queue(ground.batch(real, REAL))
        ground.queue(ground.batch([*bad, *failing], max_retries=3))
        ground.queue(ground.batch(fine[half - half // 5 :]))  # some of these wait for jobs of the first batch
        struck = _kill_at_work(fleet, plan)
        verdict = _conclude(fleet, "kill -9 of workers", began)
    killed = len(struck) - int(ground.eyes.value(COMPLETED, struck))
    verdict.notes["killed in mid-job"] = f"{killed} workers"
    if killed < plan.strikes:
        verdict.complaints.append(f"only {killed} of {plan.strikes} kills hit a worker in mid-job")
    return verdict


def _kill_at_work(fleet: Fleet, plan: Plan) -> list[int]:
    """The tickets of the attempts that were ended by a kill, spread over all jobs."""
    ground, struck = fleet.ground, list[int]()
    while ground.live_jobs():
        fleet.replace()
        killed = len(struck) - int(ground.eyes.value(COMPLETED, struck))
        if killed >= plan.strikes:
            break
        if ground.ended_jobs() >= 0.9 * plan.jobs * killed / plan.strikes:
            worker = fleet.any_worker()
            if (at := worker.halt()) is not None:
                worker.kill()
                struck.append(at.ticket_id)
        time.sleep(ground.chance.uniform(0, 0.1))
    return struck


def zombies(ground: Ground, plan: Plan) -> Verdict:
    """SIGSTOP in mid-job; the worker wakes up when its successor is at the job, or has finished it.

    Every other one is stopped between its last look at whether to stop and the commit.
    """
    began = time.monotonic()
    missed = list[str]()
    with _fleet(ground, plan) as fleet:
        for number in range(plan.strikes):
            brink = ground.recordings.make(pipeline.ON_THE_BRINK, 1 + number % 2)
            fine = ground.recordings.make(pipeline.FINE, plan.jobs // plan.strikes - len(brink))
            ground.queue(ground.batch([*brink, *fine]))
            halted = _halt(fleet, brink if number % 2 == 0 else [])
            if halted is None:
                missed.append(f"zombie {number + 1} was not to be had")
            else:
                missed += _raise_from_the_dead(ground, *halted, late=number % 4 >= 2)
        verdict = _conclude(fleet, "zombies" if plan.fenced else "zombies without the fence", began)
        told = [event for worker in [*fleet.workers, *fleet.gone] for event in worker.events("attempt_lost")]
    verdict.notes["zombies"] = f"{plan.strikes}, of which {len(told)} say that they have lost their job"
    verdict.complaints += missed
    return verdict


def _halt(fleet: Fleet, brink: Sequence[Path]) -> tuple[WorkerProcess, AtWork] | None:
    """A worker that stands still in mid-job: at the end of one of these files, or anywhere if there are none."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        fleet.replace()
        worker = fleet.any_worker() if not brink else _on_the_brink(fleet, brink)
        if worker is not None and (at := worker.halt()) is not None:
            return worker, at
        time.sleep(LOOK)
    return None


def _on_the_brink(fleet: Fleet, files: Sequence[Path]) -> WorkerProcess | None:
    for worker in fleet.workers:
        if any(pipeline.brink_of(path, worker.process.pid).exists() for path in files):
            return worker
    return None


def _raise_from_the_dead(ground: Ground, worker: WorkerProcess, at: AtWork, *, late: bool) -> list[str]:
    query = LATER_ENDED if late else LATER
    succeeded = wait_until(lambda: bool(ground.eyes.value(query, at.job_id, at.number)), 60)
    held = ground.eyes.value(IDLE)
    worker.go_on()
    if not succeeded:
        open_there = f" ({held} transactions stood open)"
        return [f"{worker.name} was stopped in attempt {at.number} at {at.job_id}: nobody took over{open_there}"]
    mine = {"job_id": str(at.job_id), "attempt": at.number}
    if not wait_until(lambda: any(mine.items() <= event.items() for event in worker.events(*REPORTS)), 60):
        return [f"{worker.name} says nothing of the end of attempt {at.number} at {at.job_id}"]
    return []


def postgres(ground: Ground, plan: Plan, cluster: KillableCluster) -> Verdict:
    """SIGKILL for all of PostgreSQL under load, again and again; workers and whoever queues live through it."""
    files = ground.recordings.make(pipeline.FINE, plan.jobs)
    began = time.monotonic()
    with _fleet(ground, plan) as fleet:
        batch_id = ground.batch(files)
        feeding = threading.Thread(target=ground.queue, args=(batch_id,), daemon=True)
        feeding.start()
        killed = 0
        while killed < plan.strikes:
            enough = max(1, plan.jobs * killed // (plan.strikes + 1))
            if not wait_until(lambda enough=enough: _is_under_load(ground, enough)):  # type: ignore[misc]
                break
            cluster.kill()
            time.sleep(ground.chance.uniform(0, 1.5))  # the time that the server is away
            cluster.start_again()
            killed += 1
        feeding.join()
        verdict = _conclude(fleet, "kill -9 of PostgreSQL", began)
        died = len(fleet.gone)
    verdict.notes["PostgreSQL killed"] = f"{killed} times"
    if killed < plan.strikes:
        verdict.complaints.append(f"PostgreSQL was killed only {killed} of {plan.strikes} times")
    if verdict.retries:
        verdict.complaints.append(f"{verdict.retries} losses of the database counted as retries")
    if died:
        verdict.complaints.append(f"{died} workers ended when PostgreSQL did")
    return verdict


def _is_under_load(ground: Ground, enough: int) -> bool:
    return ground.ended_jobs() >= enough and bool(ground.eyes.value(AT_WORK))


def storms(ground: Ground, plan: Plan) -> Verdict:
    """SIGTERM at random moments, at times for all workers at once; none of it counts as a retry."""
    files = ground.recordings.make(pipeline.FINE, plan.jobs)
    began = time.monotonic()
    with _fleet(ground, plan) as fleet:
        ground.queue(ground.batch(files))
        sent, slowest = 0, 0.0
        while sent < plan.strikes and ground.live_jobs():
            fleet.replace()
            if ground.ended_jobs() >= 0.6 * plan.jobs * sent / plan.strikes:
                chosen = fleet.workers if ground.chance.random() < 0.25 else [fleet.any_worker()]
                ready = [worker for worker in chosen if worker.is_running and worker.is_ready]
                slowest = max(slowest, _terminate(ready))
                sent += len(ready)
            time.sleep(ground.chance.uniform(0, 0.2))
        verdict = _conclude(fleet, "SIGTERM storms", began)
        codes = [worker.process.returncode for worker in fleet.gone]
    verdict.notes["signals"] = f"{sent} workers; the slowest ended after {slowest:.1f} s"
    if any(codes):
        verdict.complaints.append(f"exit codes of the workers: {sorted(set(codes))}")
    if verdict.retries:
        verdict.complaints.append(f"{verdict.retries} interruptions counted as retries")
    if sent < plan.strikes:
        verdict.complaints.append(f"only {sent} of {plan.strikes} signals")
    return verdict


def _terminate(workers: Sequence[WorkerProcess]) -> float:
    """Seconds until the last of them has ended."""
    began = time.monotonic()
    for worker in workers:
        worker.process.send_signal(signal.SIGTERM)
    for worker in workers:
        worker.process.wait(60)
    return time.monotonic() - began


def _fleet(ground: Ground, plan: Plan) -> Fleet:
    return Fleet(ground, plan.workers, plan.fenced, plan.concurrency)


def _conclude(fleet: Fleet, name: str, began: float) -> Verdict:
    drained = fleet.drain()
    fleet.replace()
    verdict = examine(fleet.ground, name, time.monotonic() - began)
    if not drained:
        verdict.complaints.append("the queue doesn't get empty")
    if any(codes := fleet.retire()):
        verdict.complaints.append(f"exit codes at the end: {codes}")
    return verdict


Scenario = Callable[[Ground, Plan], Verdict]
