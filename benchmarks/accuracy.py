"""Word error rate of Trax beside faster-whisper, on the same files in the same run.

    python -m benchmarks.accuracy [--quick]

Exit code 1 where Trax is worse than faster-whisper by more than 0.2 points, or drops a part of the long file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.recordings import Recording, long_speech, other_speech, read_speech
from benchmarks.scoring import Errors, correlation, coverage, errors, total
from benchmarks.systems import Output, System, peer_system, trax_system

TOLERANCE = 0.002  # of WER: 0.2 points
LEAST_COVERAGE = 0.5  # of a segment's words
WORST_SHOWN = 5
RESULTS = Path(__file__).parent / "results"


@dataclass
class Run:
    """One system's outputs on one set."""

    outputs: dict[str, Output] = field(default_factory=dict)
    errors: dict[str, Errors] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> Errors:
        return total(self.errors.values())


@dataclass
class Comparison:
    """Both systems on one set of recordings."""

    name: str
    recordings: list[Recording]
    is_bound: bool = True  # the tolerance holds for it
    audio_seconds: float = 0.0
    ours: Run = field(default_factory=Run)
    peer: Run = field(default_factory=Run)

    def run(self, ours: System, peer: System) -> None:
        """Both systems on each file in turn: a machine that gets slower slows both."""
        for recording in self.recordings:
            self.audio_seconds += _duration(recording.path)
            for run, system in ((self.ours, ours), (self.peer, peer)):
                started = time.perf_counter()
                output = system(recording.path)
                run.seconds += time.perf_counter() - started
                run.outputs[recording.name] = output
                run.errors[recording.name] = errors(recording.text, output.text)
            print(".", end="", flush=True, file=sys.stderr)

    @property
    def passed(self) -> bool:
        if not self.is_bound:
            return True
        dropped = any(least < LEAST_COVERAGE for least in self.coverage(self.ours))
        return self.ours.total.wer <= self.peer.total.wer + TOLERANCE and not dropped

    def coverage(self, run: Run) -> list[float]:
        return [
            share
            for recording in self.recordings
            if recording.segments
            for share in coverage(recording, run.outputs[recording.name].text)
        ]

    def worst(self) -> list[tuple[str, Errors, Errors]]:
        """The files with the highest error rate of ours."""
        names = sorted(self.ours.errors, key=lambda name: -self.ours.errors[name].wer)
        return [(name, self.ours.errors[name], self.peer.errors[name]) for name in names[:WORST_SHOWN]]

    def most_behind(self) -> tuple[str, float]:
        """The file on which Trax is furthest behind, and by how many points."""
        behind = {name: 100 * (found.wer - self.peer.errors[name].wer) for name, found in self.ours.errors.items()}
        name = max(behind, key=lambda key: behind[key])
        return name, behind[name]

    def as_json(self) -> dict[str, Any]:
        return {
            "files": len(self.recordings),
            "audio_seconds": round(self.audio_seconds, 1),
            "passed": self.passed if self.is_bound else None,
            "trax": self._run_json(self.ours),
            "faster_whisper": self._run_json(self.peer),
            "worst_files": {
                name: {"trax": ours.as_json(), "faster_whisper": peer.as_json()} for name, ours, peer in self.worst()
            },
            "most_behind": dict(zip(("file", "points"), self.most_behind(), strict=True)),
        }

    def _run_json(self, run: Run) -> dict[str, Any]:
        shares = self.coverage(run)
        covered = {"segments": len(shares), "least": round(min(shares), 3)} if shares else None
        return {
            **run.total.as_json(),
            "audio_per_second": round(self.audio_seconds / run.seconds, 2),
            "segment_coverage": covered,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="12 clips only")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        ours, ours_facts = trax_system(Path(folder))
        peer, peer_facts = peer_system(Path(folder))
        sets = [Comparison("read", read_speech()[:: 6 if quick else 1])]
        if not quick:
            sets.append(Comparison("longform", [long_speech()]))
            sets.append(Comparison("other", other_speech(), is_bound=False))
        for comparison in sets:
            comparison.run(ours, peer)
            _print(comparison)
    if not quick:
        _store(sets, ours_facts, peer_facts)
    return 0 if all(comparison.passed for comparison in sets) else 1


def _print(comparison: Comparison) -> None:
    print(f"\n{comparison.name}: {len(comparison.recordings)} files, {comparison.audio_seconds / 60:.1f} min")
    print(f"  {'':15} {'WER %':>6} {'S':>4} {'D':>4} {'I':>4} {'x real time':>12}   least segment coverage")
    for label, run in (("trax", comparison.ours), ("faster-whisper", comparison.peer)):
        found, shares = run.total, comparison.coverage(run)
        least = f"{min(shares):.2f} of {len(shares)} segments" if shares else "-"
        print(
            f"  {label:15} {100 * found.wer:6.2f} {found.substituted:4} {found.deleted:4} {found.inserted:4} "
            f"{comparison.audio_seconds / run.seconds:12.1f}   {least}"
        )
    for name, ours, peer in comparison.worst():
        print(f"    worst: {name:32} {100 * ours.wer:6.2f} (faster-whisper {100 * peer.wer:6.2f})")
    name, points = comparison.most_behind()
    print(f"    furthest behind: {name} by {points:.2f} points")
    _print_confidence(comparison)
    verdict = "passed" if comparison.passed else "FAILED"
    print(f"  {verdict}" if comparison.is_bound else "  (held out, no bound)")


def _print_confidence(comparison: Comparison) -> None:
    pairs = [
        (output.confidence, 1 - comparison.ours.errors[name].wer)
        for name, output in comparison.ours.outputs.items()
        if output.confidence is not None
    ]
    if len(pairs) > 2:
        confidences, accuracies = zip(*pairs, strict=True)
        r = correlation(confidences, accuracies)
        mean = sum(confidences) / len(confidences)
        print(f"    mean word probability {mean:.3f}; correlation with 1 - WER over files: {r:.2f}")


def _store(sets: list[Comparison], ours: dict[str, Any], peer: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    document = {
        "measured": datetime.now(UTC).date().isoformat(),
        "sets": {comparison.name: comparison.as_json() for comparison in sets},
        "trax": ours,
        "faster_whisper": peer,
    }
    (RESULTS / "accuracy.json").write_text(json.dumps(document, indent=2) + "\n")


def _duration(path: Path) -> float:
    from trax.media.probe import probe

    return probe(path).duration or 0.0


if __name__ == "__main__":
    sys.exit(main())
