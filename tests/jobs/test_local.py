"""Whoever waits for a job of this process hears why it failed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from trax.archive import Archive
from trax.database import queue
from trax.errors import UnreadableMedia
from trax.flow import Hook
from trax.transcription.engines import Engines


class SlowToTell(Hook):
    """Ends a file only a while after the one who waits has seen in the database that its job failed."""

    def __init__(self) -> None:
        self.seen = threading.Event()

    def look(self) -> None:
        threading.Timer(0.5, self.seen.set).start()

    def finish(self, path: Path) -> None:
        assert self.seen.wait(30)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> SlowToTell:
    made, look = SlowToTell(), queue.state

    def state(*wanted: Any) -> tuple[str, str | None]:
        status, message = look(*wanted)
        if status == "failed":
            made.look()
        return status, message

    monkeypatch.setattr(queue, "state", state)
    return made


def test_the_reason_of_a_failure_is_waited_for(
    database_url: str, tiny_engines: Engines, hook: SlowToTell, tmp_path: Path
) -> None:
    path = tmp_path / "broken.mp3"
    path.write_bytes(b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(200))
    with Archive(engines=tiny_engines) as archive:
        (outcome,) = archive.transcribe_all([str(path)], hook=hook, model="tiny.en")
    assert isinstance(outcome.error, UnreadableMedia), outcome.error
    assert hook.seen.is_set()
