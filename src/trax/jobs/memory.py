"""Windows that outlive their attempt: kept in the database, and found again by the next one."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trax.database import checkpoints
from trax.database.attempts import Heard
from trax.database.engine import Database
from trax.errors import DatabaseError
from trax.flow import Memory
from trax.timeline import Seconds
from trax.transcription.transcriber import WindowResult

# Seconds of work from which on every window is kept at once: less than that is sooner done again than written down.
WORTH_KEEPING = 2.0


@dataclass(slots=True)
class KeptWindows(Memory):
    """The memory of one attempt."""

    database: Database
    whose: checkpoints.Whose
    _engine: str = ""
    _waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    _done: Seconds = 0.0
    _engine_seconds: Seconds = 0.0
    _windows: int = 0  # heard in all
    _all_engine_seconds: Seconds = 0.0
    _began: float = field(default_factory=time.monotonic)

    def recall(self, engine: dict[str, Any]) -> Mapping[int, WindowResult]:
        self._engine = hashlib.sha256(json.dumps(engine, sort_keys=True, default=str).encode()).hexdigest()
        with self.database.transaction() as session:
            found = checkpoints.load(session, self.whose.request_id, self._engine)
        return {position: WindowResult.from_json(document) for position, document in found.items()}

    def keep(self, position: int, result: WindowResult, engine_seconds: Seconds) -> None:
        self._waiting[position] = result.to_json()
        self._done = max(self._done, result.end)
        self._engine_seconds += engine_seconds
        self._windows += 1
        self._all_engine_seconds += engine_seconds
        if time.monotonic() - self._began >= WORTH_KEEPING:
            self.flush()

    @property
    def heard(self) -> Heard:
        """What this attempt has heard in all."""
        return Heard(self._windows, self._done, self._all_engine_seconds)

    def flush(self) -> None:
        """Write what waits to be kept; where the database is away it goes on waiting.

        Raises: JobInterrupted: the job is no longer this attempt's.
        """
        if not self._waiting:
            return
        try:
            with self.database.transaction() as session:
                checkpoints.save(
                    session,
                    self.whose,
                    self._engine,
                    self._waiting,
                    seconds_done=self._done,
                    engine_seconds=self._engine_seconds,
                )
        except DatabaseError:
            return
        self._waiting = {}
        self._engine_seconds = 0.0
