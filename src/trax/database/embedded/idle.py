"""When nobody needs the server any more."""

from __future__ import annotations

import time
from collections.abc import Callable

from trax.database.embedded.folders import Folders
from trax.database.embedded.locks import FileLock
from trax.database.embedded.server import Server

_LONGEST_POLL, _SHORTEST_POLL = 10.0, 0.05  # seconds


class IdleClock:
    """Counts the time since the last use: an open connection, or a client that asked for the server.

    Clients write the idle time they want into the file `last-used`, so the newest setting holds. Changes of the
    file count, not its time: a clock that is set moves nothing.
    """

    def __init__(self, folders: Folders, seconds: float) -> None:
        self._folders = folders
        self.seconds = seconds
        self._mark: tuple[int, str] | None = None
        self._used_at = time.monotonic()

    @property
    def poll_seconds(self) -> float:
        return max(_SHORTEST_POLL, min(_LONGEST_POLL, self.seconds / 4))

    def note_use(self) -> None:
        self._used_at = time.monotonic()

    def ends(self, server: Server, announce_end: Callable[[], None]) -> bool:
        """True when the server was unused for the idle time; then `announce_end` was called, and no client
        can have attached in between."""
        with FileLock(self._folders.attach_lock) as lock:
            if not lock.try_exclusive():  # a client attaches right now
                self.note_use()
                return False
            if self._was_asked_for() or self._has_clients(server):
                self.note_use()
            if time.monotonic() - self._used_at < self.seconds:
                return False
            announce_end()
            return True

    def _was_asked_for(self) -> bool:
        try:
            mark = (self._folders.last_used.stat().st_mtime_ns, self._folders.last_used.read_text("utf-8"))
            self.seconds = float(mark[1])
        except (OSError, ValueError):
            return False
        changed = mark != self._mark
        self._mark = mark
        return changed

    def _has_clients(self, server: Server) -> bool:
        import psycopg

        try:
            return server.client_count() > 0
        except psycopg.Error:
            return not server.has_ended  # busy recovering: not the moment to stop
