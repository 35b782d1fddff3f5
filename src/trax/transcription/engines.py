"""Loaded models, each loaded once per process, and the choice of the one that understands a language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trax.errors import ModelUnavailable
from trax.transcription.device import plan
from trax.transcription.models import check_name, resolve
from trax.transcription.transcriber import Transcriber

DETECTORS = ("tiny", "base", "small", "large-v3-turbo", "medium", "large-v3", "large-v2")  # cheapest first
MULTILINGUAL_FALLBACK = "large-v3-turbo"  # for languages that an English-only model doesn't know


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Where models lie and what they run on."""

    models_folder: Path
    offline: bool = False
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 0  # 0: one per core
    batch_size: int = 0  # 0: chosen by device
    detector: str | None = None  # the model that tells languages apart; None: the cheapest on this machine


@dataclass(slots=True)
class Download:
    """Announces every tenth of a download."""

    name: str
    announce: Callable[[str], None]
    _tenths: int = -1

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        tenths = 10 * done_bytes // max(1, total_bytes)
        if tenths > self._tenths:
            self._tenths = tenths
            self.announce(f"Downloading {self.name}: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB")


@dataclass(slots=True)
class Engines:
    """Speech engines by model name."""

    options: EngineOptions
    announce: Callable[[str], None]
    _loaded: dict[str, Transcriber] = field(default_factory=dict)

    def check(self, name: str) -> None:
        """Refuse, before any work, what can't be run here whatever the file.

        Raises: UnknownModel, UsageError: a device or compute type that this machine lacks.
        """
        if name not in self._loaded:
            options = self.options
            check_name(name)
            plan(options.device, options.compute_type, options.threads, options.batch_size)

    def get(self, name: str) -> Transcriber:
        """The engine for that model, loaded now if it isn't yet.

        Raises: UnknownModel, ModelUnavailable.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name, offline=self.options.offline)
        return self._loaded[name]

    def detector(self, *, may_download: bool) -> Transcriber | None:
        """A multilingual engine that can tell languages apart; None where there is none to be had."""
        if self.options.detector is not None:
            return self.get(self.options.detector)
        for name in DETECTORS:
            if name in self._loaded:
                return self._loaded[name]
        for name in DETECTORS:
            if (engine := self._try_load(name, offline=True)) is not None:
                return engine
        return self._try_load(DETECTORS[0], offline=False) if may_download and not self.options.offline else None

    def _try_load(self, name: str, *, offline: bool) -> Transcriber | None:
        try:
            self._loaded[name] = self._load(name, offline=offline)
        except ModelUnavailable:
            return None
        return self._loaded[name]

    def _load(self, name: str, *, offline: bool) -> Transcriber:
        from trax.transcription.faster_whisper import load

        options = self.options
        report = Download(name, self.announce)
        model = resolve(name, models_folder=options.models_folder, offline=offline, on_progress=report)
        engine = load(
            model,
            device=options.device,
            compute_type=options.compute_type,
            threads=options.threads,
            batch_size=options.batch_size,
        )
        self.announce(_chosen(engine.description()))
        return engine


def _chosen(engine: dict[str, Any]) -> str:
    """What was chosen for this machine, in one line."""
    line = f"{engine['model']} on {engine['device']}, {engine['compute_type']}, "
    line += f"{engine['workers']} x {engine['threads_per_worker']} threads"
    return line
