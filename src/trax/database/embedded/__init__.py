"""A PostgreSQL server of Trax's own, started on demand, shared by every process, stopped when unused.

A small keeper process owns the server. Who is alive is told by locks of the kernel, never by process ids:
the keeper holds one for as long as it lives, the server's processes inherit another one.
"""

from __future__ import annotations

from trax.database.embedded.binaries import Binaries, find_binaries
from trax.database.embedded.client import ServerStatus, ensure_running, status, stop
from trax.database.embedded.connection import CONNECT_OPTIONS

__all__ = [
    "CONNECT_OPTIONS",
    "Binaries",
    "ServerStatus",
    "ensure_running",
    "find_binaries",
    "status",
    "stop",
]
