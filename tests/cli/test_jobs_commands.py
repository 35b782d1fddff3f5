"""`trax add`, `trax jobs` and `trax batch` as a person or a script meets them."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.cli.test_terminal import at_terminal
from tests.conftest import REPOSITORY
from tests.fixtures.embedded import eventually
from trax.database import Database
from trax.jobs.board import Board

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
DRAIN = ("work", "--drain", "--no-preload")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")


@pytest.fixture
def texts(tmp_path: Path) -> list[str]:
    """Three files that are registered as they are, and found to be no media by the worker."""
    for number in range(3):
        (tmp_path / f"{number}.mp3").write_text(f"no sound {number}")
    return [str(tmp_path / f"{number}.mp3") for number in range(3)]


def samples(folder: Path, count: int) -> list[str]:
    """Copies of the sample of which no two have the same bytes."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number}.ogg").write_bytes(SAMPLE.read_bytes() + bytes(number))
    return [str(folder / f"{number}.ogg") for number in range(count)]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "trax", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a run of the tests in the background ignores Ctrl-C, and would have its children ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_from_adding_to_the_transcript(run: Run, database_url: str, tmp_path: Path) -> None:
    added = run("add", str(SAMPLE), str(tmp_path / "missing.mp3"), "--priority", "3", "--queue", "night")
    assert added.code == 1
    assert "missing.mp3" in added.err
    id = added.out.split()[0]
    again = run("add", str(SAMPLE))
    assert (again.code, again.out.split()[0]) == (0, id)
    assert "already" in again.out
    (job,) = run("jobs", "list", "--json").json
    assert (job["id"], job["status"], job["queue"], job["priority"]) == (id, "pending", "night", 3)
    assert run("jobs", "list", "--queue", "default", "--json").json == []

    assert run(*DRAIN, "--queue", "night").code == 0
    shown = run("jobs", "show", id[:8], "--json").json
    assert (shown["status"], shown["duration"], shown["error"]) == ("completed", pytest.approx(33, abs=1), None)
    (attempt,) = shown["history"]
    assert (attempt["number"], attempt["outcome"]) == (1, "completed")
    assert attempt["windows_heard"] > 0
    assert "completed" in run("jobs", "show", id).out
    known = run("add", str(SAMPLE), "--json").json
    assert [(item["job_id"], item["created"]) for item in known] == [(None, False)]
    assert known[0]["result_id"]
    assert "before" in run("add", str(SAMPLE)).out


def test_retry_and_cancel(run: Run, database_url: str, texts: list[str]) -> None:
    ids = [line.split()[0] for line in run("add", *texts).out.splitlines()]
    assert run("jobs", "cancel", ids[0][:10]).code == 0
    late = run("jobs", "cancel", ids[0])
    assert (late.code, "ended already" in late.err) == (1, True)
    assert run(*DRAIN).code == 1, "two of them are no media"
    listed = {job["id"]: job for job in run("jobs", "list", "--json").json}
    assert [listed[id]["status"] for id in ids] == ["cancelled", "failed", "failed"]
    assert "not media" in listed[ids[1]]["error"]
    assert [job["id"] for job in run("jobs", "list", "--status", "failed", "--json").json] == [ids[2], ids[1]]
    assert run("jobs", "retry", "--failed").code == 0
    assert run("jobs", "retry", ids[0]).code == 0
    assert {job["status"] for job in run("jobs", "list", "--json").json} == {"pending"}
    refused = run("jobs", "retry", ids[0])
    assert (refused.code, "is pending" in refused.err) == (1, True)
    assert "(--limit shows more" in run("jobs", "list", "--limit", "2").err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("jobs", "show", "ffff0000"), 1, "jobs list"),
        (("jobs", "list", "--status", "lost"), 2, "cancelled"),
        (("jobs", "retry"), 2, "--failed"),
        (("jobs", "retry", "ffff0000", "--failed"), 2, "--failed"),
        (("jobs", "cancel"), 2, "--batch"),
        (("batch", "show", "ffff0000"), 1, "batch list"),
        (("batch", "pause", "nonsense"), 2, "not an ID"),
        (("batch", "run", str(SAMPLE), "--no-wait", "--output", "out"), 2, "--no-wait"),
        (("batch", "run", str(SAMPLE), "--model", "tinyy.en"), 2, "tiny.en"),
        (("add", str(SAMPLE), "--format", "srt"), 2, "--format"),
    ],
)
def test_errors_say_what_to_do(run: Run, database_url: str, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert run("batch", "list", "--json").json == []


def test_a_batch_for_workers(run: Run, database_url: str, tmp_path: Path, texts: list[str]) -> None:
    folder = tmp_path / "in"
    samples(folder, 2)
    shutil.copy(texts[0], folder)
    queued = run("batch", "run", str(folder), str(tmp_path / "missing.mp3"), "--no-wait")
    assert queued.code == 1
    assert "missing.mp3" in queued.err
    id = queued.out.strip()
    assert run("batch", "pause", id[:8]).code == 0
    assert run(*DRAIN).code == 0
    report = run("batch", "show", id, "--json").json
    assert (report["status"], report["pending_items"], report["failed_items"]) == ("paused", 3, 1)
    assert [item["status"] for item in report["items"]] == ["pending"] * 3 + ["failed"]
    assert "held" in run("jobs", "list", "--batch", id).out
    assert run("batch", "resume", id).code == 0
    assert run(*DRAIN).code == 1
    report = run("batch", "show", id, "--json").json
    assert (report["status"], report["total_items"], report["successful_items"]) == ("completed", 4, 2)
    assert report["audio_per_second"] > 0
    assert [failure["status"] for failure in report["failures"]] == ["failed", "failed"]
    table = run("batch", "show", id).out
    assert "not media" in table
    assert "There is no file" in table
    assert "4 of 4 done: 2 good, 2 failed" in table
    assert run("batch", "retry", id).code == 0
    assert run("batch", "cancel", id).code == 0
    (listed,) = run("batch", "list", "--json").json
    assert (listed["status"], listed["successful_items"], listed["failed_items"]) == ("cancelled", 2, 2)
    assert id[:8] in run("batch", "list").out


def test_a_batch_that_runs_here(run: Run, database_url: str, tmp_path: Path, texts: list[str]) -> None:
    sources = samples(tmp_path / "in", 2)
    run("add", sources[0])  # somebody had queued it: the batch takes it over
    done = run("batch", "run", *sources, texts[0], "--output", str(tmp_path / "out"), "--format", "srt")
    assert done.code == 1
    assert done.err.count("0.mp3 is text") == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.srt", "1.srt"]
    report = run("batch", "run", *sources, "--json")
    assert (report.code, report.json["status"], report.json["successful_items"]) == (0, "completed", 2)
    assert report.json["run_seconds"] < 5, "both had been transcribed before"


def test_a_batch_whose_command_is_killed_goes_on(run: Run, database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.mp3").write_text(f"file {number}")
    queued = "SELECT count(*) FROM batch_items WHERE status = 'pending'"
    with started("batch", "run", str(folder), "--no-wait") as process:
        assert eventually(lambda: ask(database_url, queued) > 5)
        process.kill()
    assert 5 < ask(database_url, queued) < 60
    (batch,) = run("batch", "list", "--json").json
    assert batch["status"] == "pending"
    resumed = run("batch", "resume", batch["id"])
    assert resumed.code == 0, resumed.err
    assert ask(database_url, queued) == 60
    assert ask(database_url, "SELECT count(*) FROM transcription_jobs WHERE ticket_id IS NOT NULL") == 60
    (batch,) = run("batch", "list", "--json").json
    assert (batch["status"], batch["total_items"], batch["processed_items"]) == ("processing", 60, 0)


def test_ctrl_c_leaves_a_batch_to_the_workers(run: Run, database_url: str, tmp_path: Path) -> None:
    sources = samples(tmp_path / "in", 3)
    running = "SELECT count(*) FROM transcription_jobs WHERE status = 'processing'"
    with started("batch", "run", *sources, "--queue", "night") as process:
        assert eventually(lambda: ask(database_url, running) > 0)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
    assert "trax batch resume" in err
    at_home = (
        "SELECT count(*) FROM transcription_jobs j JOIN procrastinate_jobs p ON p.id = j.ticket_id "
        "WHERE j.status = 'pending' AND p.status = 'todo' AND p.queue_name = 'night'"
    )
    left = "SELECT count(*) FROM transcription_jobs WHERE status <> 'completed'"
    assert ask(database_url, at_home) == ask(database_url, left) > 0
    (batch,) = run("batch", "list", "--json").json
    if ask(database_url, "SELECT count(*) FROM batch_items WHERE status = 'waiting'"):
        assert run("batch", "resume", batch["id"]).code == 0
    assert run(*DRAIN, "--queue", "night").code == 0
    (batch,) = run("batch", "list", "--json").json
    assert (batch["status"], batch["successful_items"]) == ("completed", 3)


def test_following_tells_of_every_change(run: Run, database_url: str, texts: list[str]) -> None:
    (id,) = (line.split()[0] for line in run("add", texts[0]).out.splitlines())
    with (
        started("jobs", "list", "--follow", "--json") as listing,
        started("jobs", "show", id, "--follow", "--json") as one,
        Database(database_url) as database,
    ):
        assert listing.stdout is not None
        assert one.stdout is not None
        assert json.loads(listing.stdout.readline())["status"] == "pending"
        assert json.loads(one.stdout.readline())["status"] == "pending"
        (added,) = (line.split()[0] for line in run("add", texts[1]).out.splitlines())
        assert json.loads(listing.stdout.readline())["id"] == added
        assert Board(database).cancel(Board(database).find(id))
        assert json.loads(one.stdout.readline())["status"] == "cancelled"
        assert one.wait(30) == 0, "a job that has ended changes no more"
        changed = json.loads(listing.stdout.readline())
        assert (changed["id"], changed["status"]) == (id, "cancelled")
        listing.send_signal(signal.SIGINT)
        assert listing.wait(30) == 130


def test_following_at_a_terminal(run: Run, database_url: str, texts: list[str]) -> None:
    id = run("batch", "run", texts[0], "--no-wait").out.strip()
    assert run("batch", "cancel", id).code == 0
    code, seen = at_terminal("batch", "show", id, "--follow")
    assert code == 0
    assert "cancelled" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert run("batch", "show", id, "--follow").out.startswith("fact")
