"""What `benchmarks.speed` has measured, as it is kept in `results/speed.json`."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import trax
from benchmarks.scoring import Errors
from benchmarks.speed_sets import SpeedSet
from trax.timeline import Seconds

PACKAGES = ("ctranslate2", "faster-whisper", "onnxruntime", "openvino", "pywhispercpp", "av", "numpy")


@dataclass(frozen=True, slots=True)
class Run:
    """One system on one set, once."""

    number: int  # of the round, from 0
    system: str
    wall: Seconds
    cpu: Seconds  # of its children, too
    peak_mb: float
    load: float  # average of the minute before
    errors: Errors | None = None  # none of the floor, which makes no text
    server_cpu: Seconds | None = None  # PostgreSQL's
    profile: dict[str, Seconds] = field(default_factory=dict)  # Trax's own, by stage, of all threads
    facts: dict[str, Any] = field(default_factory=dict)  # what the system says of itself

    def in_words(self) -> str:
        wer = "" if self.errors is None else f", WER {100 * self.errors.wer:.2f} %"
        return f"{self.system} {self.wall:.1f} s, {self.cpu:.1f} s of CPU, {self.peak_mb:.0f} MB{wer}"


@dataclass(slots=True)
class SetRecord:
    """All runs on one set."""

    title: str
    files: int
    audio_seconds: Seconds
    words: int
    fingerprint: str  # of the files and what they are called
    machine: dict[str, Any]
    runs: list[Run] = field(default_factory=list)

    def of(self, system: str) -> list[Run]:
        return [run for run in self.runs if run.system == system]

    @property
    def systems(self) -> list[str]:
        return list(dict.fromkeys(run.system for run in self.runs))


@dataclass(slots=True)
class Record:
    """What is known of each set."""

    sets: dict[str, SetRecord] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Record:
        """What was saved there; nothing if there is no such file."""
        if not path.exists():
            return cls()
        document = json.loads(path.read_text())
        return cls({key: _set_from(found) for key, found in sorted(document["sets"].items())})

    def save(self, path: Path) -> None:
        """Sets without a run are left out, so that a run that was cut off early replaces nothing."""
        path.parent.mkdir(exist_ok=True)
        sets = {key: asdict(found) for key, found in sorted(self.sets.items()) if found.runs}
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"sets": sets}, indent=1) + "\n")
        part.replace(path)

    def begin(self, chosen: SpeedSet, *, keep: bool) -> SetRecord:
        """An empty record of a set, or what is known already of the very same files and versions."""
        new = SetRecord(
            title=chosen.title,
            files=len(chosen.recordings),
            audio_seconds=round(chosen.audio_seconds, 1),
            words=chosen.words,
            fingerprint=_fingerprint(chosen),
            machine=facts_of_machine(),
        )
        known = self.sets.get(chosen.key)
        if keep and known is not None and _comparable(known) == _comparable(new):
            return known
        self.sets[chosen.key] = new
        return new

    def paces(self) -> dict[str, float]:
        """Seconds that each system took for a minute of sound, the median of what is known."""
        paces: dict[str, list[float]] = {}
        for found in self.sets.values():
            for run in found.runs:
                paces.setdefault(run.system, []).append(run.wall / found.audio_seconds * 60)
        return {system: statistics.median(values) for system, values in paces.items()}


def facts_of_machine() -> dict[str, Any]:
    return {
        "measured": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "trax": _sources(),
        "versions": {"python": platform.python_version()} | _versions(PACKAGES),
    }


def _comparable(found: SetRecord) -> tuple[str, dict[str, Any]]:
    return found.fingerprint, {name: fact for name, fact in found.machine.items() if name != "measured"}


def _fingerprint(chosen: SpeedSet) -> str:
    told = "\n".join(f"{item.name} {item.path.stat().st_size} {item.text}" for item in chosen.recordings)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _sources() -> str:
    """Tells one state of Trax from another: runs of two of them are not to be mixed."""
    root = Path(trax.__file__).parent
    told = b"".join(str(path.relative_to(root)).encode() + path.read_bytes() for path in sorted(root.rglob("*.py")))
    return hashlib.sha256(told).hexdigest()[:16]


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """The name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _set_from(document: dict[str, Any]) -> SetRecord:
    runs = [_run_from(run) for run in document["runs"]]
    return SetRecord(**{**document, "runs": runs})


def _run_from(document: dict[str, Any]) -> Run:
    errors = None if document["errors"] is None else Errors(**document["errors"])
    return Run(**{**document, "errors": errors})
