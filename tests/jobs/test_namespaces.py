"""Workers on two machines and a database on a third; the cable of one is pulled while it is at work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.fixtures.database import SMALL_POOL
from tests.fixtures.embedded import eventually, read_value
from tests.fixtures.missing import missing
from tests.fixtures.network import Machine, Network, network
from tests.fixtures.postgres import PrivateCluster, installed_postgres
from trax.audio import SAMPLE_RATE
from trax.database import Database, migrate
from trax.flow import Request
from trax.jobs.submit import SubmitOptions, submit
from trax.media.decode import DecodeOptions, decode

JOBS = 6
REQUEST = Request(model="tiny.en", language="en")
SETTINGS = {
    "TRAX_HEARTBEAT_INTERVAL": "0.5",
    "TRAX_STALL_TIMEOUT": "2",
    "TRAX_RETRY_DELAY": "0.1",
    "TRAX_OFFLINE": "1",
    "TRAX_THREADS": "1",
    "TRAX_ENCODER": "ctranslate2",
    "TRAX_LOG_FORMAT": "json",
}
AT_WORK = "SELECT count(*) FROM job_attempts WHERE worker = '{}' AND ended_at IS NULL"
UNDONE = "SELECT count(*) FROM transcription_jobs WHERE status <> 'completed'"


@dataclass
class Worker:
    """A `trax work` on one of the machines."""

    machine: Machine
    process: subprocess.Popen[str]
    log: Path

    @property
    def name(self) -> str:
        """As the database knows it: `ip netns exec` becomes the command that it runs."""
        return f"{os.uname().nodename}:{self.process.pid}"

    def events(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line.get("event") == event]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def lan() -> Iterator[Network]:
    with network(machines=2) as built:
        yield built


@pytest.fixture(scope="module")
def server(lan: Network) -> Iterator[str]:
    """Address of a database that is reached over the network alone."""
    programs = installed_postgres(15)
    if programs is None:
        missing("no PostgreSQL 15 is installed on this machine")
    with (
        TemporaryDirectory(prefix="trax-test-", ignore_cleanup_errors=True) as folder,
        PrivateCluster(programs, Path(folder), lan.address, lan.range) as cluster,
    ):
        with Database(cluster.url, SMALL_POOL) as database:
            migrate.upgrade(database)
        yield cluster.url


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """Minutes of speech of different bytes, in a folder that all machines see."""
    with decode(REPOSITORY / "samples" / "conversation.ogg", DecodeOptions()) as decoding:
        samples = np.concatenate([np.asarray(block) for block in decoding])
    found = []
    for at in range(JOBS + 1):
        found.append(tmp_path / f"{at}.wav")
        with wave.open(str(found[-1]), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            turned = np.tile(np.roll(samples, at * SAMPLE_RATE), 2)
            file.writeframes((turned * 32767).astype("<i2").tobytes())
    return found


@contextmanager
def worker(machine: Machine, server: str, folder: Path) -> Iterator[Worker]:
    log = folder / f"{machine.name}.log"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    environment = kept | SETTINGS | {"TRAX_DATABASE_URL": server, "TRAX_HOME": str(folder / machine.name)}
    command = [sys.executable, "-m", "trax", "work", "--model", "tiny.en", "--concurrency", "1"]
    with log.open("w") as stream:
        process = machine.start(command, environment, stream)
    try:
        yield Worker(machine, process, log)
    finally:
        machine.plug_in()
        process.kill()
        process.wait()


def test_a_worker_that_is_cut_off_loses_its_job_and_comes_back(
    lan: Network, server: str, recordings: list[Path], tmp_path: Path
) -> None:
    with (
        Database(server, SMALL_POOL) as database,
        worker(lan.machines[0], server, tmp_path) as cut_off,
        worker(lan.machines[1], server, tmp_path) as other,
    ):
        assert eventually(lambda: bool(cut_off.events("worker_started") and other.events("worker_started")))
        for path in recordings[:JOBS]:
            submit(database, path, REQUEST, SubmitOptions())
        assert eventually(lambda: read_value(server, AT_WORK.format(cut_off.name)) == 1), cut_off.log.read_text()
        cut_off.machine.unplug()
        assert read_value(server, AT_WORK.format(cut_off.name)) == 1  # in the middle of a job, and nobody knows yet

        assert eventually(lambda: read_value(server, UNDONE) == 0, 150), other.log.read_text()
        lost = f"SELECT count(*) FROM job_attempts WHERE worker = '{cut_off.name}' AND outcome = 'lost'"
        assert read_value(server, lost) == 1
        assert _results(server) == (JOBS, JOBS)
        assert len(other.events("reaped")) == 1

        cut_off.machine.plug_in()
        assert eventually(lambda: bool(cut_off.events("attempt_lost")), 120), cut_off.log.read_text()
        assert not cut_off.events("attempt_completed")
        assert other.stop() == 0
        submit(database, recordings[JOBS], REQUEST, SubmitOptions())
        assert eventually(lambda: read_value(server, UNDONE) == 0, 120), cut_off.log.read_text()
        assert _results(server) == (JOBS + 1, JOBS + 1)
        assert cut_off.stop() == 0
        assert read_value(server, "SELECT count(*) FROM workers") == 0


def test_a_worker_does_not_wait_for_the_claim_of_its_own_dead_connection(
    lan: Network, server: str, recordings: list[Path], tmp_path: Path
) -> None:
    """Its side gives the connections up; the server keeps them for a while, and with them the claim."""
    machine = lan.machines[0]
    with (
        Database(server, SMALL_POOL) as database,
        worker(machine, f"{server}?tcp_user_timeout=1000&keepalives_idle=1&keepalives_interval=1", tmp_path) as cut_off,
    ):
        listening = (
            f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{machine.address}' AND query LIKE 'LISTEN%'"
        )
        assert eventually(lambda: read_value(server, listening) == 1), cut_off.log.read_text()
        machine.unplug()
        assert eventually(lambda: not machine.is_connected()), cut_off.log.read_text()
        machine.plug_in()
        # Its row may be gone: on a slow machine it was taken for dead, and comes back.
        alive = f"name = '{cut_off.name}' AND heartbeat_at > now() - interval '1 second'"
        is_back = f"SELECT EXISTS (SELECT FROM workers WHERE {alive})"
        assert eventually(lambda: read_value(server, is_back) is True), cut_off.log.read_text()
        submit(database, recordings[0], REQUEST, SubmitOptions(force=True))
        assert eventually(lambda: read_value(server, UNDONE) == 0), cut_off.log.read_text()
        assert [line["attempt"] for line in cut_off.events("attempt_completed")] == [1]
        assert cut_off.stop() == 0


def _results(server: str) -> tuple[object, object]:
    """How many results there are, and of how many jobs."""
    query = "SELECT array[count(*), count(DISTINCT job_id)] FROM transcription_results"
    found = read_value(server, query)
    assert isinstance(found, list)
    return found[0], found[1]
