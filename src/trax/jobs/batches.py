"""Batches: many sources queued as one, and what a person can do with them while they are at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any
from uuid import UUID

from trax.database import batch_steps, batch_views, changes, claims, lookup, queue, transcripts
from trax.database.batch_steps import WaitingItem
from trax.database.batch_views import BatchView, Failure, Item, Progress
from trax.database.engine import Database
from trax.errors import ClaimHeld, JobInterrupted, MediaError, MediaNotFound, SourceError, TraxError, UsageError
from trax.flow import Request
from trax.jobs.acquire import Acquirer
from trax.jobs.batch_items import episode_of, new_item, selection_as_json, selection_of
from trax.jobs.gather import Found, Gathering
from trax.jobs.requests import REQUEST, purse_of
from trax.jobs.selection import Selection
from trax.jobs.submit import SubmitOptions, Submitted, submit_media
from trax.jobs.suppliers import Suppliers
from trax.media.files import path_from_text
from trax.pipeline import stages_of
from trax.settings import load_settings


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch with all that a person wants to know of it."""

    batch: BatchView
    progress: Progress
    failures: Sequence[Failure]


@dataclass(frozen=True, slots=True)
class Step:
    """A source of a batch was dealt with: queued, answered before (no job), or refused with an error."""

    source: str
    submitted: Submitted | None
    error: TraxError | None = None


class Batches:
    """The batches of one database; an ID may be shortened where it is a text.

    `suppliers` are where media comes from; those of the environment's settings unless given.
    """

    def __init__(self, database: Database, suppliers: Suppliers | None = None) -> None:
        self._database = database
        self._suppliers = suppliers or Suppliers(load_settings())
        self._acquirer = Acquirer(database, self._suppliers)

    def create(
        self,
        sources: Sequence[str],
        request: Request,
        options: SubmitOptions,
        extra: dict[str, Any] | None = None,
        selection: Selection = Selection(),
    ) -> UUID:
        """A new batch of all media of the sources, none of it registered yet; see `queue`.

        A source that stands for nothing is an item that failed. `extra` is kept in the batch's config.
        """
        gathering = Gathering(self._database, self._suppliers, selection)
        items = [new_item(found) for found in gathering.each(sources)]
        config = {
            "pipeline": request.pipeline,
            "request": request.as_json(),
            **purse_of(request),
            "queue": options.queue,
            "priority": options.priority,
            "max_retries": options.max_retries,
            "force": options.force,
            **selection_as_json(selection),
            **(extra or {}),
        }
        with self._database.transaction() as session:
            return batch_steps.create(session, sources, items, config)

    def queue(
        self, batch_id: UUID, ticket_queue: str | None = None, told: Callable[[Step], object] = lambda _: None
    ) -> int:
        """Fetch, register and queue what waits for it, one file at a time; returns how many items were dealt with.

        Whatever ends this in the middle, another call goes on. A batch that is cancelled meanwhile ends it quietly.

        Raises: ClaimHeld: another process is at it.
        """
        with claims.claim(self._database, batch_id):
            request, options = self._asked_for(batch_id)
            options = replace(options, ticket_queue=ticket_queue)
            gathering = self._gathering(batch_id)
            dealt_with = 0
            while waiting := self._waiting(batch_id):  # some may have been put back meanwhile, or come out of others
                for item in waiting:
                    try:
                        told(self._queue_item(batch_id, gathering, item, request, options))
                    except JobInterrupted:
                        return dealt_with
                    dealt_with += 1
            with self._database.transaction() as session:
                batch_steps.all_queued(session, batch_id)
        return dealt_with

    def leave(self) -> None:
        """End a `queue` that another thread is at; what is being fetched goes on another time."""
        self._acquirer.leave()

    def find(self, prefix: str) -> UUID:
        """ID of the batch. Raises: RecordNotFound, UsageError: no such ID, or not a unique one."""
        with self._database.transaction() as session:
            return lookup.batch(session, prefix).id

    def list(self, limit: int | None = None) -> list[BatchView]:
        """Batches, newest first."""
        with self._database.transaction() as session:
            return batch_views.listing(session, limit)

    def show(self, batch_id: UUID) -> BatchReport:
        """How the batch stands, with the reasons of what failed."""
        with self._database.transaction() as session:
            return BatchReport(
                batch_views.get(session, batch_id),
                batch_views.progress(session, batch_id),
                batch_views.failures(session, batch_id),
            )

    def items(self, batch_id: UUID) -> Sequence[Item]:
        """All items of the batch, in order."""
        with self._database.transaction() as session:
            return batch_views.items(session, batch_id)

    def result_ids(self, batch_id: UUID) -> dict[int, UUID]:
        """The last result of each completed item, by its position."""
        request, _ = self._asked_for(batch_id)
        makes = stages_of(request.pipeline)[-1].makes
        with self._database.transaction() as session:
            return batch_views.results(session, batch_id, makes)

    def follow(self, batch_id: UUID) -> Iterator[BatchReport]:
        """How the batch stands, again and again: whenever a job changes, and once a second; ends with the batch."""
        for report in changes.follow(self._database, lambda: self.show(batch_id)):
            yield report
            if report.batch.is_over:
                return

    def pause(self, batch_id: UUID) -> int:
        """Begin no further job of the batch; those in work go on. Returns how many are held back.

        Raises: UsageError: the batch is paused already, or has ended.
        """
        with self._database.transaction() as session:
            if not batch_steps.pause(session, batch_id):
                raise _refused(batch_views.get(session, batch_id), "Only a batch that is under way can be paused.")
        with self._database.transaction() as session:
            job_ids = batch_steps.live_jobs(session, batch_id)
            batch_steps.lock_jobs(session, job_ids)  # one that is being handed back right now is held as well
            return queue.hold(session, job_ids)

    def resume(self, batch_id: UUID, told: Callable[[Step], object] = lambda _: None) -> int:
        """Go on with a paused batch, and with one whose items were not all queued; returns how many now go on.

        Raises: UsageError: it has ended. ClaimHeld: another process is queueing its items.
        """
        with self._database.transaction() as session:
            resumed = batch_steps.resume(session, batch_id)
            left = batch_steps.waiting(session, batch_id)
            view = batch_views.get(session, batch_id)
            if view.is_over and not left:
                raise _refused(view, "`trax batch retry` tries what failed again.")
        with self._database.transaction() as session:
            released = queue.release(session, batch_steps.live_jobs(session, batch_id))
        try:
            return released + (self.queue(batch_id, told=told) if left else 0)
        except ClaimHeld:
            if not resumed:
                raise
            return released  # the process that queues its items goes on with them

    def retry(self, batch_id: UUID, told: Callable[[Step], object] = lambda _: None) -> int:
        """Queue what failed or was cancelled again; returns how many items that are.

        Raises: UsageError: nothing has failed.
        """
        with self._database.transaction() as session:
            tried = batch_steps.to_try_again(session, batch_id)
            if not tried:
                raise _refused(batch_views.get(session, batch_id), "None of its items has failed.")
            batch_steps.revive(session, batch_id)
        for position, job_id in tried:
            if job_id is None or not self._retry_job(job_id):
                with self._database.transaction() as session:
                    batch_steps.put_back(session, batch_id, position)
        self.queue(batch_id, told=told)
        return len(tried)

    def cancel(self, batch_id: UUID) -> int:
        """End the batch, and every job that only this batch wants; returns how many jobs were cancelled.

        Raises: UsageError: it has ended.
        """
        with self._database.transaction() as session:
            job_ids = batch_steps.live_jobs(session, batch_id)
            view = batch_views.get(session, batch_id)
            if view.is_over and not job_ids:
                raise _refused(view, "There is nothing left to cancel.")
            batch_steps.cancel(session, batch_id)
        with self._database.transaction() as session:
            job_ids = batch_steps.live_jobs(session, batch_id)  # with those that were queued in between
        return sum(self._cancel_job(batch_id, job_id) for job_id in job_ids)

    def _waiting(self, batch_id: UUID) -> Sequence[WaitingItem]:
        with self._database.transaction() as session:
            return batch_steps.waiting(session, batch_id)

    def _asked_for(self, batch_id: UUID) -> tuple[Request, SubmitOptions]:
        with self._database.transaction() as session:
            config = batch_views.get(session, batch_id).config
        limits = {"pipeline": config["pipeline"], "purse": config.get("purse")}
        request = REQUEST.validate_python({**config["request"], **limits})
        names = ("queue", "priority", "max_retries", "force")
        return request, SubmitOptions(owner_id=batch_id, **{name: config[name] for name in names})

    def _gathering(self, batch_id: UUID) -> Gathering:
        """As when the batch was created, but what stood on standard input then can't be had again."""
        with self._database.transaction() as session:
            selection = selection_of(batch_views.get(session, batch_id).config)
        return Gathering(self._database, self._suppliers, selection, standard_input=StringIO())

    def _queue_item(
        self, batch_id: UUID, gathering: Gathering, waiting: WaitingItem, request: Request, options: SubmitOptions
    ) -> Step:
        position, source = waiting.position, waiting.source
        try:
            found = self._opened(batch_id, gathering, waiting)
            source = found.source
            if found.item is None:
                assert found.error is not None
                raise found.error
            media_id = self._acquirer.acquire(found.item).media_id
        except (MediaError, SourceError) as error:
            with self._database.transaction() as session:
                batch_steps.fail_item(session, batch_id, position, str(error))
            return Step(source, None, error)
        with self._database.transaction() as session:
            submitted = submit_media(session, media_id, request, options)
            if submitted.result_id is not None:
                answer = transcripts.get(session, submitted.result_id)
                batch_steps.item_answered(session, batch_id, position, media_id, answer.job_id)
            elif submitted.job_id is None:
                raise AssertionError("neither queued nor answered")
            elif batch_steps.item_queued(session, batch_id, position, media_id, submitted.job_id):
                queue.hold(session, [submitted.job_id])
        return Step(source, submitted)

    def _opened(self, batch_id: UUID, gathering: Gathering, waiting: WaitingItem) -> Found:
        """What the item stands for; of several things the first, while the others become items of their own.

        Raises: MediaNotFound: it is empty. JobInterrupted: the batch was cancelled meanwhile.
        """
        source = waiting.source
        if waiting.details is not None:
            return Found(source, episode_of(waiting.details))
        if not source.strip():  # to Path it would be the current folder
            raise MediaNotFound("An empty name is no file.", "Leave it out.")
        named = str(path_from_text(source)) if source.startswith("file:///") else source
        found = [(one, new_item(one)) for one in gathering.each([named])]
        if not found:
            raise MediaNotFound("There is nothing to transcribe in it.", "Look at the source, then try it again.")
        if len(found) > 1:  # a list that broke off in the middle has brought some of it before
            with self._database.transaction() as session:
                known = batch_steps.sources_beside(session, batch_id, waiting.position)
            found = [(one, new) for one, new in found if new.source not in known] or found[:1]
        (first, new), *others = found
        if others or new.details is not None or new.source != source:
            with self._database.transaction() as session:
                batch_steps.become(session, batch_id, waiting.position, new, [new for _, new in others])
        return replace(first, source=new.source)

    def _retry_job(self, job_id: UUID) -> bool:
        """Whether the job waits again; if not, its item is to be queued anew."""
        try:
            with self._database.transaction() as session:
                queue.retry(session, job_id)
        except JobInterrupted:
            return False
        return True

    def _cancel_job(self, batch_id: UUID, job_id: UUID) -> bool:
        with self._database.transaction() as session:
            batch_steps.lock_jobs(session, [job_id])
            if batch_steps.is_wanted_elsewhere(session, batch_id, job_id):
                batch_steps.give_up(session, batch_id, job_id)
                return False
            return queue.cancel(session, job_id, "The batch was cancelled.")


def _refused(batch: BatchView, why: str) -> UsageError:
    return UsageError(f"Batch {str(batch.id)[:8]} is {batch.status}.", why)
