"""A long file whose worker is killed again and again: what that costs, and whether the transcript is the same."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import SHARED_DATA
from tests.crash import ledger
from tests.crash.fleet import Fleet, WorkerProcess
from tests.crash.ground import QUEUE, REAL, Ground, ground, wait_until
from trax.jobs.submit import SubmitOptions, submit

LONG_FILE = SHARED_DATA / "speech" / "longform" / "ls_35min_2spk.mp3"
BOUND = 1.15
KILLS = 5
LONGEST_WAIT = 3.0  # seconds after a checkpoint that a kill may come

DONE = "SELECT coalesce(max(seconds_done), 0) FROM job_attempts WHERE job_id = %s"
ATTEMPTS = """
SELECT count(*), sum(windows_heard), sum(engine_seconds) FROM job_attempts WHERE job_id = %s
"""
RESULT = "SELECT segments, content FROM transcription_results WHERE job_id = %s"


@dataclass
class Course:
    """One job, from its queue to its result."""

    segments: Any = None
    content: Any = None
    attempts: int = 0
    windows_kept: int = 0
    windows_heard: float = 0.0  # by the engine, whatever became of them; those in work at a kill by their share
    engine_seconds: float = 0.0
    cpu_seconds: float = 0.0  # of all processes, their starts included
    wall_seconds: float = 0.0
    books: list[ledger.EngineWork] = field(default_factory=list)
    killed_at: list[float] = field(default_factory=list)  # seconds of the media that were kept by then


def course(
    place: Ground, file: Path, kill_at: Sequence[float], settings: Mapping[str, str], delay: float = LONGEST_WAIT
) -> Course:
    """Transcribe a file anew with a worker that is killed whenever so many seconds of it are kept.

    A kill comes up to `delay` seconds later, so as not to find everything just stored.
    """
    options = SubmitOptions(queue=QUEUE, force=True)
    job_id = submit(place.database, file, REAL, options).job_id
    found, began = Course(), time.monotonic()
    with Fleet(place, 0, arguments=("--drain",), settings=dict(settings)) as fleet:
        for seconds in [*kill_at, None]:
            book = place.folder / f"ledger-{time.monotonic_ns()}"
            fleet.settings[ledger.PLACE] = str(book)
            worker = fleet.start()
            if seconds is not None and _reaches(place, worker, job_id, seconds):
                time.sleep(place.chance.uniform(0, delay))
                if worker.halt() is not None:
                    found.killed_at.append(place.eyes.value(DONE, job_id))
                    found.cpu_seconds += _cpu_of(worker)
                    worker.kill()
                    _count(found, book)
                    continue
            found.cpu_seconds += _wait(worker)
            _count(found, book)
            break
    _add_up(found)
    found.wall_seconds = time.monotonic() - began
    attempts, kept, _ = place.eyes.rows(ATTEMPTS, job_id)[0]
    found.attempts, found.windows_kept = int(attempts), int(kept)
    found.segments, found.content = place.eyes.rows(RESULT, job_id)[0]
    return found


def _reaches(place: Ground, worker: WorkerProcess, job_id: object, seconds: float) -> bool:
    """Whether so many seconds were kept before the worker ended; one that ended is left for `_wait`."""
    process = psutil.Process(worker.process.pid)

    def has_ended() -> bool:
        return process.status() == psutil.STATUS_ZOMBIE

    wait_until(lambda: has_ended() or place.eyes.value(DONE, job_id) >= seconds, 600)
    return not has_ended()


def _count(found: Course, book: Path) -> None:
    if book.exists():
        found.books.append(ledger.read(book, time.monotonic()))


def _add_up(found: Course) -> None:
    """A batch that was broken off counts by the time that it had taken, measured by those that were not."""
    found.engine_seconds = sum(book.seconds for book in found.books)
    finished = sum(book.finished for book in found.books)
    broken = [batch for book in found.books for batch in book.begun]
    each = (found.engine_seconds - sum(seconds for _, seconds in broken)) / max(1, finished)
    found.windows_heard = finished + sum(min(windows, seconds / each) for windows, seconds in broken)


def _cpu_of(worker: WorkerProcess) -> float:
    process = psutil.Process(worker.process.pid)
    times = [each.cpu_times() for each in [process, *process.children(recursive=True)]]
    ended = process.cpu_times()
    return sum(each.user + each.system for each in times) + ended.children_user + ended.children_system


def _wait(worker: WorkerProcess) -> float:
    """CPU seconds of a process and its children, once it has ended by itself."""
    _, status, usage = os.wait4(worker.process.pid, 0)
    worker.process.returncode = os.waitstatus_to_exitcode(status)
    if worker.process.returncode != 0:
        raise RuntimeError(f"the worker ended with {worker.process.returncode}: {worker.log.read_text()[-3000:]}")
    return usage.ru_utime + usage.ru_stime


def whole_file(url: str, seed: int) -> bool:
    """Both courses of the 35 min file, printed; False: the work was not within the bound, or the result differs."""
    if not LONG_FILE.exists():
        print(f"resume: left out, for there is no {LONG_FILE.name} (TRAX_TEST_DATA)", flush=True)
        return True
    # as long as it takes on this machine: neither heartbeat nor threads of the other scenarios
    settings = {"TRAX_HEARTBEAT_INTERVAL": "2", "TRAX_STALL_TIMEOUT": "10", "TRAX_THREADS": "0"}
    with ground(url, seed) as place:
        alone = course(place, LONG_FILE, [], settings)
        length = float(place.eyes.value("SELECT duration FROM media_files"))
        kill_at = [length * number / (KILLS + 1) for number in range(1, KILLS + 1)]
        killed = course(place, LONG_FILE, kill_at, settings)
    return _judge(alone, killed)


def _judge(alone: Course, killed: Course) -> bool:
    same = alone.segments == killed.segments and alone.content == killed.content
    moments = ", ".join(f"{seconds:.0f}" for seconds in killed.killed_at)
    print(f"resume: killed {len(killed.killed_at)} times, with {moments} s kept; result identical: {same}")
    names = ("attempts", "windows_kept", "windows_heard", "engine_seconds", "cpu_seconds", "wall_seconds")
    for name in names:
        one, other = float(getattr(alone, name)), float(getattr(killed, name))
        print(f"  {name:<20}{one:10.1f} undisturbed {other:10.1f} killed {other / one:8.3f}")
    ratio = killed.windows_heard / alone.windows_heard
    good = same and len(killed.killed_at) == KILLS and ratio <= BOUND
    print(f"  {'ok' if good else 'NOT OK'}: at most {BOUND} times the work of the engine", flush=True)
    return good
