"""How many jobs one process has in work at a time."""

from __future__ import annotations

from trax.settings import Settings
from trax.transcription.device import available_cores
from trax.transcription.memory import budget

PER_JOB = 80_000_000  # bytes: a decoder's process, and sound that waits (measured: benchmarks/README.md)
SHARE = 0.4  # of the memory that jobs may fill; the rest is the engine's
PER_CORE = 6  # short files, each of a window or two, keep the engine in full batches
LEAST, MOST = 4, 24


def jobs_at_once(settings: Settings) -> int:
    """As many as the settings say, or else as keep the engine's batches full within the memory."""
    if settings.concurrency:
        return settings.concurrency
    fitting = int(budget(settings.memory) * SHARE) // PER_JOB
    wanted = min(MOST, max(LEAST, PER_CORE * available_cores()))
    return max(1, min(wanted, fitting))
