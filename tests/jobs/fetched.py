"""Media that is fetched in tests: servers of this machine, and who brings it into a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text

from tests.ingest.youtube_site import Answer, Page, Request, playing, ranged
from trax.database import Database
from trax.ingest.sources import Item
from trax.jobs.acquire import Acquired, Acquirer, Observer
from trax.jobs.gather import Gathering, only_item
from trax.jobs.selection import Selection
from trax.jobs.suppliers import Suppliers
from trax.settings import Settings, load_settings
from trax.speeds.sample import write_sound


def sound(path: Path, seed: int, seconds: float = 1.0) -> Path:
    """A short WAV whose bytes are those of no other seed."""
    noise = np.random.default_rng(seed).integers(-900, 900, 16_000, dtype=np.int16)
    return write_sound(path, noise, seconds)


def page_of(path: Path) -> Page:
    """The file, with ranges."""
    return lambda request: ranged(path, request)


def feed_of(base: str, episodes: dict[str, Path], transcripts: dict[str, str] | None = None) -> Answer:
    """A podcast feed; a key of `episodes` is the title and GUID of an episode, whose sound is at /GUID.wav."""
    items = "".join(
        f"<item><title>{name}</title><guid>{name}</guid><pubDate>Mon, {day:02} Nov 2026 10:00:00 GMT</pubDate>"
        f'<enclosure url="{base}/{name}.wav" length="{path.stat().st_size}" type="audio/wav"/>'
        + (
            f'<podcast:transcript url="{base}/{name}.srt" type="application/x-subrip" language="en"/>'
            if name in (transcripts or {})
            else ""
        )
        + "</item>"
        for day, (name, path) in enumerate(episodes.items(), start=1)
    )
    body = (
        '<?xml version="1.0"?><rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0">'
        f"<channel><title>Bees</title>{items}</channel></rss>"
    )
    return Answer(body.encode(), headers={"Content-Type": "application/rss+xml"})


@contextmanager
def site(pages: dict[str, Page], requests: list[Request] | None = None) -> Iterator[str]:
    """A server with these paths; `pages` may be filled while it runs."""
    with playing(pages, {}, requests) as base:
        yield base


class Archivist:
    """Brings what a text stands for into a database, as commands do."""

    def __init__(self, database: Database, home: Path, **settings: Any) -> None:
        given = {"home": home, "allow_private_addresses": True, "youtube_pause": 0, "download_stall": 5, **settings}
        self.settings: Settings = load_settings(**given)
        self.database = database
        self.suppliers = Suppliers(self.settings)

    def item(self, source: str) -> Item:
        return only_item(Gathering(self.database, self.suppliers), source)

    def acquire(self, source: str, acquirer: Acquirer | None = None) -> Acquired:
        return (acquirer or self.acquirer()).acquire(self.item(source))

    def acquirer(self, observer: Observer = Observer()) -> Acquirer:
        return Acquirer(self.database, self.suppliers, observer)

    def gather(self, *sources: str, selection: Selection = Selection()) -> Gathering:
        return Gathering(self.database, self.suppliers, selection)

    def files(self) -> list[str]:
        """Every file of the store, what is on its way included."""
        store = self.settings.home / "store"
        return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())

    def rows(self) -> list[dict[str, Any]]:
        with self.database.transaction() as session:
            return [
                dict(row._mapping) for row in session.execute(text("SELECT * FROM media_files ORDER BY created_at"))
            ]
