"""What sources stand for, looked at without fetching, storing or changing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from trax.database import media_sources, transcripts
from trax.database.engine import Database, Transaction
from trax.database.known_files import FileState, known_files
from trax.errors import MediaError, MediaNotFound, MediaTooLong, SourceError, SourceUnavailable
from trax.ingest.sources import Episode, Item, LocalFile, Video, WebAddress
from trax.jobs.gather import Found, Gathering
from trax.jobs.origins import address_of, name_of, origins_of, titled
from trax.jobs.selection import Selection
from trax.jobs.suppliers import Suppliers
from trax.media.files import path_text
from trax.media.probe import probe
from trax.settings import Settings
from trax.speeds.forecast import Sight, Stock
from trax.timeline import Seconds

LOOKS = 4  # at a time: reading a container is waiting for the disk, mostly


@dataclass(frozen=True, slots=True)
class Outlook:
    """Looks at sources; `database` is None where there is none yet, and nothing can be known."""

    settings: Settings
    database: Database | None = None
    selection: Selection = field(default_factory=Selection)
    notice: Callable[[str], None] = lambda _: None

    def take_stock(self, sources: Sequence[str], told: Callable[[int], None] = lambda _: None) -> Stock:
        """Everything the sources stand for, with its length; `told` hears how many things were looked at."""
        suppliers = Suppliers(self.settings)
        gathering = Gathering(self.database, suppliers, self.selection, self.notice)
        seen: list[Sight] = []
        pool = ThreadPoolExecutor(LOOKS, thread_name_prefix="trax-look")
        try:
            for batch in _in_batches(gathering.each(sources), LOOKS * 16):
                for sight in pool.map(lambda found: self._look(found, suppliers), batch):
                    seen.append(sight)
                    told(len(seen))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return Stock(tuple(seen))

    def _look(self, found: Found, suppliers: Suppliers) -> Sight:
        if found.item is None:
            return Sight(found.source, Path(found.source), error=found.error)
        sight = Sight(address_of(found.item), name_of(found.item))
        try:
            sight = _seen(found.item, sight, suppliers)
        except (MediaError, SourceError) as error:
            return replace(sight, error=error)
        if sight.seconds is not None and sight.seconds > self.settings.max_duration:
            return replace(sight, error=_too_long(sight, self.settings.max_duration))
        return replace(sight, known=self._is_transcribed(found.item, sight))

    def _is_transcribed(self, item: Item, sight: Sight) -> bool:
        """Whether the archive has a transcript of it; the same bytes under another name show when they are added."""
        if self.database is None:
            return False
        with self.database.transaction() as session:
            if isinstance(item, LocalFile):
                media_id = _media_at(session, item.path)
            else:
                row = media_sources.find(session, origins_of(item))
                media_id = None if row is None or row.file_hash is None else row.id
            return media_id is not None and transcripts.is_there(session, media_id)


def _media_at(session: Transaction, path: Path) -> UUID | None:
    """The media row of an unchanged file, without reading it."""
    try:
        found = path.stat()
    except OSError:  # it went away in this moment
        return None
    (known,) = known_files(session, [FileState(path_text(path), found.st_size, found.st_mtime_ns)])
    return None if known is None else known.media_id


def _seen(item: Item, sight: Sight, suppliers: Suppliers) -> Sight:
    match item:
        case LocalFile(path):
            return _file(path, sight)
        case Video(youtube_id):
            page = suppliers.youtube.video(youtube_id)
            return replace(sight, path=titled(page.title, ""), seconds=_seconds(page.duration_seconds))
        case Episode():
            return replace(sight, seconds=item.duration, size_bytes=item.size_bytes)
        case WebAddress(url):
            return _web(url, sight, suppliers)


def _file(path: Path, sight: Sight) -> Sight:
    seconds = probe(path).duration
    try:
        return replace(sight, seconds=seconds, size_bytes=path.stat().st_size)
    except OSError as error:  # it went away in this moment
        raise MediaNotFound(f"There is no file {path.name}: {error.strerror}.", "Check the path.") from error


def _web(url: str, sight: Sight, suppliers: Suppliers) -> Sight:
    head = suppliers.web.head(url)
    if head.status >= 400:
        raise SourceUnavailable(f"{url} can't be had: the server answers {head.status}.", "Check the address.")
    length = head.headers.get("content-length", "")
    is_number = length.isascii() and length.isdigit() and len(length) < 20
    return replace(sight, size_bytes=int(length) if is_number else None)


def _seconds(length: int | None) -> Seconds | None:
    return None if length is None else float(length)


def _too_long(sight: Sight, longest: Seconds) -> MediaTooLong:
    return MediaTooLong(
        f"{sight.path.name} says that it is longer than the limit of {longest:g} s.",
        "Split it, or raise TRAX_MAX_DURATION.",
    )


def _in_batches(found: Iterator[Found], size: int) -> Iterator[list[Found]]:
    batch: list[Found] = []
    for one in found:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
