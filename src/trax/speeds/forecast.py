"""How long files will take, and how much room their transcripts will need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from trax.errors import MediaError, MediaNotFound, MediaTooLong, TraxError
from trax.ingest.local import expand_each
from trax.media.probe import probe
from trax.speeds.record import Speed
from trax.timeline import Seconds

PROBES = 4  # at a time: reading a container is waiting for the disk, mostly
# What the database grows by, tables, indexes and all; measured on 35 minutes of read speech and on 72 short files.
BYTES_PER_HOUR = 1_500_000
BYTES_PER_FILE = 8_000


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was named, and what its container says of it."""

    path: Path
    size_bytes: int = 0
    seconds: Seconds | None = None  # None: the container doesn't say, or the file can't be used
    error: TraxError | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """All files that were named."""

    files: tuple[Found, ...]

    @property
    def usable(self) -> list[Found]:
        return [file for file in self.files if file.error is None]

    @property
    def unusable(self) -> list[Found]:
        return [file for file in self.files if file.error is not None]

    @property
    def silent_about_length(self) -> list[Found]:
        return [file for file in self.usable if file.seconds is None]

    @property
    def seconds(self) -> Seconds:
        """Of sound, as far as the containers say."""
        return sum(file.seconds or 0.0 for file in self.usable)

    @property
    def result_bytes(self) -> int:
        """What transcripts of everything will take in the database, roughly."""
        return round(self.seconds / 3600 * BYTES_PER_HOUR + len(self.usable) * BYTES_PER_FILE)


def take_stock(sources: Sequence[str], longest: Seconds, told: Callable[[int], None] = lambda _: None) -> Stock:
    """Every media file of the sources with its length; `told` hears how many were looked at."""
    found: list[Found] = []
    pool = ThreadPoolExecutor(PROBES, thread_name_prefix="trax-probe")
    try:
        for source, paths in expand_each(sources):
            if isinstance(paths, TraxError):
                found.append(Found(Path(source), error=paths))
                continue
            for one in pool.map(lambda path: _look_at(path, longest), paths):
                found.append(one)
                told(len(found))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return Stock(tuple(found))


def _look_at(path: Path, longest: Seconds) -> Found:
    try:
        seconds = probe(path).duration
        size = path.stat().st_size
    except MediaError as error:
        return Found(path, error=error)
    except OSError as error:  # it went away in this moment
        return Found(path, error=MediaNotFound(f"There is no file {path.name}: {error.strerror}.", "Check the path."))
    if seconds is not None and seconds > longest:
        too_long = MediaTooLong(
            f"{path.name} says that it is longer than the limit of {longest:g} s.",
            "Split it, or raise TRAX_MAX_DURATION.",
        )
        return Found(path, size, error=too_long)
    return Found(path, size, seconds)


def time_for(stock: Stock, speed: Speed) -> Seconds:
    """How long this machine will take, measured as it was: with nothing else to do, and the model loaded once."""
    return speed.load_seconds + stock.seconds / speed.speed + len(stock.usable) * speed.file_seconds


def machines_for(stock: Stock, speed: Speed, within: Seconds) -> int | None:
    """How many machines like this one it takes at least; None where no number of them does.

    A file is one machine's work: the longest one has to be done in time, the loading of the model included.
    """
    each = within - speed.load_seconds
    longest = max((found.seconds or 0.0 for found in stock.usable), default=0.0)
    alone = longest / speed.speed + speed.file_seconds
    if each <= 0 or alone > each:
        return None
    return max(1, math.ceil((time_for(stock, speed) - speed.load_seconds) / each))
