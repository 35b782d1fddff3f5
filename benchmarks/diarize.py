"""Who says what: Trax beside the straightforward way of computing the same models, on dialogues whose truth is known.

    python -m benchmarks.diarize [--quick] [--resume] [--report] [--tune] [--keep FOLDER]

Each system hears each dialogue in a fresh process, timed from its start to its end; the prototype's way costs ten
times as much, so it hears a part of them. The words are those of a transcript that Trax has made of the sound with
tiny.en, the same for both. Results are kept after every run: `--resume` goes on where a run was cut off. `--tune`
hears the other half of the readers, for whoever tries out numbers. Exit code 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.diarize_dialogues import Dialogue, Plan, made, real_dialogues
from benchmarks.diarize_phrases import Clip, clip_of, readers, sound_of, sources
from benchmarks.diarize_record import Record, resumed, run_of, talk_of
from benchmarks.diarize_report import broken_aims, markdown
from benchmarks.diarize_run import PROTOTYPE, TRAX, WORDS, from_json
from benchmarks.diarize_sound import on_the_phone, write_wav
from benchmarks.diarize_voices import Known, recognition
from benchmarks.watch import Failed, Watched, watch
from trax.database.documents import read_segment
from trax.diarization.likeness import unit
from trax.diarization.weights import resolve
from trax.settings import load_settings
from trax.timeline import Seconds
from trax.transcript import Transcript

RESULTS = Path(__file__).parent / "results" / "diarize.json"
OVERLAP = 0.5
PACE = {TRAX: 2.5, PROTOTYPE: 45.0, WORDS: 2.0}  # times the minutes are the most seconds that are likely
SLACK: Seconds = 180  # for the start of a process, on a machine with other work


def plans(*, quick: bool) -> list[Plan]:
    if quick:
        return [Plan(2, 45, OVERLAP, True, is_for_both=True), Plan(4, 150, OVERLAP, True)]
    short = [
        Plan(number, 240, overlap, overlap > 0 or number % 2 == 0, (number, overlap) in FOR_BOTH)
        for number in range(2, 7)
        for overlap in (0.0, OVERLAP)
    ]
    return [
        Plan(1, 180, 0.0, True, is_for_both=True),
        Plan(2, 120, 0.0, False, is_for_both=True),
        *short,
        Plan(5, 1200, OVERLAP, True),
        Plan(4, 3600, OVERLAP, True, has_words=False),
    ]


FOR_BOTH = {(2, OVERLAP), (4, 0.0), (6, OVERLAP)}


def main() -> int:
    options = _options()
    path = _results(options)
    if options.report:
        print(markdown(Record.load(path)))
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or Trax is compiled anew each time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM; what was measured is kept"))
    began = time.perf_counter()
    session = Session(path, resumed(path) if options.resume else Record())
    with _folder(options.keep) as folder:
        bench = Bench.open(folder)
        for dialogue in _dialogues(bench, options):
            session.measure(bench, dialogue)
        if not session.record.recognition:
            session.recognise(bench, quick=options.quick)
    print(markdown(session.record))
    judged = path == RESULTS
    missed = session.failures + (broken_aims(session.record) if judged else [])
    print("\n" + "\n".join(missed or ["No aim is missed." if judged else "Only a full run is judged."]))
    _say(f"{(time.perf_counter() - began) / 60:.1f} min")
    return 1 if missed else 0


@dataclass(frozen=True, slots=True)
class Bench:
    """Where systems run: one process each."""

    folder: Path
    weights: Path
    home: Path

    @classmethod
    def open(cls, folder: Path) -> Bench:
        """Raises: ModelUnavailable."""
        home = folder / "home"
        settings = load_settings()
        weights = resolve(settings.diarize_models, models_folder=home / "models", offline=settings.offline)
        return cls(folder, weights.path, home)

    def run(self, system: str, files: Sequence[Path], seconds: Seconds) -> Watched:
        """Raises: Failed."""
        order = self.folder / "order.json"
        order.write_text(
            json.dumps(
                {
                    "system": system,
                    "files": [str(file) for file in files],
                    "weights": str(self.weights),
                    "home": str(self.home),
                }
            )
        )
        return watch("benchmarks.diarize_run", [str(order)], timeout=SLACK + 3 * PACE[system] * seconds / 60)

    def transcripts(self, files: Sequence[Path], seconds: Seconds) -> list[Transcript]:
        """What Trax makes of each file. Raises: Failed."""
        found = self.run(WORDS, files, seconds).printed["found"]
        return [Transcript("en", 0.0, tuple(read_segment(segment) for segment in segments)) for segments in found]


@dataclass(slots=True)
class Session:
    """What is measured in one call of the command."""

    path: Path
    record: Record
    failures: list[str] = field(default_factory=list)

    def measure(self, bench: Bench, dialogue: Dialogue) -> None:
        """Both systems, or Trax alone; a system that fails is named, and the others go on."""
        self.record.begin(talk_of(dialogue))
        wanted = [TRAX, PROTOTYPE] if dialogue.is_for_both else [TRAX]
        missing = [system for system in wanted if self.record.of(dialogue.name, system) is None]
        transcript = None
        try:
            if missing and dialogue.words:
                [transcript] = bench.transcripts([dialogue.path], dialogue.seconds)
            for system in missing:
                self._hear(bench, dialogue, system, transcript)
        except Failed as error:
            self.failures.append(f"{dialogue.name}: {error}")
            _say(self.failures[-1])

    def recognise(self, bench: Bench, *, quick: bool) -> None:
        """Embeddings of all clips, each a file, as they are and as another device has them."""
        try:
            clean, changed = _voices(bench, quick)
        except Failed as error:
            self.failures.append(f"recognition: {error}")
            return
        self.record.recognition = recognition(clean, changed)
        self.record.save(self.path)

    def _hear(self, bench: Bench, dialogue: Dialogue, system: str, transcript: Transcript | None) -> None:
        watched = bench.run(system, [dialogue.path], dialogue.seconds)
        found = from_json(watched.printed["found"][0])
        run = run_of(dialogue, system, watched, found, transcript)
        self.record.runs.append(run)
        self.record.save(self.path)
        words = "" if not run.words_judged else f", words {100 * (run.words_right or 0) / run.words_judged:.1f} %"
        _say(
            f"{dialogue.name}: {system} {run.wall:.0f} s, {run.cpu / dialogue.seconds * 60:.1f} CPU-s/min, "
            f"{run.peak_mb:.0f} MB, {run.speakers} of {dialogue.speakers} speakers, DER {100 * run.rate:.1f} %{words}"
        )


def _results(options: argparse.Namespace) -> Path:
    """What isn't judged is kept apart."""
    kind = "-".join(name for name in ("quick", "tune") if getattr(options, name))
    return Path(tempfile.gettempdir()) / f"trax-diarize-{kind}.json" if kind else RESULTS


def _dialogues(bench: Bench, options: argparse.Namespace) -> Iterator[Dialogue]:
    """Real ones first; each is written when its turn comes."""
    yield from real_dialogues()[: 1 if options.quick else None]
    clips = _clips(bench, readers(held=not options.tune))
    for number, plan in enumerate(plans(quick=options.quick)):
        yield made(plan, clips, number, bench.folder)


def _clips(bench: Bench, names: Sequence[str]) -> Mapping[str, list[Clip]]:
    """The readers' clips; which words belong to which phrase is told by the times of a transcript."""
    chosen = {name: sources()[name] for name in names}
    files = [source.path for own in chosen.values() for source in own]
    heard = iter(bench.transcripts(files, 15.0 * len(files)))
    return {name: [clip_of(source, next(heard).words) for source in own] for name, own in chosen.items()}


def _voices(bench: Bench, quick: bool) -> tuple[list[Known], list[Known]]:
    names = readers(held=True)[:4] if quick else list(sources())
    chosen = [source for name in names for source in sources()[name][: 4 if quick else None]]
    changed = bench.folder / "phone"
    changed.mkdir(exist_ok=True)
    files = [source.path for source in chosen]
    for number, path in enumerate(list(files)):
        files.append(changed / f"{path.stem}.wav")
        write_wav(files[-1], on_the_phone(sound_of(path), number))
    found = bench.run(TRAX, files, 15.0 * len(files)).printed["found"]
    voices = [_known(one, source.speaker, source.path.stem) for one, source in zip(found, chosen * 2, strict=True)]
    clean, other = voices[: len(chosen)], voices[len(chosen) :]
    return [one for one in clean if one is not None], [one for one in other if one is not None]


def _known(found: dict[str, Any], speaker: str, clip: str) -> Known | None:
    """The voice that is heard most; None where none is."""
    seconds: dict[str, Seconds] = {}
    for start, end, label in found["turns"]:
        seconds[label] = seconds.get(label, 0.0) + end - start
    if not seconds:
        return None
    voice = unit(np.asarray(found["voices"][max(seconds, key=seconds.__getitem__)], dtype=np.float32))
    return None if voice is None else Known(speaker, clip, voice)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="trax-diarize-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diarize")
    parser.add_argument("--quick", action="store_true", help="little of everything; kept apart, and nothing is judged")
    parser.add_argument("--resume", action="store_true", help="keep what was measured of the same Trax")
    parser.add_argument("--report", action="store_true", help="print the tables of what was measured before")
    parser.add_argument("--tune", action="store_true", help="the other readers; kept apart, and nothing is judged")
    parser.add_argument("--keep", type=Path, help="write the dialogues there, and leave them")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
