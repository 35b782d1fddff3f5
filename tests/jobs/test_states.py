"""No sequence of events, stale ones included, takes a job where the graph in `docs/job-states.md` has no arrow."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from tests.conftest import REPOSITORY
from tests.jobs import queued
from trax.database import Database, batch_steps, checkpoints, fencing, queue, workers
from trax.database.batch_steps import NewItem
from trax.errors import JobInterrupted

WATCH = """
CREATE TABLE IF NOT EXISTS seen_moves (job_id uuid, before text, after text);
CREATE OR REPLACE FUNCTION see_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO seen_moves VALUES (NEW.id, OLD.status, NEW.status); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER see_moves AFTER UPDATE OF status ON transcription_jobs
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION see_move();
"""
COUNTERS = "SELECT total_items, processed_items, successful_items, failed_items FROM processing_jobs WHERE id = :id"
UNWATCH = "DROP TRIGGER see_moves ON transcription_jobs; DROP FUNCTION see_move(); DROP TABLE seen_moves"


def drawn_arrows() -> set[tuple[str, str]]:
    """The arrows between states in the first diagram of the page."""
    page = (REPOSITORY / "docs" / "job-states.md").read_text(encoding="utf-8")
    diagram = page.split("```mermaid")[1].split("```")[0]
    return set(re.findall(r"^\s*(\w+) --> (\w+)", diagram, re.MULTILINE))


class Jobs(RuleBasedStateMachine):
    """Everything that can happen to two jobs, one of them in a batch that is paused and resumed."""

    database: Database
    arrows: set[tuple[str, str]]

    @initialize()
    def begin(self) -> None:
        self.worker = uuid4()
        self.jobs = [queued.add_job(self.database, max_retries=2) for _ in range(2)]
        self.tickets: dict[UUID, list[int]] = {job_id: [] for job_id in self.jobs}  # every one that there ever was
        with self.database.transaction() as session:
            self.batch = batch_steps.create(session, ["*"], [NewItem("/in/0")], {})
        with self.database.transaction() as session:
            batch_steps.item_queued(session, self.batch, 1, self._media(self.jobs[0]), self.jobs[0])
            batch_steps.all_queued(session, self.batch)
        self._note_tickets()

    jobs_drawn = st.integers(0, 1)
    choice = st.integers(0, 10)

    @rule(number=jobs_drawn, which=choice)
    def start(self, number: int, which: int) -> None:
        job_id, ticket = self._drawn(number, which)
        queued.fetch(self.database, ticket)
        before = queued.ticket_of(self.database, job_id), queued.status_of(self.database, job_id)
        with self.database.transaction() as session:
            started = queue.start(session, job_id, ticket, self.worker, "test:1")
        assert started is None or before == (ticket, "pending")

    @rule(number=jobs_drawn, which=choice, how=st.sampled_from(["complete", "fail", "retry", "hand back", "lost"]))
    def end_an_attempt(self, number: int, which: int, how: str) -> None:
        job_id, ticket = self._drawn(number, which)
        ours = self._is_ours(job_id, ticket)
        changed = self._end(how, job_id, ticket)
        assert changed == ours, f"{how} by {'the' if ours else 'a stale'} attempt"
        queued.close(self.database, ticket)

    @rule(number=jobs_drawn, how=st.sampled_from(["complete", "fail", "retry", "lost"]))
    def undisturbed_attempt(self, number: int, how: str) -> None:
        self.start(number, 0)
        self._note_tickets()
        self.end_an_attempt(number, 0, how)

    @rule(number=jobs_drawn, how=st.sampled_from(["complete", "fail"]))
    def ended_and_retried(self, number: int, how: str) -> None:
        self.undisturbed_attempt(number, how)
        self.retry(number)

    def _end(self, how: str, job_id: UUID, ticket: int) -> bool:
        with self.database.transaction() as session:
            if how == "complete":
                if not fencing.is_ours(session, job_id, ticket):
                    return False
                queue.complete(session, job_id, ticket, 1.0)
                return True
            if how == "fail":
                return queue.fail(session, job_id, ticket, "UnreadableMedia", "no media")
            if how == "retry":
                return bool(queue.retry_later(session, job_id, ticket, "X", "x", queue="default", delay=60.0))
            if how == "hand back":
                return queue.hand_back(session, job_id, ticket, "stopped")
            return bool(queue.lost(session, job_id, ticket, "gone"))

    @rule(number=jobs_drawn, which=choice, position=st.integers(0, 5))
    def hear_a_window(self, number: int, which: int, position: int) -> None:
        job_id, ticket = self._drawn(number, which)
        ours = self._is_ours(job_id, ticket)
        whose = checkpoints.Whose(job_id, ticket, self._request(job_id), self._media(job_id))
        try:
            with self.database.transaction() as session:
                checkpoints.save(session, whose, "e", {position: {}}, seconds_done=1.0, engine_seconds=1.0)
        except JobInterrupted:
            assert not ours
        else:
            assert ours

    @rule(number=jobs_drawn)
    def cancel(self, number: int) -> None:
        was = queued.status_of(self.database, self.jobs[number])
        with self.database.transaction() as session:
            assert queue.cancel(session, self.jobs[number], "enough") == (was in queue.LIVE)

    @rule(number=jobs_drawn)
    def cancel_at_work(self, number: int) -> None:
        self.start(number, 0)
        self.cancel(number)

    @rule(number=jobs_drawn)
    def retry(self, number: int) -> None:
        was = queued.status_of(self.database, self.jobs[number])
        try:
            with self.database.transaction() as session:
                queue.retry(session, self.jobs[number])
        except JobInterrupted:
            assert was not in ("failed", "cancelled")
        else:
            assert was in ("failed", "cancelled")

    @rule(number=jobs_drawn, home=st.booleans())
    def move(self, number: int, home: bool) -> None:
        with self.database.transaction() as session:
            if home:
                queue.return_home(session, self.jobs[number])
            else:
                queue.adopt(session, self.jobs[number], workers.private_queue(self.worker))

    @rule()
    def pause(self) -> None:
        self._batch_step(batch_steps.pause)

    @rule()
    def resume(self) -> None:
        self._batch_step(batch_steps.resume)
        with self.database.transaction() as session:  # a crash in between is mended by `heal`
            queue.release(session, self.jobs)

    @precondition(lambda self: self.jobs)
    @rule()
    def heal(self) -> None:
        with self.database.transaction() as session:
            queue.release(session, workers.unqueued_jobs(session))
        with self.database.transaction() as session:
            workers.tidy(session, 30.0)

    @invariant()
    def every_move_is_drawn(self) -> None:
        with self.database.transaction() as session:
            moves = {(row.before, row.after) for row in session.execute(text("SELECT before, after FROM seen_moves"))}
        assert moves <= self.arrows, moves - self.arrows

    @invariant()
    def a_waiting_job_has_a_ticket_unless_it_is_held(self) -> None:
        self._note_tickets()
        waiting = queued.waiting_tickets(self.database)
        for job_id in self.jobs:
            ticket = queued.ticket_of(self.database, job_id)
            status = queued.status_of(self.database, job_id)
            if status == "pending" and not self._held(job_id):
                assert ticket is not None
            if status not in queue.LIVE:
                assert ticket is None
            assert len([t for t in self.tickets[job_id] if t in waiting]) <= 1, "a job waits for one ticket at most"

    @invariant()
    def the_batch_counts_right(self) -> None:
        with self.database.transaction() as session:
            total, processed, good, bad = session.execute(
                text(COUNTERS),
                {"id": self.batch},
            ).one()
        status = queued.status_of(self.database, self.jobs[0])
        over = status not in queue.LIVE
        well = status == "completed"
        assert (total, processed, good, bad) == (1, int(over), int(well), int(over and not well))

    def _batch_step(self, step: object) -> None:
        assert callable(step)
        try:
            with self.database.transaction() as session:
                step(session, self.batch)
        except JobInterrupted:
            pass

    def _is_ours(self, job_id: UUID, ticket: int) -> bool:
        found = queued.ticket_of(self.database, job_id), queued.status_of(self.database, job_id)
        return found == (ticket, "processing")

    def _drawn(self, number: int, which: int) -> tuple[UUID, int]:
        """A job, and its newest ticket or (one time in four) an older one."""
        job_id = self.jobs[number]
        tickets = self.tickets[job_id]
        return job_id, tickets[-1] if which < 8 else tickets[which % len(tickets)]

    def _note_tickets(self) -> None:
        for job_id in self.jobs:
            ticket = queued.ticket_of(self.database, job_id)
            if ticket is not None and ticket not in self.tickets[job_id]:
                self.tickets[job_id].append(ticket)

    def _held(self, job_id: UUID) -> bool:
        paused = "SELECT status = 'paused' FROM processing_jobs WHERE id = :id"
        with self.database.transaction() as session:
            return job_id == self.jobs[0] and bool(session.scalar(text(paused), {"id": self.batch}))

    def _media(self, job_id: UUID) -> UUID:
        return self._of_job("media_file_id", job_id)

    def _request(self, job_id: UUID) -> UUID:
        return self._of_job("request_id", job_id)

    def _of_job(self, column: str, job_id: UUID) -> UUID:
        with self.database.transaction() as session:
            found = session.scalar(text(f"SELECT {column} FROM transcription_jobs WHERE id = :id"), {"id": job_id})
        assert isinstance(found, UUID)
        return found


def test_no_sequence_of_events_leaves_the_graph(embedded_database: Database) -> None:
    class Here(Jobs):
        database = embedded_database
        arrows = drawn_arrows()

    def walked() -> set[tuple[str, str]]:
        with embedded_database.transaction() as session:
            return {(row.before, row.after) for row in session.execute(text("SELECT before, after FROM seen_moves"))}

    with embedded_database.transaction() as session:
        session.execute(text(WATCH))
    try:
        for examples in (20, 20, 40, 80):  # which arrows are walked first is a matter of luck
            run_state_machine_as_test(
                Here,
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=35,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    phases=[Phase.generate, Phase.shrink],
                ),
            )
            if walked() >= drawn_arrows():
                break
        assert walked() == drawn_arrows(), "some arrow was never walked: the test doesn't reach it"
    finally:
        with embedded_database.transaction() as session:
            session.execute(text(UNWATCH))
