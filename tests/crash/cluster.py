"""A PostgreSQL of one's own that can be killed and started again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.fixtures.postgres import PrivateCluster, installed_postgres
from trax.database.embedded.binaries import find_binaries


class KillableCluster(PrivateCluster):
    """Comes back at the same address, with everything that it had committed."""

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL for the server and all its processes; returns when they are gone."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        server.suspend()  # so that it starts no others meanwhile
        processes = [*server.children(recursive=True), server]
        for process in processes:
            process.kill()
        self._process.wait(60)
        deadline = time.monotonic() + 60
        while any(_is_alive(process) for process in processes):
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL's processes don't die")
            time.sleep(0.01)

    def start_again(self) -> None:
        self._start()


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def cluster() -> Iterator[KillableCluster]:
    """A new server: the PostgreSQL 15 that is installed here, else the one that Trax carries."""
    programs = installed_postgres(15) or find_binaries().folder
    folder = TemporaryDirectory(prefix="trax-crash-", ignore_cleanup_errors=True)
    with folder as name, KillableCluster(programs, Path(name)) as started:
        yield started
