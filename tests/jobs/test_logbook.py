"""A worker's log: complete for machines, one line an event for people."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from trax.cli.logs import logging_to
from trax.errors import DatabaseUnavailable, JobFailed, UnreadableMedia
from trax.jobs.logbook import ENDINGS, Logbook
from trax.jobs.observer import Attempt, Ended
from trax.jobs.observers import Observers

JOB, MEDIA, WORKER = (UUID(f"{digit}2345678-1234-4234-8234-123456789abc") for digit in "123")
ATTEMPT = Attempt(JOB, MEDIA, 7, 2, "Gespräch\nERROR.mp3", "gpu", "v1", "tiny.en", datetime.now(UTC))


def logged(form: str, level: str, work: Callable[[Logbook], object]) -> list[str]:
    stream = io.StringIO()
    logbook = Logbook()
    with logging_to(stream, form, level):
        Observers(logbook).started(WORKER, "here:1", ("gpu", "default"), 2)
        work(logbook)
    return stream.getvalue().splitlines()


def objects(work: Callable[[Logbook], object], level: str = "info") -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged("json", level, work)]


def whole_life(logbook: Logbook) -> None:
    observer = Observers(logbook)
    observer.attempt_started(ATTEMPT).notice("No speech was found.")
    observer.attempt_ended(ATTEMPT, Ended("completed", 1.5, 60.0))
    observer.attempt_ended(ATTEMPT, Ended("failed", 0.5, error=UnreadableMedia("It is broken.", "Get another.")))
    observer.reaped([JOB])
    observer.database_lost(DatabaseUnavailable("Gone.", "Check it."), 2.0)
    observer.stopping(1)


def test_json_has_every_fact() -> None:
    found = objects(whole_life)
    assert [line["event"] for line in found] == [
        "worker_started",
        "attempt_started",
        "notice",
        "attempt_completed",
        "attempt_failed",
        "reaped",
        "database_lost",
        "worker_stopping",
    ]
    for line in found:
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() == datetime.now(UTC).utcoffset()
        assert (line["worker"], line["worker_id"]) == ("here:1", str(WORKER))
    of_the_job = {"job_id": str(JOB), "media_id": str(MEDIA), "attempt": 2, "queue": "gpu", "model": "tiny.en"}
    for line in found[1:5]:
        assert line.items() >= (of_the_job | {"filename": "Gespräch\nERROR.mp3", "pipeline": "v1"}).items()
    assert found[3].items() >= {"seconds": 1.5, "audio_seconds": 60.0, "level": "info"}.items()
    failed = {"error_kind": "UnreadableMedia", "error": "It is broken. Get another.", "level": "error"}
    assert found[4].items() >= failed.items()
    assert found[5]["job_id"] == str(JOB)
    assert found[6]["error_kind"] == "DatabaseUnavailable"


@pytest.mark.parametrize("outcome", list(ENDINGS))
def test_every_outcome_is_an_event(outcome: str) -> None:
    (_, line) = objects(lambda logbook: logbook.attempt_ended(ATTEMPT, Ended(outcome, 1.0)))
    assert line["event"] == f"attempt_{outcome}"


def test_people_get_a_line_an_event_which_a_file_name_cannot_forge() -> None:
    lines = logged("text", "info", whole_life)
    assert len(lines) == 8
    assert lines[0].endswith("INFO worker here:1 takes 2 jobs at a time from gpu, default")
    assert lines[4].endswith(
        "ERROR failed on Gespräch ERROR.mp3 after 0.5 s: It is broken. Get another. job=12345678 attempt=2"
    )


def test_the_level_leaves_out_what_is_below_it() -> None:
    assert [line["event"] for line in objects(whole_life, "error")] == ["attempt_failed"]


def test_a_fault_of_trax_shows_where_it_is() -> None:
    def fail(logbook: Logbook) -> None:
        failure = JobFailed("Unexpected ZeroDivisionError.")
        failure.__cause__ = ZeroDivisionError("in here")
        logbook.attempt_ended(ATTEMPT, Ended("failed", 1.0, error=failure))

    (_, line) = objects(fail)
    assert "ZeroDivisionError: in here" in line["exc_info"]


def test_warnings_of_libraries_are_in_it_and_their_chatter_is_not() -> None:
    def chatter(_: Logbook) -> None:
        for name in ("procrastinate.worker", "asyncio", "some.library"):
            logging.getLogger(name).info("chatter")
            logging.getLogger(name).warning("warned")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("careful", UserWarning, stacklevel=1)
        asyncio.run(unretrieved())

    async def unretrieved() -> None:
        context = {"message": "a task was lost"}
        asyncio.get_running_loop().call_exception_handler(context)

    found = [(line["logger"], line["message"]) for line in objects(chatter)[1:]]
    assert found[:3] == [(name, "warned") for name in ("procrastinate.worker", "asyncio", "some.library")]
    assert found[3][0] == "py.warnings"
    assert "careful" in found[3][1]
    assert found[4] == ("asyncio", "a task was lost")
    assert len(found) == 5


def test_of_other_libraries_the_cause_is_enough_unless_somebody_debugs() -> None:
    def fail(_: Logbook) -> None:
        try:
            try:
                raise OSError("the line\nis dead")
            except OSError as error:
                raise RuntimeError("Database error.") from error
        except RuntimeError:
            logging.getLogger("procrastinate.worker").exception("poll error\nwith details")

    (_, line) = objects(fail)
    assert line["message"] == "poll error: OSError: the line is dead"
    assert "exc_info" not in line
    assert "Traceback" in objects(fail, "debug")[1]["exc_info"]


def test_logging_is_as_before_afterwards() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("trax").level)
    logged("text", "debug", whole_life)
    assert (root.level, list(root.handlers), logging.getLogger("trax").level) == before
