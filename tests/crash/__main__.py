"""`python -m tests.crash`: all scenarios, a table, and exit code 1 unless nothing was lost, doubled or miscounted."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.crash import pipeline, resume, scenarios
from tests.crash.cluster import KillableCluster, cluster
from tests.crash.ground import Ground, ground
from tests.crash.scenarios import Plan
from tests.crash.verdict import Verdict, as_text

NAMES = ("kills", "zombies", "postgres", "storms", "resume")
POSTGRES_KILLS = 10


def main() -> int:
    """The exit code."""
    options = _options()
    chosen = options.scenario or (["zombies"] if options.without_fence else list(NAMES))
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    print(f"seed {seed}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    pipeline.register()
    with _server(options.url) as (url, own):
        verdicts = []
        for name in chosen:
            if name == "resume":
                continue
            if name == "postgres" and own is None:
                print("postgres: left out, for the server is not ours to kill\n", flush=True)
                continue
            with ground(url, seed) as place:
                verdicts.append(_run(name, options, place, own))
                print(as_text(verdicts[-1:]) + "\n", flush=True)
        good = _judge(verdicts, without_fence=options.without_fence)
        if "resume" in chosen:
            good = resume.whole_file(url, seed) and good
    return 0 if good else 1


def _run(name: str, options: argparse.Namespace, place: Ground, own: KillableCluster | None) -> Verdict:
    def plan(jobs: int, strikes: int) -> Plan:
        return Plan(jobs, strikes, options.workers, not options.without_fence, options.concurrency)

    jobs = options.jobs
    if name == "kills":
        return scenarios.kills(place, plan(jobs, options.kills))
    if name == "zombies":
        return scenarios.zombies(place, plan(jobs // 2, max(2, jobs // 10)))
    if name == "postgres":
        assert own is not None
        return scenarios.postgres(place, plan(jobs, POSTGRES_KILLS), own)
    return scenarios.storms(place, plan(jobs // 2, max(1, options.kills // 2)))


def _judge(verdicts: list[Verdict], *, without_fence: bool) -> bool:
    lost = sum(verdict.lost for verdict in verdicts)
    doubled = sum(verdict.doubled for verdict in verdicts)
    miscounted = sum(verdict.miscounted for verdict in verdicts)
    counters = "exact" if not miscounted else f"wrong in {miscounted} batches"
    attempts = sum(sum(verdict.attempts.values()) for verdict in verdicts)
    jobs = sum(verdict.jobs for verdict in verdicts)
    print(f"jobs {jobs}, attempts {attempts}: lost {lost}, doubled {doubled}, batch counters {counters}", flush=True)
    if without_fence:
        print("The suite can fail: there are doubles." if doubled else "Without the fence nothing was doubled?")
        return doubled > 0
    return all(verdict.is_good for verdict in verdicts)


@contextmanager
def _server(url: str | None) -> Iterator[tuple[str, KillableCluster | None]]:
    if url is not None:
        yield url, None
        return
    with cluster() as own:
        yield own.url, own


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=1, help="jobs at a time, of each worker")
    parser.add_argument("--scenario", action="append", choices=NAMES, help="may be repeated; all by default")
    parser.add_argument("--without-fence", action="store_true", help="exit code 0 only if something was doubled")
    parser.add_argument("--url", help="a PostgreSQL whose role may create databases, in place of one of our own")
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
