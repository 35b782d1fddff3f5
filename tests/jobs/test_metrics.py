"""A worker's metrics as Prometheus reads them: over HTTP, with and without the database."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from trax.database import Database
from trax.database.queue_figures import live_jobs
from trax.errors import DatabaseUnavailable, UnreadableMedia, UsageError
from trax.flow import Progress
from trax.jobs.metrics import Metrics, served
from trax.jobs.observer import Attempt, Ended

MANY_JOBS = """
WITH file AS (
    INSERT INTO media_files (filename, source_path, status, file_size) VALUES ('a', '/a', 'ready', 1) RETURNING id
)
INSERT INTO transcription_jobs (media_file_id, status, queue, ticket_id, created_at, updated_at)
SELECT file.id,
       CASE WHEN n % 300 = 0 THEN 'pending' WHEN n % 1000 = 1 THEN 'processing' ELSE 'completed' END,
       CASE WHEN n % 7 < 3 THEN 'gpu' ELSE 'default' END,
       CASE WHEN n % 900 = 0 THEN NULL ELSE n END,
       now() - interval '1 day', now() - n * interval '1 millisecond'
FROM file, generate_series(1, 30000) n
"""


def attempt(queue: str = "default") -> Attempt:
    return Attempt(uuid4(), uuid4(), 1, 1, "talk.mp3", queue, "v1", "tiny.en", datetime.now(UTC))


def read(port: int) -> dict[str, float]:
    """Every sample of the page, by its name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as page:
        families = text_string_to_metric_families(page.read().decode())
    samples = [sample for family in families for sample in family.samples]
    return {s.name + "".join(f" {k}={v}" for k, v in sorted(s.labels.items())): s.value for s in samples}


@contextmanager
def silent_server() -> Iterator[str]:
    """Address of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"postgresql://trax@127.0.0.1:{listening.getsockname()[1]}/trax"


def test_attempts_are_counted(embedded_database: Database) -> None:
    metrics = Metrics(embedded_database)
    with served(metrics, "127.0.0.1", 0) as port:
        metrics.started(UUID(int=1), "here:1", ("default",), 2)
        assert read(port)["trax_attempts_total outcome=failed queue=default"] == 0
        first, second = attempt(), attempt("gpu")
        for one in (first, second):
            metrics.attempt_started(one)
        assert read(port)["trax_jobs_running"] == 2
        metrics.attempt_ended(first, Ended("completed", 2.0, 60.0))
        metrics.attempt_ended(second, Ended("retried", 3.0, error=DatabaseUnavailable("Gone.")))
        metrics.attempt_ended(attempt(), Ended("failed", 1.0, error=UnreadableMedia("Broken.")))
        found = read(port)
    assert found["trax_attempts_total outcome=completed queue=default"] == 1
    assert found["trax_attempts_total outcome=retried queue=gpu"] == 1
    assert found["trax_failures_total kind=DatabaseUnavailable"] == 1
    assert found["trax_failures_total kind=UnreadableMedia"] == 1
    assert found["trax_audio_seconds_total"] == 60
    assert found["trax_busy_seconds_total"] == 6
    assert found["trax_attempt_seconds_count"] == 3
    assert found["trax_attempt_seconds_bucket le=1.0"] == 1


def test_speed_is_what_was_heard_and_not_what_was_decoded(embedded_database: Database) -> None:
    metrics = Metrics(embedded_database)
    with served(metrics, "127.0.0.1", 0) as port:
        hook = metrics.attempt_started(attempt())
        for stage, done in (("transcribe", 30.0), ("decode", 3600.0), ("transcribe", 60.0), ("transcribe", 60.0)):
            hook.progress(Progress(stage, done, 3600.0))
        assert 0 < read(port)["trax_audio_seconds_per_second"] <= 60


def test_queues_are_counted_by_an_index(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text(MANY_JOBS))
        session.execute(
            text(
                "INSERT INTO workers (id, name, queues, concurrency, stall_timeout, heartbeat_at) "
                "VALUES (gen_random_uuid(), 'a:1', '[]', 1, 30, now()), "
                "(gen_random_uuid(), 'b:1', '[]', 1, 30, now() - interval '1 minute')"
            )
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE transcription_jobs"))
        question = live_jobs().compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = "\n".join(connection.scalars(text(f"EXPLAIN {question}")))
    assert "ix_transcription_jobs_status" in plan
    assert "Seq Scan" not in plan
    metrics = Metrics(database)
    metrics.started(UUID(int=1), "here:1", ("empty",), 1)
    with served(metrics, "127.0.0.1", 0) as port:
        found = read(port)
    pending = [n for n in range(300, 30001, 300) if n % 900]
    assert found["trax_queue_depth queue=gpu"] == sum(n % 7 < 3 for n in pending)
    assert found["trax_queue_depth queue=default"] == sum(n % 7 >= 3 for n in pending)
    assert sum(found[f"trax_queue_held queue={queue}"] for queue in ("gpu", "default")) == 100 - len(pending)
    assert sum(found[f"trax_queue_processing queue={queue}"] for queue in ("gpu", "default")) == 30
    assert 29 < found["trax_queue_oldest_pending_seconds queue=default"] < 300
    assert found["trax_queue_depth queue=empty"] == found["trax_queue_oldest_pending_seconds queue=empty"] == 0
    assert found["trax_workers"] == 1
    assert found["trax_database_up"] == 1


@pytest.mark.parametrize("silent", [False, True])
def test_a_database_that_is_away_takes_only_its_own_figures_along(*, silent: bool) -> None:
    with silent_server() as hanging:
        address = hanging if silent else "postgresql://trax@127.0.0.1:1/trax"
        with Database(address) as away, served(Metrics(away), "127.0.0.1", 0) as port:
            began = time.monotonic()
            for _ in range(2):
                found = read(port)
                assert found["trax_database_up"] == 0
                assert found["trax_jobs_running"] == 0
                assert not any(name.startswith(("trax_queue", "trax_workers")) for name in found)
            assert time.monotonic() - began < 8


def test_figures_come_back_with_the_database(embedded_database: Database) -> None:
    with served(Metrics(embedded_database), "127.0.0.1", 0) as port:
        assert read(port)["trax_database_up"] == 1
        with embedded_database.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert read(port)["trax_database_up"] == 1  # the pool finds out and connects again


def test_a_port_that_is_taken_is_explained(embedded_database: Database) -> None:
    metrics = Metrics(embedded_database)
    with served(metrics, "127.0.0.1", 0) as port:
        with pytest.raises(UsageError, match="TRAX_METRICS_PORT"), served(metrics, "127.0.0.1", port):
            pass
        with pytest.raises(UsageError, match="no-such-host"), served(metrics, "no-such-host.invalid", 0):
            pass
