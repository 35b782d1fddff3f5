"""What is measured: Trax as its pipeline runs it, and faster-whisper with its own best settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trax.flow import Hook, Material, Request
from trax.stages.transcribe import transcribe
from trax.transcription.engines import EngineOptions, Engines

MODEL = "tiny.en"


@dataclass(frozen=True, slots=True)
class Output:
    """What a system made of one file."""

    text: str
    confidence: float | None = None  # mean word probability, where the system gives one


System = Callable[[Path], Output]


def trax_system(models_folder: Path, model: str = MODEL) -> tuple[System, dict[str, Any]]:
    """Trax: decode, VAD, windows, words with times; and what it is made of."""
    engines = Engines(EngineOptions(models_folder, offline=True, cache_folder=models_folder / "cache"), lambda _: None)
    description = engines.get(model).description()
    request = Request(model=model, language="en")

    def run(path: Path) -> Output:
        transcript = transcribe(Material(path), request, engines, Hook()).transcript
        return Output(transcript.text, transcript.confidence)

    return run, {"description": description, "request": request.as_json()}


def peer_system(models_folder: Path, model: str = MODEL) -> tuple[System, dict[str, Any]]:
    """faster-whisper, sequential, beam 5, with its VAD; it isn't asked for word times, which would slow it down."""
    from faster_whisper import WhisperModel

    from trax.transcription.models import resolve

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    path = resolve(model, models_folder=models_folder, offline=True).path
    engine = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=cores)
    options = {"beam_size": 5, "vad_filter": True, "language": "en"}

    def run(path: Path) -> Output:
        segments, _ = engine.transcribe(str(path), **options)
        return Output(" ".join(segment.text.strip() for segment in segments))

    return run, {"compute_type": "int8", "cpu_threads": cores, **options}
