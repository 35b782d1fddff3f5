"""From an item to a media row whose bytes are there: known media is not fetched again, and what breaks off is resumed.

A row walks `pending → downloading → processing → ready`. One process at a time fetches it, under the claim on its ID. A
row that got no bytes is removed again, unless a part has come that the next run can go on with.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid5

from trax.database import claims, media, media_sources
from trax.database.engine import Database
from trax.database.media_sources import Arrival
from trax.database.models import MediaFile
from trax.errors import (
    ClaimHeld,
    JobInterrupted,
    MediaAway,
    MediaChanged,
    MediaError,
    NoAudio,
    SourceError,
    TraxError,
    UnreadableMedia,
)
from trax.ingest.sources import Item, LocalFile
from trax.jobs.gather import Found
from trax.jobs.origins import address_of, name_of, origins_of
from trax.jobs.prepare import local_file, make_ready, new_media
from trax.jobs.suppliers import Suppliers
from trax.media.files import display_name, path_text
from trax.media.store import is_remote

if TYPE_CHECKING:  # most files come from this machine
    from trax.jobs.fetch import Brought

LOOKAHEAD = 32  # items: a slow one in front doesn't keep those behind it from being fetched
LEAVING = 2.0  # seconds in which what is being fetched notices that the user has gone
TELLING = 2.0  # seconds between two records of how far a download is


Done = TypeVar("Done")


def folder_of(draft: Path) -> Path:
    """Where a draft of several files is made."""
    return draft.with_name(f"{draft.name}.d")


def partly_there(draft: Path) -> bool:
    """Whether something has come that the next run can go on with."""
    parts = [draft, *folder_of(draft).glob("*")]
    return any(part.is_file() and part.stat().st_size > 0 for part in parts)


class Observer:
    """Who watches what is fetched; this one keeps quiet."""

    def begin(self, name: Path) -> Callable[[int, int | None], None]:
        """A download begins; returns who is told how many bytes have come, of how many."""
        return lambda done, total: None

    def finish(self, name: Path) -> None:
        """It has ended, one way or the other."""

    def notice(self, text: str) -> None:
        """Something the user should know."""


@dataclass(frozen=True, slots=True)
class Acquired:
    """Media that is there."""

    media_id: UUID
    name: Path  # of the file, or what it is called
    existed: bool  # was there before, and nothing was fetched


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: media that is there, or the reason why it is not."""

    source: str
    name: Path
    address: str | None  # None for what is no item
    acquired: Acquired | None
    error: TraxError | None = None


class Acquirer:
    """Brings items into the archive."""

    def __init__(
        self, database: Database, suppliers: Suppliers, observer: Observer = Observer(), *, copy: bool = False
    ) -> None:
        self._database = database
        self._suppliers = suppliers
        self._observer = observer
        self._copy = copy or is_remote(suppliers.settings.store or "")
        self._leaving = threading.Event()

    def each(self, found: Iterable[Found]) -> Generator[Outcome, None, None]:
        """Outcomes in order; several are fetched at a time, and one that fails doesn't hold up the others.

        Raises: TraxError: nothing more can be fetched, for the database or the store is away.
        """
        yield from self.each_then(found, lambda outcome: outcome)

    def each_then(self, found: Iterable[Found], then: Callable[[Outcome], Done]) -> Generator[Done, None, None]:
        """What `then` makes of each outcome, in order; it is called as soon as the media is there, in any thread.

        Raises: as `each`, and what `then` raises.
        """
        downloads = self._suppliers.settings.downloads
        source = iter(found)
        waiting: deque[Future[Done]] = deque()

        def done(one: Found) -> Done:
            return then(self._outcome(one))

        pool = ThreadPoolExecutor(downloads, thread_name_prefix="trax-fetch")
        reader = ThreadPoolExecutor(1, thread_name_prefix="trax-read")  # files of this machine stay in their order
        try:
            while True:
                missing = downloads + LOOKAHEAD - len(waiting)
                for one in islice(source, missing):
                    is_near = one.item is None or isinstance(one.item, LocalFile)
                    waiting.append((reader if is_near else pool).submit(done, one))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            self.leave()
            for threads in (pool, reader):
                threads.shutdown(wait=False, cancel_futures=True)
            wait(waiting, LEAVING)  # rows and parts are left as they are to be found

    def leave(self) -> None:
        """End what is being fetched; what has come of it is kept for the next time."""
        self._leaving.set()

    def _outcome(self, found: Found) -> Outcome:
        if found.item is None:
            return Outcome(found.source, Path(found.source), None, None, found.error)
        item = found.item
        name, address = name_of(item), address_of(item)
        try:
            acquired = self.acquire(item)
        except (SourceError, MediaError) as error:
            return Outcome(found.source, name, address, None, error)
        return Outcome(found.source, acquired.name, address, acquired)

    def acquire(self, item: Item) -> Acquired:
        """The item's media row, with its bytes in reach of this machine.

        Raises: MediaError, SourceError: it can't be had, or is no media. StoreError, DatabaseError, JobInterrupted.
        """
        if isinstance(item, LocalFile):
            return self._local(item.path)
        known = self._known(item)
        if known is not None and known.status == "ready" and self._is_here(known):
            return Acquired(known.id, Path(known.filename), existed=True)
        return self._fetched(item)

    def _local(self, path: Path) -> Acquired:
        """A file of this machine, left where it is or copied into the store."""
        new = self._taken(path) if self._copy else new_media(path)
        with self._database.transaction() as session:
            row, is_new = media.add(session, new)
            return Acquired(row.id, path, existed=not is_new)

    def _taken(self, path: Path) -> media.NewMedia:
        kept = self._suppliers.store.take(path)
        return media.NewMedia(
            filename=display_name(path),
            file_size=kept.size_bytes,
            file_hash=kept.sha256,
            source_path=path_text(path),
            local_path=kept.location,
            mtime_ns=kept.mtime_ns,
        )

    def check(self) -> None:
        """Raises: JobInterrupted: the user has gone."""
        if self._leaving.is_set():
            raise JobInterrupted("The download was stopped.", "The same command goes on with it.")

    def _known(self, item: Item) -> MediaFile | None:
        with self._database.transaction() as session:
            known = media_sources.find(session, origins_of(item))
            if known is not None:
                media_sources.lead_to(session, origins_of(item), known.id)
            return known

    def _is_here(self, row: MediaFile) -> bool:
        """Whether the bytes are where they were put; media that is in work elsewhere counts."""
        if row.file_hash is None:
            return False
        if row.local_path is not None and is_remote(row.local_path):
            return self._suppliers.store.holds(row.local_path)
        try:
            local_file(row, self._suppliers.settings)
        except (MediaAway, MediaChanged):
            return False
        return True

    def _fetched(self, item: Item) -> Acquired:
        from trax.jobs.fetch import fetcher_of

        fetcher = fetcher_of(item, self._suppliers)
        about = fetcher.inquire(self._database)
        while True:
            with self._database.transaction() as session:
                row = media_sources.expect(
                    session,
                    origins_of(item),
                    filename=about.name.name,
                    source_path=address_of(item),
                    video_id=about.video_id,
                )
            with self._claimed(row):
                now = self._known(item)
                if now is None or now.id != row.id:
                    continue
                is_here = self._is_here(now)
                arrived = now if is_here else self._bring(now, about.name, fetcher.bring)
                if arrived.id == row.id:
                    self._make_ready(arrived)
            if arrived.id != row.id and not self._settled(arrived.id):
                continue
            if not is_here:
                fetcher.add_references(self._database, arrived.id, self._observer.notice)
            return Acquired(arrived.id, Path(arrived.filename), existed=is_here or arrived.id != row.id)

    @contextmanager
    def _claimed(self, row: MediaFile) -> Iterator[None]:
        """The row is ours to fetch; whoever is at it is waited for, and the user told so."""
        with ExitStack() as held:
            try:
                held.enter_context(claims.claim(self._database, row.id))
            except ClaimHeld:
                self._observer.notice(f"{row.filename}: another process fetches it; waiting for that.")
                held.enter_context(claims.claim(self._database, row.id, wait=True))
            yield

    def _settled(self, media_id: UUID) -> bool:
        """Look inside the media that our bytes turned out to be, after whoever else is at it; False: it is gone."""
        with claims.claim(self._database, media_id, wait=True):
            with self._database.transaction() as session:
                row = media.find(session, media_id)
            if row is not None:
                self._make_ready(row)
            return row is not None

    def _bring(self, row: MediaFile, name: Path, bring: Callable[..., Brought]) -> MediaFile:
        """Fetch the bytes of a row that is ours."""
        draft = self._suppliers.store.draft(str(row.id))
        told = self._observer.begin(name)
        try:
            brought = bring(draft, _Progress(self._database, row.id, told), self.check)
            with self._alone_with(brought.sha256):
                return self._keep(row, brought)
        except BaseException as error:
            self._not_brought(row, draft, error)
            raise
        finally:
            self._observer.finish(name)

    def _keep(self, row: MediaFile, brought: Brought) -> MediaFile:
        store = self._suppliers.store
        stored = store.keep(brought.path, brought.sha256, brought.size_bytes)
        store.discard(store.draft(str(row.id)))  # and what lay beside it
        arrival = Arrival(
            stored.sha256, stored.size_bytes, brought.name.name, stored.location, stored.mtime_ns, brought.details
        )
        with self._database.transaction() as session:
            return media_sources.arrived(session, row.id, arrival)

    @contextmanager
    def _alone_with(self, sha256: str) -> Iterator[None]:
        """Nobody else puts these bytes into the store, or takes them out, meanwhile."""
        with claims.claim(self._database, uuid5(media_sources.NAMESPACE, sha256), wait=True):
            yield

    def _not_brought(self, row: MediaFile, draft: Path, error: BaseException) -> None:
        with suppress(TraxError):
            if not partly_there(draft):
                self._suppliers.store.discard(draft)
        with suppress(TraxError), self._database.transaction() as session:
            if row.file_hash is not None:
                return  # it was here once: its transcripts are
            if not partly_there(draft):
                media_sources.forget(session, row.id)
            elif isinstance(error, TraxError) and not isinstance(error, JobInterrupted):
                media_sources.failed(session, row.id, str(error))
            else:
                media_sources.interrupted(session, row.id)

    def _make_ready(self, row: MediaFile) -> None:
        """Look inside; what is no media after all leaves nothing behind."""
        if row.status == "ready":
            return
        path = local_file(row, self._suppliers.settings)
        try:
            make_ready(self._database, row.id, path, is_ours=True)
        except (UnreadableMedia, NoAudio) as error:
            assert row.local_path is not None
            assert row.file_hash is not None
            with self._alone_with(row.file_hash), self._database.transaction() as session:
                if media.drop_unused(session, row.id):
                    self._suppliers.store.forget(row.local_path)
            # in the store it has a name that tells nobody anything
            raise type(error)(error.message.replace(path.name, row.filename), error.next_step) from error


@dataclass(slots=True)
class _Progress:
    """Tells whoever watches, and every two seconds the database."""

    database: Database
    media_id: UUID
    told: Callable[[int, int | None], None]
    last: float = 0.0

    def __call__(self, done_bytes: int, total_bytes: int | None) -> None:
        self.told(done_bytes, total_bytes)
        if (now := time.monotonic()) - self.last >= TELLING:
            self.last = now
            with self.database.transaction() as session:
                media_sources.tell(session, self.media_id, done_bytes, total_bytes)
