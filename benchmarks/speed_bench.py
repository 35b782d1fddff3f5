"""Where the systems of `benchmarks.speed` run: one process each, with a PostgreSQL that is up and a fresh database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from tests.fixtures.database import fresh_database

from benchmarks import ggml
from benchmarks.recordings import Recording, read_speech
from benchmarks.scoring import errors, total
from benchmarks.speed_record import Run
from benchmarks.speed_sets import SpeedSet
from benchmarks.speed_systems import FLOOR, MODEL, TRAX, TRAX_FAST, Place
from benchmarks.watch import Failed, Watched, cpu_of_server, watch
from trax.database import Database, embedded, migrate
from trax.database.engine import PoolOptions
from trax.timeline import Seconds
from trax.transcription.models import resolve

SERVER_IDLE: Seconds = 3600  # a server that was left behind ends after that
SLOWEST = 0.5  # of the length of the sound: what takes longer hangs, or the machine has no time for it
LEAST_TIMEOUT: Seconds = 300


@dataclass(frozen=True, slots=True)
class Bench:
    """Measures one system after the other."""

    place: Place
    server: str
    server_process: int

    def warm_up(self, system: str) -> None:
        """One clip, not counted: caches are filled, and what is missing is missed now."""
        self._run(system, read_speech()[:1], 0, LEAST_TIMEOUT)

    def measure(self, system: str, chosen: SpeedSet, number: int) -> Run:
        """Raises: Failed."""
        load = os.getloadavg()[0]
        timeout = max(LEAST_TIMEOUT, SLOWEST * chosen.audio_seconds)
        watched, extra = self._run(system, chosen.recordings, number, timeout)
        scored = None
        if system != FLOOR:
            texts = zip(chosen.recordings, watched.printed["texts"], strict=True)
            scored = total(errors(recording.text, text) for recording, text in texts)
        return Run(
            number=number,
            system=system,
            wall=round(watched.wall, 2),
            cpu=round(watched.cpu, 2),
            peak_mb=round(watched.peak_mb),
            load=round(load, 2),
            errors=scored,
            **extra,
        )

    def _run(
        self, system: str, recordings: Sequence[Recording], number: int, timeout: Seconds
    ) -> tuple[Watched, dict[str, Any]]:
        if system not in (TRAX, TRAX_FAST):
            watched = _watch(system, recordings, number, self.place, timeout)
            return watched, {"facts": {name: found for name, found in watched.printed.items() if name != "texts"}}
        with fresh_database(self.server) as url:
            with Database(url, PoolOptions()) as database:
                migrate.upgrade(database)
            before = cpu_of_server(self.server_process)
            watched = _watch(system, recordings, number, replace(self.place, database_url=url), timeout)
            spent = cpu_of_server(self.server_process) - before
            return watched, {"server_cpu": round(spent, 2), **_stored(url, len(recordings))}


def _watch(system: str, recordings: Sequence[Recording], number: int, place: Place, timeout: Seconds) -> Watched:
    order = {name: str(value) for name, value in asdict(place).items()}
    files = [str(recording.path) for recording in recordings]
    with TemporaryDirectory(prefix="trax-speed-") as folder:
        path = Path(folder) / "order.json"
        path.write_text(json.dumps({**order, "system": system, "round": number, "files": files}))
        return watch("benchmarks.speed_run", [str(path)], timeout=timeout)


def _stored(url: str, files: int) -> dict[str, Any]:
    """What Trax has stored of its own times, and what it ran on."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT model_config FROM transcription_results").fetchall()
    if len(rows) != files:
        raise Failed(f"Trax has stored {len(rows)} results of {files} files")
    profile: dict[str, Seconds] = {}
    for (config,) in rows:
        for stage, spent in config["profile"].items():
            profile[stage] = round(profile.get(stage, 0.0) + spent, 3)
    config = rows[0][0]
    facts = {name: config[name] for name in ("encoder", "compute_type", "workers", "threads_per_worker", "batch_size")}
    return {"profile": profile, "facts": facts}


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Everything that the systems need, for the length of a block; `folder` is empty and private."""
    home = folder / "home"
    model = resolve(MODEL, models_folder=home / "models", offline=True).path
    weights = folder / "ggml-tiny.en-q8_0.bin"
    ggml.write(model, weights, ggml.QUANTISED)
    server = embedded.ensure_running(home, SERVER_IDLE, lambda _: None)
    try:
        process = embedded.status(home).pid
        assert process is not None
        yield Bench(Place(model, weights, home), server, process)
    finally:
        embedded.stop(home)
