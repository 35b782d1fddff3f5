"""How long files will take, and how much room their transcripts will need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from trax.errors import TraxError
from trax.speeds.record import Speed
from trax.timeline import Seconds

# What the database grows by, tables, indexes and all; measured on 35 minutes of read speech and on 72 short files.
BYTES_PER_HOUR = 1_500_000
BYTES_PER_FILE = 8_000


@dataclass(frozen=True, slots=True)
class Sight:
    """A file, a video or an episode that was named, and what its container or its source says of it."""

    source: str
    path: Path  # of the file, or what it is called
    size_bytes: int | None = None  # None: nobody says
    seconds: Seconds | None = None  # None: nobody says, or it can't be used
    error: TraxError | None = None
    known: bool = False  # the archive has a transcript of it


@dataclass(frozen=True, slots=True)
class Downloads:
    """What has to come from elsewhere, as far as its sources say."""

    count: int
    bytes: int
    of_unknown_size: int


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything that was named."""

    files: tuple[Sight, ...]

    @property
    def usable(self) -> list[Sight]:
        """What is to be done."""
        return [file for file in self.files if file.error is None and not file.known]

    @property
    def unusable(self) -> list[Sight]:
        return [file for file in self.files if file.error is not None]

    @property
    def known(self) -> list[Sight]:
        """What the archive has a transcript of."""
        return [file for file in self.files if file.known]

    @property
    def silent_about_length(self) -> list[Sight]:
        return [file for file in self.usable if file.seconds is None]

    @property
    def to_be_fetched(self) -> Downloads | None:
        """What of it isn't on this machine; None where all of it is."""
        remote = [file for file in self.usable if "://" in file.source]
        if not remote:
            return None
        sizes = [file.size_bytes for file in remote]
        return Downloads(len(remote), sum(size or 0 for size in sizes), sizes.count(None))

    @property
    def seconds(self) -> Seconds:
        """Of sound, as far as the containers say."""
        return sum(file.seconds or 0.0 for file in self.usable)

    @property
    def result_bytes(self) -> int:
        """What transcripts of everything will take in the database, roughly."""
        return round(self.seconds / 3600 * BYTES_PER_HOUR + len(self.usable) * BYTES_PER_FILE)


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
