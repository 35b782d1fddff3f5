"""A process that dies at any moment leaves nothing half done, and the next command sets things right."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.conftest import REPOSITORY
from trax.archive import Archive
from trax.database import Database, embedded
from trax.database.claims import claim
from trax.errors import DatabaseUnavailable
from trax.flow import Hook, Progress
from trax.jobs import attempt
from trax.jobs.cleanup import clean_up
from trax.result import Result
from trax.settings import Settings, load_settings
from trax.transcription.engines import Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
KILLS = 7


# Pending jobs that no worker would find in their own queue.
HOMELESS = """
SELECT count(*) FROM transcription_jobs j LEFT JOIN procrastinate_jobs p ON p.id = j.ticket_id
WHERE j.status = 'pending' AND (p.status = 'todo' AND p.queue_name = j.queue) IS NOT TRUE
"""


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead workers are found dead in no time."""
    monkeypatch.setenv("TRAX_HEARTBEAT_INTERVAL", "0.2")
    monkeypatch.setenv("TRAX_STALL_TIMEOUT", "2")
    monkeypatch.setenv("TRAX_RETRY_DELAY", "0.1")


def transcribing() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "trax", "transcribe", str(SAMPLE), "--model", "tiny.en", "--force", "--quiet"]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # a run of the tests in the background ignores Ctrl-C, and would have its children ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_kill_9_at_a_random_moment(database_url: str) -> None:
    started = time.monotonic()
    assert transcribing().wait(120) == 0
    undisturbed = time.monotonic() - started

    moments = random.Random(20_261_122)
    killed = 0
    for _ in range(KILLS):
        process = transcribing()
        try:
            process.wait(moments.uniform(0.1, 0.95) * undisturbed)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        with Archive() as archive:
            wait_for_the_last_statements(archive.database)
        with Archive() as archive:
            assert_nothing_is_half_done(archive.database)
    assert killed >= KILLS // 2, "most runs ended before they were killed: the moments are badly chosen"
    assert transcribing().wait(120) == 0
    drain = [sys.executable, "-m", "trax", "work", "--drain", "--model", "tiny.en"]
    assert subprocess.run(drain, stderr=subprocess.DEVNULL, check=False, timeout=120).returncode == 0
    with Archive() as archive, archive.database.transaction() as session:
        states = session.scalars(text("SELECT DISTINCT status FROM transcription_jobs")).all()
    assert states == ["completed"], "a queue loses nothing"


def wait_for_the_last_statements(database: Database) -> None:
    """PostgreSQL carries out what it has received, though the client that sent it is dead by now."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' AND application_name LIKE 'trax%' AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with database.transaction() as session:
            if not session.execute(text(others)).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("the dead process still has connections")


def assert_nothing_is_half_done(database: Database) -> None:
    with database.transaction() as session:
        stuck = "SELECT count(*) FROM {} WHERE status IN ('processing', 'downloading')"
        assert session.execute(text(stuck.format("transcription_jobs"))).scalar_one() == 0
        assert session.execute(text(stuck.format("media_files"))).scalar_one() == 0
        assert session.execute(text(HOMELESS)).scalar_one() == 0
        completed = session.execute(text("SELECT count(*) FROM transcription_jobs WHERE status = 'completed'")).scalar()
        results = session.execute(
            text(
                "SELECT count(*), count(DISTINCT job_id), count(DISTINCT version), count(DISTINCT content->>'text') "
                "FROM transcription_results r JOIN transcription_jobs j ON j.id = r.job_id AND j.status = 'completed'"
            )
        ).one()
        everything = session.execute(text("SELECT count(*) FROM transcription_results")).scalar_one()
        assert everything == results[0] == results[1] == results[2] == completed
        assert results[3] <= 1  # every result is whole: the same words each time
        unexplained = "SELECT count(*) FROM transcription_jobs WHERE status = 'failed' AND error_message IS NULL"
        assert session.execute(text(unexplained)).scalar_one() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_an_orderly_end(database_url: str, number: signal.Signals) -> None:
    process = transcribing()
    with Database(database_url) as database:
        wait_for_job(database)
        process.send_signal(number)
        assert process.wait(30) == 130
        with database.transaction() as session:
            job = session.execute(text("SELECT status, error_message FROM transcription_jobs")).one()
            stuck = session.execute(text("SELECT count(*) FROM media_files WHERE status = 'processing'")).scalar_one()
            results = session.execute(text("SELECT count(*) FROM transcription_results")).scalar_one()
    assert job == ("cancelled", "Interrupted by the user.")
    assert (stuck, results) == (0, 0)


def wait_for_job(database: Database) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with database.transaction() as session:
            if session.execute(text("SELECT 1 FROM transcription_jobs WHERE status = 'processing'")).first():
                return
        time.sleep(0.01)
    raise AssertionError("the job did not start within a minute")


def test_media_that_someone_works_on_is_left_alone(embedded_database: Database) -> None:
    with embedded_database.transaction() as session:
        media = session.execute(
            text(
                "INSERT INTO media_files (filename, file_size, source_path, status) "
                "VALUES ('a', 1, '/a', 'processing') RETURNING id"
            )
        ).scalar_one()

    def status() -> str:
        clean_up(embedded_database, load_settings())
        with embedded_database.transaction() as session:
            return str(session.execute(text("SELECT status FROM media_files")).scalar_one())

    with claim(embedded_database, media):
        assert status() == "processing"
    assert status() == "pending"


class Meanwhile(Hook):
    """Does something, once, in the middle of the work."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act: Callable[[], object] | None = act
        self.notices: list[str] = []

    def progress(self, progress: Progress) -> None:
        if progress.stage == "transcribe" and self._act is not None:
            act, self._act = self._act, None
            act()

    def notice(self, text: str) -> None:
        self.notices.append(text)


def test_a_database_that_dies_in_the_middle_costs_no_work(own_server: Settings, tiny_engines: Engines) -> None:
    with Archive(own_server, engines=tiny_engines) as archive:
        pid = embedded.status(own_server.home).pid
        assert pid is not None
        hook = Meanwhile(lambda: os.kill(pid, signal.SIGKILL))
        result = archive.transcribe(SAMPLE, model="tiny.en", hook=hook)
        assert "radio station" in result.transcript.text

        hook = Meanwhile(lambda: embedded.stop(own_server.home))
        again = archive.transcribe(SAMPLE, model="tiny.en", hook=hook, force=True)
        assert again.version == result.version + 1
        assert_nothing_is_half_done(archive.database)


def test_two_at_once_do_the_work_once(database_url: str, tiny_engines: Engines) -> None:
    results: list[Result] = []
    waits = threading.Event()

    class Second(Hook):
        def notice(self, text: str) -> None:
            if "waiting for it" in text:
                waits.set()

    def second() -> None:
        with Archive(engines=tiny_engines) as archive:
            results.append(archive.transcribe(SAMPLE, model="tiny.en", hook=Second()))

    def let_the_second_come() -> None:
        thread.start()
        assert waits.wait(60), "the second process did not wait"

    thread = threading.Thread(target=second)
    with Archive(engines=tiny_engines) as archive:
        first = archive.transcribe(SAMPLE, model="tiny.en", hook=Meanwhile(let_the_second_come))
        thread.join(60)
    assert [result.id for result in results] == [first.id]
    assert (first.existed, results[0].existed) == (False, True)


def test_a_commit_whose_answer_was_lost_is_no_failure(
    database_url: str, tiny_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = attempt._Course._commit
    lost: list[Any] = []

    def commit_and_lose_the_answer(*arguments: Any, **options: Any) -> Any:
        result = commit(*arguments, **options)
        if not lost:
            lost.append(result)
            raise DatabaseUnavailable("The connection broke.")
        return result

    monkeypatch.setattr(attempt._Course, "_commit", commit_and_lose_the_answer)
    monkeypatch.setattr(attempt, "PATIENCE", (0.0,))
    with Archive(engines=tiny_engines) as archive:
        result = archive.transcribe(SAMPLE, model="tiny.en")
        assert_nothing_is_half_done(archive.database)
    assert result.id == lost[0].id


def test_ctrl_c_comes_through_though_the_job_was_ended_meanwhile(
    embedded_database: Database, database_url: str, tiny_engines: Engines
) -> None:
    def end_the_job_and_interrupt() -> None:
        with embedded_database.transaction() as session:
            session.execute(text("UPDATE transcription_jobs SET status = 'failed', error_message = 'ended'"))
            signal.raise_signal(signal.SIGINT)  # before anybody can see the end of the job and tell of it

    with Archive(engines=tiny_engines) as archive, pytest.raises(KeyboardInterrupt):
        archive.transcribe(SAMPLE, model="tiny.en", hook=Meanwhile(end_the_job_and_interrupt))


def test_one_connection_in_the_pool_is_enough(
    database_url: str, tiny_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAX_POOL_SIZE", "1")
    monkeypatch.setenv("TRAX_POOL_OVERFLOW", "0")
    monkeypatch.setenv("TRAX_POOL_TIMEOUT", "5")
    with Archive(engines=tiny_engines) as archive:
        assert archive.transcribe(SAMPLE, model="tiny.en").transcript.text
