"""One measured process of `benchmarks.diarize`: a system on some files; prints one line of JSON.

What only some systems need is imported where it is needed, so that none pays for another's libraries.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trax.media.decode import DecodeOptions, decode
from trax.turns import Diarization, SpeakerCount, SpeakerTurn

TRAX, PROTOTYPE, WORDS = "trax", "prototype", "words"


def main() -> None:
    """`diarize_run ORDER`: a JSON file that names the system, the files, the weights and the data folder."""
    order = json.loads(Path(sys.argv[1]).read_text())
    out = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print must not spoil the answer
    files = [Path(file) for file in order["files"]]
    answer: list[Any]
    if order["system"] == WORDS:
        answer = list(_words(files, Path(order["home"])))
    else:
        found = (_trax if order["system"] == TRAX else _prototype)(files, Path(order["weights"]), Path(order["home"]))
        answer = [as_json(one) for one in found]
    os.write(out, json.dumps({"found": answer}).encode() + b"\n")


def as_json(found: Diarization) -> dict[str, Any]:
    """What is to be known of it, as `from_json` reads it."""
    return {
        "turns": [[turn.start, turn.end, turn.speaker] for turn in found.turns],
        "exclusive": [[turn.start, turn.end, turn.speaker] for turn in found.exclusive],
        "voices": {speaker.label: speaker.embedding for speaker in found.speakers},
        "profile": {step: round(seconds, 3) for step, seconds in found.profile.items()},
    }


def from_json(document: dict[str, Any]) -> Diarization:
    """Turns alone: speakers and voices are left out."""
    turns, exclusive = (tuple(SpeakerTurn(*turn) for turn in document[key]) for key in ("turns", "exclusive"))
    return Diarization(turns, exclusive, (), "", "", profile=document["profile"])


def _trax(files: Sequence[Path], weights: Path, home: Path) -> Iterator[Diarization]:
    from trax.diarization.opening import diarizer_of
    from trax.settings import load_settings

    settings = load_settings(home=home, offline=True, diarizer="community1", diarize_models=weights)
    diarizer = diarizer_of(settings)()
    for file in files:
        with decode(file, DecodeOptions()) as decoding:
            yield diarizer.diarize(decoding, SpeakerCount(), lambda: None, lambda _: None)


def _prototype(files: Sequence[Path], weights: Path, home: Path) -> Iterator[Diarization]:
    import numpy as np

    from benchmarks.diarize_prototype import prototype

    peer = prototype(weights, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    for file in files:
        with decode(file, DecodeOptions()) as decoding:
            sound = np.concatenate(list(decoding))
        yield peer.diarize(sound)


def _words(files: Sequence[Path], home: Path) -> Iterator[list[dict[str, Any]]]:
    """The transcript's segments, as they are stored with a result."""
    from benchmarks.systems import MODEL
    from trax.database.documents import segments
    from trax.flow import Hook, Material, Request
    from trax.stages.transcribe import transcribe
    from trax.transcription.engines import EngineOptions, Engines

    models = home / "models"
    engines = Engines(EngineOptions(models, offline=True, cache_folder=home / "cache"), lambda _: None)
    for file in files:
        yield segments(transcribe(Material(file), Request(model=MODEL, language="en"), engines, Hook()).transcript)


if __name__ == "__main__":
    main()
