"""A worker's life as others see it: its claim, its heartbeat, and the look it takes at the others."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any
from uuid import UUID

from trax.database import claims, workers
from trax.database.engine import Connection, Database
from trax.errors import DatabaseError
from trax.timeline import Seconds

SOON = 1.0  # seconds until a lost claim is taken anew
log = logging.getLogger(__name__)


class Presence:
    """Registers a worker for the length of a `with` block, and keeps it alive from a thread of its own.

    `on_beat` runs after each sign of life that came through; what it raises ends nothing.
    """

    def __init__(
        self,
        database: Database,
        worker_id: UUID,
        queues: Sequence[str],
        concurrency: int,
        *,
        interval: Seconds,
        stall_timeout: Seconds,
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._card = workers.Card(worker_id, self.name, queues, concurrency, stall_timeout)
        self.on_beat: Callable[[], None] = lambda: None
        self._database = database
        self._interval = interval
        self._ended = threading.Event()
        self._held = ExitStack()
        self._connection: Connection | None = None
        self._former: dict[str, Any] | None = None  # the server's session that had the claim before a loss
        self._thread = threading.Thread(target=self._live, name="trax-presence", daemon=True)

    def __enter__(self) -> Presence:
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(DatabaseError), self._database.transaction() as session:
            workers.leave(session, self._card.id)
        self._held.close()

    def _live(self) -> None:
        pause = self._interval
        while not self._ended.wait(pause):
            try:
                self._beat()
            except Exception as error:  # whatever it is: a worker without a heartbeat is dead to all others
                log.debug("no heartbeat", exc_info=error)
                self._let_go()  # the next beat takes the claim anew, and soon
                pause = min(SOON, self._interval)
                continue
            pause = self._interval
            try:
                self.on_beat()
            except DatabaseError as error:
                log.debug("no look at the others", exc_info=error)
            except Exception:
                log.exception("a worker's look at the others failed")

    def _beat(self) -> None:
        connection = self._connection or self._take_the_claim()
        with self._database.explained():
            workers.beat(connection, self._card)

    def _take_the_claim(self) -> Connection:
        if self._former is not None:  # else we might wait for ourselves
            with self._database.transaction() as session:
                claims.end_session(session, self._former)
        # `wait`: a reaper may be looking at the claim in this moment
        self._connection = self._held.enter_context(claims.claim(self._database, self._card.id, wait=True))
        with self._database.explained():
            self._former = claims.session_behind(self._connection)
        return self._connection

    def _let_go(self) -> None:
        self._connection = None
        with suppress(DatabaseError):
            self._held.close()
