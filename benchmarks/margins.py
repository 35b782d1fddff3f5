"""How much silence an encoder window needs after its sound: word errors by margin, through Trax's own engine.

    python -m benchmarks.margins [--quick] [--encoder auto|ctranslate2|openvino]

The margin is chosen on the 166 segments of the long file, each a clip of its own: the smallest that is at most 0.1
points of WER behind the whole 30 s. `read` and `other` are held out: they say what the choice is worth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

from benchmarks.recordings import Recording, long_speech, other_speech, read_speech
from benchmarks.scoring import Errors, errors, total
from benchmarks.speed_sets import segment_clips
from trax.flow import Hook, Material, Request
from trax.stages.transcribe import transcribe
from trax.timeline import Seconds
from trax.transcription import hearing
from trax.transcription.decoding import Decoder, Hypothesis
from trax.transcription.device import available_cores
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.transcriber import TranscribeOptions

MODEL = "tiny.en"
MARGINS: tuple[Seconds | None, ...] = (1, 2, 4, 8, None)
TUNING = "segments"
TOLERANCE = 0.001  # of WER
FILES_AT_A_TIME = 6  # per core, so that batches are full
FULL_STATES = hearing.FRAMES // 2  # of the encoder's output
RESULTS = Path(__file__).parent / "results"


@dataclass(slots=True)
class Readings:
    """How many windows were shortened, and how many of these were read badly at first."""

    shortened: int = 0
    failed: int = 0
    lock: Lock = field(default_factory=Lock)

    def count(self, encoded: Sequence[Any], found: Sequence[Hypothesis], options: TranscribeOptions) -> None:
        if options.margin is not None and encoded[0].shape[1] == FULL_STATES:
            return  # a window of nearly 30 s, or a second reading
        with self.lock:
            self.shortened += len(found)
            self.failed += sum(hypothesis.has_failed(options) for hypothesis in found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One margin on one set."""

    margin: Seconds | None
    errors: Errors
    windows: int  # first readings of windows that the margin shortens; for the whole 30 s, of all
    failed: int
    seconds: Seconds

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "errors": self.errors.as_json(), "seconds": round(self.seconds, 1)}


def main() -> int:
    options = _options()
    margins = MARGINS[::2] if options.quick else MARGINS
    with tempfile.TemporaryDirectory(prefix="trax-margins-") as folder:
        engines = Engines(
            EngineOptions(Path(folder), offline=True, encoder=options.encoder, cache_folder=Path(folder)), _say
        )
        description = engines.get(MODEL).description()  # loaded before anything is timed
        sets = {
            TUNING: segment_clips(long_speech(), Path(folder)),
            "read": read_speech(),
            "other": other_speech(),
        }
        found: dict[str, list[Outcome]] = {}
        for name, recordings in sets.items():
            some = recordings[:: 8 if options.quick else 1]
            found[name] = [_measured(name, some, margin, engines) for margin in margins]
    chosen = _chosen(found[TUNING])
    print(_table(found))
    print(f"\nChosen on {TUNING}: {_label(chosen.margin)}. Encoder: {description['encoder']}.")
    if not options.quick:
        _store(found, chosen, description)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.margins")
    parser.add_argument("--quick", action="store_true", help="every eighth clip, three margins; nothing is kept")
    parser.add_argument("--encoder", choices=("auto", "ctranslate2", "openvino"), default="auto")
    return parser.parse_args()


def _measured(name: str, recordings: Sequence[Recording], margin: Seconds | None, engines: Engines) -> Outcome:
    request = Request(model=MODEL, language="en", transcribe=TranscribeOptions(margin=margin))

    def run(recording: Recording) -> Errors:
        made = transcribe(Material(recording.path), request, engines, Hook())
        return errors(recording.text, made.transcript.text)

    began = time.perf_counter()
    with _counted() as readings, ThreadPoolExecutor(FILES_AT_A_TIME * available_cores()) as pool:
        scored = total(pool.map(run, recordings))
    outcome = Outcome(margin, scored, readings.shortened, readings.failed, time.perf_counter() - began)
    _say(f"{name}, {len(recordings)} files, {_label(margin)}: {outcome.seconds:.0f} s, WER {100 * scored.wer:.2f} %")
    return outcome


@contextmanager
def _counted() -> Iterator[Readings]:
    """Readings are counted where they are made: a result no longer tells that its window was read twice."""
    readings = Readings()

    class Counting(Decoder):
        def read(self, encoded: Sequence[Any], options: TranscribeOptions) -> list[Hypothesis]:
            found = super().read(encoded, options)
            readings.count(encoded, found, options)
            return found

    with patch.object(hearing, "Decoder", Counting):
        yield readings


def _chosen(outcomes: Sequence[Outcome]) -> Outcome:
    """The smallest margin that is good enough, by the tuning set alone; they come in order."""
    limit = outcomes[-1].errors.wer + TOLERANCE
    return next(outcome for outcome in outcomes if outcome.errors.wer <= limit)


def _table(found: dict[str, list[Outcome]]) -> str:
    lines = ["| set | silence after the sound | WER % | S | D | I | read badly at first | s |", "|" + "---|" * 8]
    for name, outcomes in found.items():
        for outcome in outcomes:
            scored = outcome.errors
            share = f"{outcome.failed} of {outcome.windows}"
            lines.append(
                f"| {name} ({scored.words} words) | {_label(outcome.margin)} | {100 * scored.wer:.2f} "
                f"| {scored.substituted} | {scored.deleted} | {scored.inserted} | {share} | {outcome.seconds:.0f} |"
            )
    return "\n".join(lines)


def _label(margin: Seconds | None) -> str:
    return "up to 30 s" if margin is None else f"{margin:g} s"


def _store(found: dict[str, list[Outcome]], chosen: Outcome, description: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    document = {
        "measured": datetime.now(UTC).date().isoformat(),
        "chosen_on": TUNING,
        "chosen_margin": chosen.margin,
        "engine": description,
        "sets": {name: [outcome.as_json() for outcome in outcomes] for name, outcomes in found.items()},
    }
    (RESULTS / "margins.json").write_text(json.dumps(document, indent=2) + "\n")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
