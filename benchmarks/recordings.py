"""The recordings that are measured on: LibriSpeech, as short clips and as one long file, with what was said."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from trax.timeline import Interval

DATA = Path(os.environ.get("TRAX_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
LONG_FILE = "ls_35min_2spk"


@dataclass(frozen=True, slots=True)
class Recording:
    """A media file and its reference text."""

    path: Path
    text: str
    segments: tuple[tuple[Interval, str], ...] = ()  # where the reference says when each part was spoken

    @property
    def name(self) -> str:
        return self.path.name


def read_speech() -> list[Recording]:
    """15 minutes: 72 clips of LibriSpeech dev-other, each of 5 to 25 s."""
    folder = DATA / "speech" / "read"
    entries = map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())
    return sorted((Recording(folder / entry["file"], entry["text"]) for entry in entries), key=lambda item: item.name)


def long_speech() -> Recording:
    """35 minutes of two readers in one MP3."""
    folder = DATA / "speech" / "longform"
    entries = map(json.loads, (folder / f"{LONG_FILE}.segments.jsonl").read_text().splitlines())
    segments = tuple((Interval(entry["start"], entry["end"]), str(entry["text"])) for entry in entries)
    text = (folder / f"{LONG_FILE}.ref.txt").read_text()
    return Recording(folder / f"{LONG_FILE}.mp3", text, segments)


def other_speech() -> list[Recording]:
    """10 minutes of English on which nothing was tuned: prompts at 8 kHz, spontaneous speech, poems, digits."""
    folder = DATA / "speech" / "other"
    entries = map(json.loads, (folder / "references.jsonl").read_text().splitlines())
    return [
        Recording(folder / entry["file"], entry["text"])
        for entry in entries
        if entry["lang"] == "en" and entry["trust"] == "gold"
    ]
