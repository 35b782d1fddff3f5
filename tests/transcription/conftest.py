from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcription.clips import clips
from trax.transcription.faster_whisper import FasterWhisperTranscriber, load
from trax.transcription.models import resolve

__all__ = ["clips"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, tiny_model: str) -> FasterWhisperTranscriber:
    """Whisper tiny.en, loaded once for all tests."""
    folder = tmp_path_factory.mktemp("models")
    return load(resolve(tiny_model, models_folder=folder, offline=True), device="cpu", encoder="ctranslate2")


@pytest.fixture(scope="session")
def base(base_model: Path) -> FasterWhisperTranscriber:
    """Whisper base, which knows many languages."""
    return load(
        resolve(str(base_model), models_folder=base_model.parent, offline=True), device="cpu", encoder="ctranslate2"
    )
