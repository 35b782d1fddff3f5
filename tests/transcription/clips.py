"""Recordings with known words, as sound that the stages take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from trax.audio import SAMPLE_RATE, Samples, Window
from trax.vad.windows import windows


@dataclass(frozen=True)
class Clips:
    """The speech of the shared test data."""

    folder: Path

    def sound(self, path: str) -> Samples:
        from faster_whisper.audio import decode_audio

        samples: Samples = decode_audio(str(self.folder / path), sampling_rate=SAMPLE_RATE)
        return samples

    def read(self, name: str) -> Samples:
        return self.sound(f"read/{name}")

    def windows(self, path: str) -> list[Window]:
        return list(windows([self.sound(path)]))

    def references(self) -> dict[str, str]:
        """Text of each clip of read speech, by file name."""
        lines = (self.folder / "read" / "manifest.jsonl").read_text().splitlines()
        return {entry["file"]: entry["text"] for entry in map(json.loads, lines)}


@pytest.fixture(scope="session")
def clips(shared_data: Path) -> Clips:
    return Clips(shared_data / "speech")
