"""The engines of all stages, as the settings want them."""

from __future__ import annotations

from collections.abc import Callable

from trax.settings import Settings
from trax.stages.llm import llm_of
from trax.transcription.engines import EngineOptions, Engines
from trax.turns import Diarizer


def engines_for(settings: Settings, announce: Callable[[str], None]) -> Engines:
    """Engines that are loaded when they are first needed."""

    def open_diarizer() -> Diarizer:
        from trax.diarization.opening import diarizer_of

        return diarizer_of(settings, announce)()

    options = EngineOptions(
        models_folder=settings.home / "models",
        offline=settings.offline,
        device=settings.device,
        compute_type=settings.compute_type,
        threads=settings.threads,
        batch_size=settings.batch_size,
        memory=settings.memory,
        encoder=settings.encoder,
        cache_folder=settings.home / "cache",
        judge=settings.model,
    )
    return Engines(options, announce, open_diarizer, lambda model: llm_of(settings, model))
