"""Where media comes from and where it is kept, each opened when it is first needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final

from trax.errors import StoreError
from trax.media.store import Store, open_store
from trax.settings import Settings
from trax.timeline import Seconds

if TYPE_CHECKING:  # most files come from this machine
    from trax.ingest.web import Web
    from trax.ingest.youtube import YouTube
    from trax.ingest.youtube_audio import AudioOptions

CHECKING: Final = 0.5  # seconds between two looks whether somebody wants to leave
GIVEN_UP_AFTER: Final = 14 * 86_400.0  # seconds in which a download that broke off may be gone on with


class Suppliers:
    """The web, YouTube and the store of one process, as the settings want them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._youtubes_turn = threading.Lock()
        self._next_turn = 0.0

    @cached_property
    def web(self) -> Web:
        from trax.ingest.web import Web, options_from

        return Web(options_from(self.settings))

    @cached_property
    def youtube(self) -> YouTube:
        from trax.ingest.youtube import Breaker, YouTube

        breaker = Breaker(self.settings.home / "cache" / "youtube-pause.json")
        return YouTube(self.web, self.settings.youtube_base_url, breaker, self.settings.youtube_cookies)

    @cached_property
    def store(self) -> Store:
        store = open_store(self.settings)
        with suppress(StoreError):  # which says so again, and louder, where it is needed
            store.sweep(GIVEN_UP_AFTER)
        return store

    @cached_property
    def audio(self) -> AudioOptions:
        from trax.ingest.youtube_audio import AudioOptions

        settings = self.settings
        return AudioOptions(
            base_url=settings.youtube_base_url,
            cookies=settings.youtube_cookies,
            rate=settings.download_rate,
            max_bytes=settings.download_limit,
            pause=settings.youtube_pause,
            cache=settings.home / "cache" / "yt-dlp",
        )

    @contextmanager
    def youtubes_turn(self, check: Callable[[], None]) -> Iterator[None]:
        """One download from YouTube at a time, with a pause after each; `check` may raise to leave."""
        while not self._youtubes_turn.acquire(timeout=CHECKING):
            check()
        try:
            while (wait := self._next_turn - time.monotonic()) > 0:
                check()
                time.sleep(min(wait, CHECKING))
            yield
        finally:
            self._next_turn = time.monotonic() + self.pause
            self._youtubes_turn.release()

    @property
    def pause(self) -> Seconds:
        return self.settings.youtube_pause
