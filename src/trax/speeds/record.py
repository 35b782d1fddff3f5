"""Measured speeds, and the file that remembers them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from trax.errors import OutputError
from trax.timeline import Seconds
from trax.transcription.device import available_cores
from trax.transcription.kept_files import alone, write_whole
from trax.transcription.processor import processor


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model was on a machine."""

    model: str
    device: str
    compute_type: str
    encoder: str
    fast: bool  # as with --fast
    speed: float  # seconds of sound in a second, with a warm engine
    file_seconds: Seconds  # what each file takes beyond its sound
    load_seconds: Seconds
    peak_bytes: int  # of memory, for the whole measurement of the model
    sound: str  # name of the file that was measured on
    sound_seconds: Seconds
    machine: str
    version: str  # of Trax
    measured_at: str  # ISO 8601

    @property
    def mode(self) -> str:
        return "fast" if self.fast else "quality"

    @property
    def _measured_thing(self) -> tuple[str, ...]:
        return self.machine, self.model, self.device, self.compute_type, self.encoder, self.mode


class Memory:
    """The newest speed of each model, device, arithmetic, encoder and mode, in one file of the data folder.

    What can't be read there counts as forgotten: it can be measured again.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "cache" / "speeds.json"

    def remember(self, speeds: Sequence[Speed]) -> None:
        """Raises: OutputError: disk full, no permission."""
        try:
            with alone(self.path.with_suffix(".lock")):  # two benchmarks at once both leave their figures
                known = {speed._measured_thing: speed for speed in [*self._all(), *speeds]}
                text = json.dumps([asdict(speed) for speed in known.values()], ensure_ascii=False, indent=2)
                write_whole(self.path, f"{text}\n".encode())
        except OSError as error:
            raise OutputError(
                f"{self.path} can't be written: {error.strerror or error}.", "Make room, or set TRAX_HOME elsewhere."
            ) from error

    def recall(self) -> list[Speed]:
        """The speeds of this machine, slowest first."""
        here = machine()
        return sorted((speed for speed in self._all() if speed.machine == here), key=lambda speed: speed.speed)

    def _all(self) -> list[Speed]:
        names = {field.name for field in fields(Speed)}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            return [Speed(**entry) for entry in known if set(entry) == names and entry["speed"] > 0]
        except (OSError, ValueError, TypeError):
            return []


def machine() -> str:
    """What speeds depend on: data folders may be shared by machines that differ."""
    return f"{processor()}, {available_cores()} cores"
