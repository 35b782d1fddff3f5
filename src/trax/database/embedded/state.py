"""What the keeper says about itself and its server. It is only believed while the keeper's lock is held."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from trax.database.embedded.folders import write_private


class Phase(StrEnum):
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class State:
    """`changed_at` and `started_at` are seconds since 1970; `message` is written for the user."""

    phase: Phase
    keeper_pid: int
    changed_at: float
    idle_seconds: float
    message: str = ""
    next_step: str = ""
    server_pid: int | None = None
    port: int | None = None
    version: str = ""
    started_at: float | None = None


def read_state(path: Path) -> State | None:
    """The state last written, or None where there is none that this version understands."""
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        known = {field.name: values[field.name] for field in fields(State)}
        return State(**known | {"phase": Phase(known["phase"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_state(path: Path, state: State) -> None:
    write_private(path, json.dumps(asdict(state), indent=1))


def read_idle_seconds(last_used: Path) -> float | None:
    """The idle time that the newest client asked for; None where it can't be told."""
    try:
        return float(last_used.read_text("utf-8"))
    except (OSError, ValueError):
        return None
