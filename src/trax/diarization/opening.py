"""The engine that the settings name, ready for use."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from trax.diarization.weights import LICENCE, NAME, Announce, at_hand, resolve
from trax.settings import Settings
from trax.turns import Diarizer


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is to tell speakers apart with."""

    engine: str
    source: str | None  # None: the weights are not on this machine yet
    licence: str


def diarizer_of(settings: Settings, announce: Announce = lambda _: None) -> Callable[[], Diarizer]:
    """What loads the engine that the settings name.

    Calling it raises: ModelUnavailable: no weights, or the engine isn't installed. OutputError.
    """
    return lambda: _pyannote(settings) if settings.diarizer == "pyannote" else _community1(settings, announce)


def situation(settings: Settings) -> Situation:
    """The engine and where its weights are, found without loading anything."""
    if settings.diarizer == "pyannote":
        from trax.diarization.pyannote_engine import is_installed

        return Situation("pyannote.audio", "pyannote.audio" if is_installed() else None, LICENCE)
    return Situation(NAME, at_hand(settings.diarize_models, settings.home / "models"), LICENCE)


def _community1(settings: Settings, announce: Announce) -> Diarizer:
    weights = resolve(
        settings.diarize_models, models_folder=settings.home / "models", offline=settings.offline, announce=announce
    )
    from trax.diarization.community1 import Community1  # onnxruntime takes its time

    return Community1(weights, settings.threads or _cores())


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pyannote(settings: Settings) -> Diarizer:
    from trax.diarization.pyannote_engine import open_pyannote

    return open_pyannote(
        settings.diarize_models,
        models_folder=settings.home / "models",
        device=settings.device,
        offline=settings.offline,
    )
