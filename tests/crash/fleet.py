"""Workers as real processes: started, stopped in mid-job, killed and replaced."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import psutil

from tests.crash.ground import LOOK, PATIENCE, QUEUE, Ground, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = {
    "TRAX_HEARTBEAT_INTERVAL": "0.3",
    "TRAX_STALL_TIMEOUT": "1.5",
    "TRAX_RETRY_DELAY": "0.2",
    "TRAX_SHUTDOWN_GRACE": "0.2",
    "TRAX_POOL_SIZE": "5",
    "TRAX_THREADS": "1",
    "TRAX_OFFLINE": "1",
    "TRAX_LOG_FORMAT": "json",
    "OMP_NUM_THREADS": "1",
}
# The attempt that a worker is at: the job is its own, and the attempt has not ended.
AT_WORK = """
SELECT a.job_id, a.ticket_id, a.number FROM job_attempts a JOIN transcription_jobs j ON j.ticket_id = a.ticket_id
WHERE a.worker = %s AND a.ended_at IS NULL AND j.status = 'processing' LIMIT 1
"""


@dataclass(frozen=True)
class AtWork:
    """What a worker is at."""

    job_id: UUID
    ticket_id: int
    number: int


@dataclass
class WorkerProcess:
    """A `trax work`."""

    process: subprocess.Popen[bytes]
    log: Path
    ground: Ground

    @property
    def name(self) -> str:
        return f"{socket.gethostname()}:{self.process.pid}"

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    @property
    def is_ready(self) -> bool:
        return bool(self.events("worker_started"))

    def at_work(self) -> AtWork | None:
        found = self.ground.eyes.rows(AT_WORK, self.name)
        return AtWork(*found[0]) if found else None

    def halt(self) -> AtWork | None:
        """Stop the process by SIGSTOP if it is in mid-job; what it is at, or None: it goes on."""
        if not self.is_running or self.at_work() is None:
            return None
        self.process.send_signal(signal.SIGSTOP)
        if not wait_until(lambda: psutil.Process(self.process.pid).status() in ("stopped", "zombie"), 10):
            raise RuntimeError(f"{self.name} doesn't stop")
        # Looked at once more: only of a process that stands still can it be said where it stands.
        found = self.at_work()
        if found is None:
            self.go_on()
        return found

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Lines of its log about such events."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        return [event for event in map(json.loads, lines) if event.get("event") in names]


@dataclass
class Fleet:
    """So many workers at a time, for the length of a `with` block."""

    ground: Ground
    size: int
    fenced: bool = True
    concurrency: int = 1
    arguments: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)  # beyond SETTINGS
    workers: list[WorkerProcess] = field(default_factory=list)
    gone: list[WorkerProcess] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.replace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in [*self.workers, *self.gone]:
            if worker.is_running:
                worker.kill()

    def replace(self) -> None:
        """Start workers for those that are no more."""
        self.gone += [worker for worker in self.workers if not worker.is_running]
        self.workers = [worker for worker in self.workers if worker.is_running]
        while len(self.workers) < self.size:
            self.start()

    def any_worker(self) -> WorkerProcess:
        return self.ground.chance.choice(self.workers)

    def of_process(self, process_id: int) -> WorkerProcess | None:
        return next((worker for worker in self.workers if worker.process.pid == process_id), None)

    def drain(self) -> bool:
        """Wait until no job is left to do, with all workers in place; False: nothing moves any more."""
        before, since = None, time.monotonic()
        while self.ground.live_jobs():
            self.replace()
            now = self.ground.eyes.rows("SELECT status, count(*) FROM transcription_jobs GROUP BY 1 ORDER BY 1")
            if now != before:
                before, since = now, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                return False
            time.sleep(LOOK)
        return True

    def retire(self) -> list[int]:
        """End all workers by SIGTERM; the exit codes of those that had been ready for jobs."""
        for worker in self.workers:
            worker.process.send_signal(signal.SIGTERM)
        return [worker.process.wait(60) for worker in self.workers if worker.is_ready]

    def start(self) -> WorkerProcess:
        """One more worker."""
        number = len(self.gone) + len(self.workers)
        log = self.ground.folder / f"worker-{number:03}.log"
        unfenced = [] if self.fenced else ["--without-fence"]
        options = ["--queue", QUEUE, "--concurrency", str(self.concurrency), "--no-preload", *self.arguments]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.worker", *unfenced, *options],
                cwd=REPOSITORY,
                env=_environment(self.ground) | self.settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        worker = WorkerProcess(process, log, self.ground)
        self.workers.append(worker)
        return worker


def _environment(ground: Ground) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRAX_")}
    return kept | SETTINGS | {"TRAX_DATABASE_URL": ground.url, "TRAX_HOME": str(ground.folder / "home")}
