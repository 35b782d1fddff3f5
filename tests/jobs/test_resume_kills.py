"""A worker that is killed in the middle of a file costs little more than what it was at."""

from __future__ import annotations

from tests.crash.ground import ground
from tests.crash.resume import course

LENGTH = 300.0  # seconds of sound
KILLS = (60.0, 190.0)  # seconds that are kept by then
SETTINGS = {"TRAX_THREADS": "1", "TRAX_HEARTBEAT_INTERVAL": "0.5", "TRAX_STALL_TIMEOUT": "2"}
IN_WORK = 4  # windows that one thread has in hand at most, and that were heard but not kept yet


def test_a_file_goes_on_where_its_worker_was_killed(embedded_server: str) -> None:
    with ground(embedded_server, 0) as place:
        file = place.recordings.repeated(LENGTH)
        alone = course(place, file, [], SETTINGS)
        killed = course(place, file, KILLS, SETTINGS, delay=0.3)
        left = place.eyes.value("SELECT count(*) FROM window_checkpoints")

    assert len(killed.killed_at) == len(KILLS)
    assert killed.attempts == len(KILLS) + 1
    assert killed.segments == alone.segments
    assert killed.content == alone.content
    assert killed.windows_kept == alone.windows_kept  # each of them once
    assert killed.windows_heard <= alone.windows_heard + len(KILLS) * IN_WORK
    assert left == 0
