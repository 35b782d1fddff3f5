"""From the start of a process to the text of a 10 s clip: `trax transcribe` against a bare script.

    python -m benchmarks.cold_start [--rounds 7]

Both take tiny.en from a warm disk; the embedded server runs already. The bare script imports faster-whisper, loads the
model in int8, transcribes with its defaults and prints; a second one does what Trax does too: it finds speech first and
gives each word its time. In each round every system runs once, in a fresh process. Times are until the text has come,
and until the process has ended; ratios are those of the runs of one round, and their median counts. Exit code 1 where
Trax takes more than 1.5 times as long as the bare script until its end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.recordings import DATA
from benchmarks.systems import MODEL
from trax.transcription.models import resolve

LIMIT = 1.5
CLIP = DATA / "speech" / "read" / "7367-86737-0053.flac"  # 9.96 s
RESULTS = Path(__file__).parent / "results" / "cold_start.json"
SCRIPT = """
import sys
from faster_whisper import WhisperModel
model = WhisperModel(sys.argv[2], device="cpu", compute_type="int8")
segments, _ = model.transcribe(sys.argv[1]OPTIONS)
print(" ".join(segment.text.strip() for segment in segments))
"""
WORDS = ", vad_filter=True, word_timestamps=True"


@dataclass(frozen=True, slots=True)
class Run:
    """One process, from its start."""

    text_seconds: float
    end_seconds: float
    cpu_seconds: float  # of its children, too; the server is nobody's child
    text: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="trax-") as home:
        environment = {**os.environ, "TRAX_HOME": home, "TRAX_OFFLINE": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or Trax is compiled anew each time, and its rivals are not
        commands = _commands()
        try:
            for command in commands.values():  # databases are made, disks and encoders get warm
                _run(command, environment)
            runs = {name: list[Run]() for name in commands}
            for _ in range(rounds):
                for name, command in commands.items():
                    runs[name].append(_run(command, environment))
        finally:
            stop = [sys.executable, "-m", "trax", "db", "stop"]
            subprocess.run(stop, env=environment, check=True, capture_output=True)
    return _report(runs)


def _commands() -> dict[str, list[str]]:
    model = str(resolve(MODEL, models_folder=Path("/nonexistent"), offline=True).path)
    return {
        "bare": [sys.executable, "-c", SCRIPT.replace("OPTIONS", ""), str(CLIP), model],
        "trax": [sys.executable, "-m", "trax", "transcribe", str(CLIP), "--model", MODEL, "--force", "--quiet"],
        "bare with words": [sys.executable, "-c", SCRIPT.replace("OPTIONS", WORDS), str(CLIP), model],
    }


def _run(command: list[str], environment: dict[str, str]) -> Run:
    before, began = os.times(), time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        text_seconds = time.perf_counter() - began
        rest = process.stdout.read()
        process.wait()
    end_seconds = time.perf_counter() - began
    if process.returncode or not first.strip():
        raise SystemExit(f"{command[:4]} failed with exit code {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(text_seconds, end_seconds, cpu, (first + rest).decode().strip())


def _report(runs: dict[str, list[Run]]) -> int:
    rows = {name: _row(of, runs["bare"]) for name, of in runs.items()}
    print(f"{'':16}{'text':>8}{'end':>8}{'cpu':>8}{'text / bare':>14}{'end / bare':>12}")
    for name, row in rows.items():
        print(
            f"{name:16}{row['text']:8.2f}{row['end']:8.2f}{row['cpu']:8.2f}"
            f"{row['text_ratio']:14.2f}{row['end_ratio']:12.2f}   {runs[name][0].text[:40]}"
        )
    packages = ("trax-transcripts", "faster-whisper", "ctranslate2")
    facts = {
        "rounds": len(runs["bare"]),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),  # of everything that ran, the measured processes included
        "limit": LIMIT,
        "versions": {package: version(package) for package in packages},
        "systems": rows,
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n")
    return 0 if rows["trax"]["end_ratio"] <= LIMIT else 1


def _row(runs: list[Run], bare: list[Run]) -> dict[str, float]:
    text, end = median(run.text_seconds for run in runs), median(run.end_seconds for run in runs)
    pairs = list(zip(runs, bare, strict=True))
    return {
        "text": round(text, 3),
        "end": round(end, 3),
        "cpu": round(median(run.cpu_seconds for run in runs), 3),
        "slowest_end": round(max(run.end_seconds for run in runs), 3),
        "fastest_end": round(min(run.end_seconds for run in runs), 3),
        "text_ratio": round(median(one.text_seconds / two.text_seconds for one, two in pairs), 3),
        "end_ratio": round(median(one.end_seconds / two.end_seconds for one, two in pairs), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
