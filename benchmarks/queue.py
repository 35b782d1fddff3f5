"""What the queue costs: Trax's beside bare Procrastinate, with jobs that do nothing, in the same run on one PostgreSQL.

    python -m benchmarks.queue [--jobs 300] [--rounds 3]

Rate and CPU: all jobs are queued, then one worker process takes them; counted from the first job's begin to the last
one's. Latency: a worker waits, and each job is queued when the one before has begun. The systems take turns. Exit code
1 where a job of Trax costs more than 25 ms of CPU in the worker and in the process that queues it; what it costs
PostgreSQL is shown beside.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.crash.cluster import KillableCluster, cluster
from tests.crash.ground import ground

from benchmarks.queue_worker import BARE, READY, TRAX, TRAX_QUEUE, register, task_app
from benchmarks.watch import cpu_of_server
from trax.database import Database, media
from trax.flow import Request
from trax.jobs.prepare import new_media
from trax.jobs.submit import SubmitOptions, submit_media

LIMIT_MS = 25.0
SYSTEMS = (TRAX, BARE)
CONCURRENCIES = (1, 4)
LATENCY_SAMPLES = 60  # per round
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Bench:
    """Where both systems run."""

    database: Database
    cluster: KillableCluster
    url: str
    media_ids: list[Any]
    chance: random.Random


Facts = dict[str, Any]


def main() -> int:
    options = _options()
    register()
    rounds: list[Facts] = []
    load = os.getloadavg()[0]
    with cluster() as own, ground(own.url, 0) as place:
        files = place.recordings.make("noop", options.jobs)
        bench = Bench(place.database, own, place.url, _ready_media(place.database, files), place.chance)
        for number in range(options.rounds):
            rounds += _round(bench, SYSTEMS[:: 1 if number % 2 == 0 else -1])
        server = place.eyes.value("SHOW server_version")
    summary = _summary(rounds)
    facts = {
        "jobs": options.jobs,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "postgresql": server,
        "procrastinate": version("procrastinate"),
        "summary": summary,
        "all": rounds,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "queue.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(_table(summary, load))
    worst = max(line["cpu_ms"] for line in summary if line["system"] == TRAX and "cpu_ms" in line)
    print(f"CPU of a job in Trax's queue: {worst:.1f} ms (limit {LIMIT_MS:.0f})")
    return 0 if worst <= LIMIT_MS else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue")
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _round(bench: Bench, systems: tuple[str, ...]) -> list[Facts]:
    rates = [_throughput(bench, system, concurrency) for concurrency in CONCURRENCIES for system in systems]
    return rates + [_latency(bench, system) for system in systems]


def _ready_media(database: Database, files: list[Path]) -> list[Any]:
    """Media that no job has to look into any more."""
    ids = []
    for path in files:
        new = new_media(path)
        with database.transaction() as session:
            row, _ = media.add(session, new)
            media.describe(session, row.id, mime_type="audio/wav", duration=1.0, metadata={})
            ids.append(row.id)
    return ids


@contextmanager
def _submitting(bench: Bench, system: str) -> Iterator[Callable[[int], None]]:
    """A function that queues job number n, in a transaction of its own."""
    if system == TRAX:
        request, options = Request(pipeline="noop"), SubmitOptions(queue=TRAX_QUEUE, force=True)

        def submit(number: int) -> None:
            with bench.database.transaction() as session:
                submit_media(session, bench.media_ids[number % len(bench.media_ids)], request, options)

        yield submit
        return
    app, task = task_app(bench.database.address(), synchronous=True)
    with app.open():
        yield lambda number: _deferred(task, number)


def _deferred(task: Any, number: int) -> None:
    task.defer(number=number)


def _throughput(bench: Bench, system: str, concurrency: int) -> Facts:
    jobs = len(bench.media_ids)
    server_before = cpu_of_server(bench.cluster.process_id)
    with _submitting(bench, system) as submit:
        began, cpu_began = time.perf_counter(), time.process_time()
        for number in range(jobs):
            submit(number)
        submitted, cpu_submitted = time.perf_counter() - began, time.process_time() - cpu_began
    with _worker(bench, system, concurrency, drain=True) as worker:
        calls = [_call(line) for line in worker.stdout or () if line.startswith("call")]
        worker.wait(60)
    if len(calls) != jobs:
        raise SystemExit(f"{system}: {len(calls)} of {jobs} jobs were begun")
    first, last = calls[0], calls[-1]
    worker_ms = (last[1] - first[1]) / (jobs - 1) * 1000
    submit_ms, server_ms = (
        cpu_submitted / jobs * 1000,
        (cpu_of_server(bench.cluster.process_id) - server_before) / jobs * 1000,
    )
    return {
        "system": system,
        "concurrency": concurrency,
        "jobs_per_second": (jobs - 1) / (last[0] - first[0]),
        "queued_per_second": jobs / submitted,
        "worker_cpu_ms": worker_ms,
        "submit_cpu_ms": submit_ms,
        "server_cpu_ms": server_ms,
        "cpu_ms": worker_ms + submit_ms,
    }


def _latency(bench: Bench, system: str) -> Facts:
    waits = []
    with _submitting(bench, system) as submit, _worker(bench, system, 1, drain=False) as worker:
        assert worker.stdout is not None
        for number in range(LATENCY_SAMPLES):
            time.sleep(bench.chance.uniform(0.05, 0.15))  # the worker is idle again, and at no fixed point of its loop
            submit(number)
            committed = time.time()
            began, _ = _call(next(line for line in worker.stdout if line.startswith("call")))
            waits.append((began - committed) * 1000)
    return {"system": system, "concurrency": 1, "latencies_ms": [round(wait, 2) for wait in waits]}


@contextmanager
def _worker(bench: Bench, system: str, concurrency: int, *, drain: bool) -> Iterator[subprocess.Popen[str]]:
    """A process that takes jobs, ready for the first; it ends with the queue, or when its input is closed."""
    command = [sys.executable, "-m", "benchmarks.queue_worker", system, bench.url, str(concurrency), str(int(drain))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != READY:
            raise SystemExit(f"the worker of {system} doesn't start")
        yield process
        process.stdin.close()
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def _call(line: str) -> tuple[float, float]:
    """Time of day and CPU seconds of the process at the begin of a job."""
    _, now, cpu = line.split()
    return float(now), float(cpu)


def _summary(rounds: list[Facts]) -> list[Facts]:
    """Medians over the rounds; of the latencies, quantiles over all samples."""
    lines = []
    for system in SYSTEMS:
        for concurrency in CONCURRENCIES:
            mine = [facts for facts in rounds if (facts["system"], facts["concurrency"]) == (system, concurrency)]
            loads = [facts for facts in mine if "cpu_ms" in facts]
            line = {name: _median(loads, name) for name in loads[0] if name not in ("round", "system", "concurrency")}
            waits = sorted(wait for facts in mine for wait in facts.get("latencies_ms", ()))
            if waits:
                line["latency_p50_ms"] = round(statistics.median(waits), 2)
                line["latency_p95_ms"] = round(waits[int(len(waits) * 0.95)], 2)
            lines.append({"system": system, "concurrency": concurrency, **line})
    return lines


def _median(rounds: list[Facts], name: str) -> float:
    found: float = statistics.median(facts[name] for facts in rounds)
    return round(found, 2)


def _table(summary: list[Facts], load: float) -> str:
    titles = {
        "jobs_per_second": "jobs/s",
        "queued_per_second": "queued/s",
        "worker_cpu_ms": "worker ms",
        "submit_cpu_ms": "queueing ms",
        "cpu_ms": "CPU ms",
        "server_cpu_ms": "server ms",
        "latency_p50_ms": "p50 ms",
        "latency_p95_ms": "p95 ms",
    }
    head = f"{'system':<14}{'conc.':>6}" + "".join(f"{title:>12}" for title in titles.values())
    lines = [
        f"{line['system']:<14}{line['concurrency']:>6}"
        + "".join(f"{line[name]:>12.1f}" if name in line else f"{'':>12}" for name in titles)
        for line in summary
    ]
    return "\n".join([f"load average before: {load:.1f}", head, *lines])


if __name__ == "__main__":
    sys.exit(main())
