"""The file that says until when hosts aren't asked."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from trax.errors import (
    VideoBlocked,
    VideoRateLimited,
)
from trax.ingest.youtube import (
    Breaker,
)


@dataclass
class Clock:
    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


def test_a_longer_pause_is_not_cut_short_and_hosts_are_apart(tmp_path: Path) -> None:
    clock = Clock()
    breaker = Breaker(tmp_path / "pause.json", clock)
    breaker.trip("one", VideoBlocked("A robot."), 3600)
    breaker.trip("one", VideoRateLimited("Too much."), 60)
    breaker.trip("two", VideoRateLimited("Too much."), 60)
    clock.now += 100
    with pytest.raises(VideoBlocked):
        breaker.check("one")
    breaker.check("two")
    breaker.check("three")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"[" * 100_000, b'{"host": 3}', b'{"host": {"until": "x"}}', b"\xff",
        b'{"host": {"until": NaN, "kind": "robot"}}', b'{"host": {"until": 1e300, "kind": "robot"}}',
        b'{"host": {"until": 99999999999, "kind": "robot"}}', b'{"host": {"until": 99999999999}}',
    ],
)  # fmt: skip
def test_a_damaged_breaker_file_stops_nobody(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pause.json"
    path.write_bytes(content)
    breaker = Breaker(path)
    breaker.check("host")
    breaker.trip("host", VideoBlocked("A robot."), 60)
    with pytest.raises(VideoBlocked):
        Breaker(path).check("host")
    assert json.loads(path.read_text())["host"]["kind"] == "robot"


def test_a_breaker_without_a_file_still_knows_for_itself(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be")
    breaker = Breaker(tmp_path / "cache" / "pause.json")
    breaker.check("host")
    breaker.trip("host", VideoBlocked("A robot."), 60)
    with pytest.raises(VideoBlocked):
        breaker.check("host")
