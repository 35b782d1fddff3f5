"""Batches: exact counters whatever happens at once, and every step a person can take with one."""

from __future__ import annotations

import random
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from trax.database import Database, batch_steps, batch_views, batches, changes, job_views, media, queue
from trax.database.batch_steps import NewItem
from trax.database.job_views import JobFilter
from trax.database.models import ProcessingJob, TranscriptionJob
from trax.errors import JobInterrupted, UsageError
from trax.flow import Request
from trax.jobs.batches import Batches, Step
from trax.jobs.board import Board
from trax.jobs.submit import SubmitOptions, submit


def add_media(database: Database, number: int) -> UUID:
    name = f"{number}.mp3"
    new = media.NewMedia(name, 1, f"{number:064x}", f"/in/{name}", f"/in/{name}", 1)
    with database.transaction() as session:
        return media.add(session, new)[0].id


def add_job(database: Database, number: int) -> UUID:
    media_id = add_media(database, number)
    with database.transaction() as session:
        new = queue.NewJob(media_id, uuid4(), model_config={"model": "tiny.en"}, processing_options={})
        return queue.enqueue(session, new)[0]


def add_batch(database: Database, job_ids: Sequence[UUID]) -> UUID:
    """A batch that waits for these jobs."""
    with database.transaction() as session:
        batch_id = batch_steps.create(
            session, ["*.mp3"], [NewItem(f"/in/{number}") for number in range(len(job_ids))], {}
        )
    for position, job_id in enumerate(job_ids, start=1):
        with database.transaction() as session:
            job = session.get_one(TranscriptionJob, job_id, with_for_update=True)
            batch_steps.item_queued(session, batch_id, position, job.media_file_id, job_id)
    with database.transaction() as session:
        batch_steps.all_queued(session, batch_id)
    return batch_id


def end(database: Database, job_id: UUID, status: str) -> None:
    """What a worker or a person does to a job, less the attempt."""
    with database.transaction() as session:
        job = session.get_one(TranscriptionJob, job_id, with_for_update=True)
        job.status, job.ticket_id = status, None
        session.flush()
        batches.job_ended(session, job_id, status, None if status == "completed" else f"it is {status}")


def counters(database: Database, batch_id: UUID) -> tuple[str, int, int, int, int]:
    with database.transaction() as session:
        found = batch_views.get(session, batch_id)
    return found.status, found.total, found.processed, found.successful, found.failed


def test_counters_are_exact_whatever_happens_at_once(database: Database) -> None:
    """Jobs that several batches share end, are tried again and end again, from eight threads; no deadlock."""
    draw = random.Random(4)
    job_ids = [add_job(database, number) for number in range(24)]
    chosen = [[job_id for job_id in job_ids if draw.random() < 0.7] for _ in range(5)]
    batch_ids = [add_batch(database, [*some, *some[:2]]) for some in chosen]  # two files of the same bytes each
    fates = {job_id: draw.choice(("completed", "failed", "cancelled")) for job_id in job_ids}
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait(30)
        for job_id in job_ids[number::8]:
            end(database, job_id, "failed")
            with database.transaction() as session:
                queue.retry(session, job_id)
            end(database, job_id, fates[job_id])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    for batch_id, some in zip(batch_ids, chosen, strict=True):
        items = [*some, *some[:2]]
        good = sum(fates[job_id] == "completed" for job_id in items)
        assert counters(database, batch_id) == ("completed", len(items), len(items), good, len(items) - good)


def test_a_batch_without_a_good_item_has_failed_and_says_why(database: Database) -> None:
    job_ids = [add_job(database, number) for number in range(2)]
    batch_id = add_batch(database, job_ids)
    end(database, job_ids[0], "failed")
    assert counters(database, batch_id) == ("processing", 2, 1, 0, 1)
    end(database, job_ids[1], "cancelled")
    assert counters(database, batch_id) == ("failed", 2, 2, 0, 2)
    with database.transaction() as session:
        found = batch_views.get(session, batch_id)
    assert found.error == "it is failed"
    assert found.started_at is not None
    assert found.completed_at is not None
    with database.transaction() as session:
        queue.retry(session, job_ids[0])
    end(database, job_ids[0], "completed")
    assert counters(database, batch_id) == ("completed", 2, 2, 1, 1)
    with database.transaction() as session:
        assert batch_views.get(session, batch_id).error is None
        assert [(f.position, f.status) for f in batch_views.failures(session, batch_id)] == [(2, "cancelled")]


def test_a_paused_batch_holds_what_has_not_begun(database: Database) -> None:
    job_ids = [add_job(database, number) for number in range(2)]
    batch_id = add_batch(database, job_ids)
    with database.transaction() as session:
        assert batch_steps.pause(session, batch_id)
        assert not batch_steps.pause(session, batch_id)
    with database.transaction() as session:
        ticket_id = session.get_one(TranscriptionJob, job_ids[0]).ticket_id
        assert ticket_id is not None
        assert queue.start(session, job_ids[0], ticket_id, uuid4(), "a worker") is None
    with database.transaction() as session:
        assert batch_steps.resume(session, batch_id)
        assert not batch_steps.resume(session, batch_id)
        config = batch_views.get(session, batch_id).config
    assert config["idle_seconds"] >= 0
    assert config["paused_at"] is None
    with database.transaction() as session:
        assert queue.release(session, job_ids) == 1


def test_a_batch_without_items_is_over(database: Database) -> None:
    with database.transaction() as session:
        empty = batch_steps.create(session, [], [], {})
        hopeless = batch_steps.create(session, ["x"], [NewItem("x", "There is no file x.")], {})
    assert counters(database, empty)[0] == "completed"
    assert counters(database, hopeless) == ("failed", 1, 1, 0, 1)


def test_a_cancelled_batch_takes_no_further_item(database: Database) -> None:
    job_id = add_job(database, 1)
    with database.transaction() as session:
        batch_id = batch_steps.create(session, ["x"], [NewItem("x")], {})
    with database.transaction() as session:
        batch_steps.cancel(session, batch_id)
    with pytest.raises(JobInterrupted), database.transaction() as session:
        batch_steps.item_queued(session, batch_id, 1, add_media(database, 1), job_id)
    assert counters(database, batch_id) == ("cancelled", 1, 1, 0, 1)


def make_files(folder: Path, count: int) -> list[str]:
    """Files of different bytes; that they are no media is for a worker to find out."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:03}.mp3").write_text(f"file {number}")
    return [str(folder / f"{number:03}.mp3") for number in range(count)]


def made(database: Database, sources: Sequence[str], **options: Any) -> UUID:
    return Batches(database).create(sources, Request(model="tiny.en"), SubmitOptions(**options))


def statuses(database: Database, batch_id: UUID) -> list[str]:
    return [item.status for item in Batches(database).items(batch_id)]


def tickets(database: Database) -> int:
    with database.transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")).scalar_one())


class Crash(BaseException):
    """Whatever ends a process in the middle."""


def test_queueing_goes_on_where_it_ended(database: Database, tmp_path: Path) -> None:
    sources = make_files(tmp_path / "in", 6)
    shutil.copy(sources[0], tmp_path / "in" / "same-bytes.mp3")
    batches_ = Batches(database)
    batch_id = made(database, [str(tmp_path / "in"), str(tmp_path / "missing.mp3")])
    seen: list[str] = []

    def crash_after_three(step: Step) -> None:
        seen.append(step.source)
        if len(seen) == 3:
            raise Crash

    with pytest.raises(Crash):
        batches_.queue(batch_id, told=crash_after_three)
    assert statuses(database, batch_id) == ["pending"] * 3 + ["waiting"] * 4 + ["failed"]
    assert counters(database, batch_id) == ("pending", 8, 1, 0, 1)
    assert batches_.resume(batch_id, lambda step: seen.append(step.source)) == 4
    assert statuses(database, batch_id) == ["pending"] * 7 + ["failed"]
    assert counters(database, batch_id) == ("processing", 8, 1, 0, 1)
    assert len(seen) == 7
    assert tickets(database) == 6, "the same bytes wait for the same job"
    assert batches_.resume(batch_id) == 0


def test_pausing_takes_the_tickets_and_resuming_gives_them_back(database: Database, tmp_path: Path) -> None:
    batches_ = Batches(database)
    batch_id = made(database, make_files(tmp_path, 3))
    batches_.queue(batch_id)
    assert batches_.pause(batch_id) == 3
    assert (tickets(database), counters(database, batch_id)[0]) == (0, "paused")
    other = made(database, [str(tmp_path / "000.mp3")])
    batches_.queue(other)
    assert tickets(database) == 0, "the job that both wait for stays held"
    assert [job.held for job in Board(database).list()] == [True] * 3
    with pytest.raises(UsageError, match="is paused"):
        batches_.pause(batch_id)
    assert batches_.resume(batch_id) == 3
    assert (tickets(database), counters(database, batch_id)[0]) == (3, "processing")


def test_what_is_queued_while_the_batch_is_paused_is_held(database: Database, tmp_path: Path) -> None:
    batches_ = Batches(database)
    batch_id = made(database, make_files(tmp_path, 3))
    batches_.queue(batch_id, told=lambda step: step.source.endswith("000.mp3") and batches_.pause(batch_id))
    assert (tickets(database), counters(database, batch_id)[0]) == (0, "paused")
    assert batches_.resume(batch_id) == 3


def test_cancelling_spares_what_others_wait_for(database: Database, tmp_path: Path) -> None:
    batches_ = Batches(database)
    sources = make_files(tmp_path, 4)
    alone = submit(database, Path(sources[0]), Request(model="tiny.en"), SubmitOptions())
    first, second = made(database, sources), made(database, sources[:2])
    batches_.queue(first, told=lambda step: step.source == sources[2] and batches_.cancel(first))
    assert statuses(database, first) == ["cancelled"] * 4
    assert counters(database, first) == ("cancelled", 4, 4, 0, 4)
    batches_.queue(second)
    with pytest.raises(UsageError, match="nothing left"):
        batches_.cancel(first)
    assert alone.job_id is not None
    assert batches_.retry(first) == 4
    assert counters(database, first) == ("processing", 4, 0, 0, 0)
    assert tickets(database) == 4
    assert batches_.cancel(first) == 2
    assert counters(database, second) == ("processing", 2, 0, 0, 0)
    end(database, alone.job_id, "completed")
    assert counters(database, second) == ("processing", 2, 1, 1, 0)
    assert counters(database, first) == ("cancelled", 4, 4, 0, 4)


def test_retrying_queues_failed_jobs_and_files_that_were_missing(database: Database, tmp_path: Path) -> None:
    batches_ = Batches(database)
    sources = make_files(tmp_path, 2)
    missing = tmp_path / "later.mp3"
    batch_id = made(database, [*sources, str(missing)])
    batches_.queue(batch_id)
    for job in Board(database).list():
        end(database, job.id, "failed")
    assert counters(database, batch_id) == ("failed", 3, 3, 0, 3)
    batches_.retry(batch_id)
    assert statuses(database, batch_id) == ["pending", "pending", "failed"]
    missing.write_text("here it is")
    assert batches_.retry(batch_id) == 1
    assert statuses(database, batch_id) == ["pending"] * 3
    assert counters(database, batch_id) == ("processing", 3, 0, 0, 0)
    assert len(Board(database).list()) == 3, "a job that failed is tried again, and not doubled"
    for job in Board(database).list():
        end(database, job.id, "completed")
    assert counters(database, batch_id) == ("completed", 3, 3, 3, 0)
    with pytest.raises(UsageError, match="None of its items"):
        batches_.retry(batch_id)


def test_progress_and_rate_leave_out_what_is_not_known(database: Database, tmp_path: Path) -> None:
    batches_ = Batches(database)
    batch_id = made(database, make_files(tmp_path, 4))
    batches_.queue(batch_id)
    with database.transaction() as session:
        session.execute(text("UPDATE media_files SET duration = 60 WHERE filename < '003'"))
        session.execute(text(IN_WORK))
    jobs = {job.filename: job.id for job in Board(database).list()}
    end(database, jobs["000.mp3"], "completed")
    progress = batches_.show(batch_id).progress
    assert (progress.running, progress.pending, progress.waiting) == (1, 2, 0)
    assert (progress.measured_items, progress.measured_seconds, progress.seconds_done) == (3, 180.0, 90.0)
    assert progress.audio_per_second == pytest.approx(90 / 100, rel=0.1)
    assert progress.items_per_hour == pytest.approx(36, rel=0.1)
    assert progress.seconds_left == pytest.approx((4 * 60 - 90) / 0.9, rel=0.1)


# Two attempts that began 100 seconds ago; the second is in the middle of its minute.
IN_WORK = """
WITH moved AS (
    UPDATE transcription_jobs j SET status = 'processing' FROM media_files m
    WHERE m.id = j.media_file_id AND m.filename IN ('000.mp3', '001.mp3') RETURNING j.id, j.ticket_id
), began AS (
    UPDATE processing_jobs SET created_at = now() - interval '200 s', started_at = now() - interval '100 s'
)
INSERT INTO job_attempts (ticket_id, job_id, number, started_at, seconds_done)
SELECT ticket_id, id, 1, now() - interval '100 s', 30 FROM moved
"""


def test_news_of_jobs_arrives(database: Database, tmp_path: Path) -> None:
    (source,) = make_files(tmp_path, 1)
    with changes.listening(database) as news:
        assert news.wait(0.0) == set()
        submitted = submit(database, Path(source), Request(model="tiny.en"), SubmitOptions())
        assert news.wait(30.0) == {submitted.job_id}
        assert submitted.job_id is not None
        assert Board(database).cancel(submitted.job_id)
        assert news.wait(30.0) == {submitted.job_id}


MANY = """
INSERT INTO media_files (filename, source_path, file_size, file_hash)
SELECT n || '.mp3', '/' || n, 1, md5(n::text) || md5(n::text) FROM generate_series(1, 100) n;
INSERT INTO transcription_jobs (media_file_id, status, created_at)
SELECT id, CASE WHEN n = 1 THEN 'failed' ELSE 'completed' END, now() - n * interval '1 minute'
FROM generate_series(1, 200) n, media_files;
INSERT INTO processing_jobs (job_type, status, total_items)
SELECT 'transcription', CASE WHEN n = 1 THEN 'paused' ELSE 'processing' END, 20 FROM generate_series(1, 1000) n;
INSERT INTO batch_items (batch_id, position, source, job_id, status)
SELECT b.id, j.n, 'x', j.id, 'pending' FROM (SELECT id, row_number() OVER () AS n FROM processing_jobs) b
JOIN (SELECT id, row_number() OVER () AS n FROM transcription_jobs) j ON j.n % 1000 = b.n - 1;
INSERT INTO job_attempts (ticket_id, job_id, number) SELECT row_number() OVER (), id, 1 FROM transcription_jobs;
ANALYZE media_files; ANALYZE transcription_jobs; ANALYZE processing_jobs; ANALYZE batch_items; ANALYZE job_attempts;
"""


def test_listings_and_counting_read_no_table_as_a_whole(database: Database) -> None:
    """20,000 jobs in 1,000 batches: every statement is explained by the server that runs it."""
    with psycopg.connect(database.address()) as connection:
        connection.execute(MANY)
    with database.transaction() as session:
        job_id = session.scalars(select(TranscriptionJob.id).where(TranscriptionJob.status == "completed")).first()
        batch_id = session.scalars(select(ProcessingJob.id)).first()
    assert job_id is not None
    assert batch_id is not None
    plans: list[str] = []
    with database.transaction() as session, explained(session, plans):
        for wanted in (JobFilter(status="failed"), JobFilter(batch_id=batch_id), JobFilter()):
            job_views.listing(session, wanted, 50)
        job_views.get(session, job_id)
        batches.job_ended(session, job_id, "failed", "no reason")
        batches.job_reopened(session, job_id)
        batch_views.progress(session, batch_id)
    assert len(plans) > 10
    large = [plan for plan in plans if re.search("Seq Scan on (transcription_jobs|batch_items|job_attempts)", plan)]
    assert large == [], large[0]


@contextmanager
def explained(session: Session, plans: list[str]) -> Iterator[None]:
    """Collect the plan of each statement before it runs."""
    connection = session.connection()

    def explain(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:
        plan = cursor.connection.execute(f"EXPLAIN {statement}", parameters).fetchall()
        plans.append("\n".join(line for (line,) in plan) + "\n" + statement)

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", explain)
