"""Batches: exact counters whatever happens at once, and every step a person can take with one."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from trax.database import Database, batch_steps, batch_views, batches, media, queue
from trax.database.batch_steps import NewItem
from trax.database.models import TranscriptionJob
from trax.errors import JobInterrupted


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


MANY = """
INSERT INTO media_files (filename, source_path, file_size, file_hash)
SELECT n || '.mp3', '/' || n, 1, md5(n::text) || md5(n::text) FROM generate_series(1, 100) n;
INSERT INTO transcription_jobs (media_file_id, status, created_at)
SELECT m.id, CASE WHEN n % 200 = 0 THEN 'failed' ELSE 'completed' END, now() - n * interval '1 minute'
FROM generate_series(1, 60) n, media_files m;
INSERT INTO processing_jobs (job_type, status, total_items) SELECT 'transcription', 'processing', 60
FROM generate_series(1, 100);
INSERT INTO batch_items (batch_id, position, source, job_id, status)
SELECT b.id, j.n, 'x', j.id, 'pending' FROM (SELECT id, row_number() OVER () AS n FROM processing_jobs) b
JOIN (SELECT id, row_number() OVER () AS n FROM transcription_jobs) j ON j.n % 100 = b.n - 1;
ANALYZE media_files; ANALYZE transcription_jobs; ANALYZE processing_jobs; ANALYZE batch_items;
"""
