"""Word error rate of Trax, v1 and v3 with one model and with two, beside faster-whisper on the same files.

    python -m benchmarks.accuracy [--quick] [--conditions 12] [--keep FILE]

Exit code 1 where an aim is missed: on clean speech no worse than faster-whisper by more than 0.2 points and nothing of
the long file dropped, v3 never significantly worse than v1; on the hard set v3 8 % below v1 in at most twice its time,
and with a second model 10 % below the better of the two alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.accuracy_report import Measured, as_json, missed, printed
from benchmarks.accuracy_sets import Unit, seconds_of, units
from benchmarks.accuracy_systems import SYSTEMS, Heard, Systems

RESULTS = Path(__file__).parent / "results"
QUICK = 7  # every so many of the recordings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few clips; judges nothing")
    parser.add_argument("--conditions", type=int, default=12, help="of the hard set, for each clip; they take turns")
    parser.add_argument("--keep", type=Path, help="where to keep what was heard, and to find it the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = list(units(folder, 1 if options.quick else options.conditions))
        if options.quick:
            found = [unit for unit in found if unit.set != "longform"][::QUICK]
        systems = Systems(folder)
        facts = systems.facts()
        measured = _measured(found, systems, options.keep)
    print(printed(measured))
    if options.quick:
        return 0
    document = {
        "measured": datetime.now(UTC).date().isoformat(),
        "conditions_of_each_clip": options.conditions,
        **as_json(measured),
        "trax": facts,
        "faster_whisper": systems.peer_facts,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "accuracy.json").write_text(json.dumps(document, indent=2) + "\n")
    return 1 if missed(measured) else 0


def _measured(found: list[Unit], systems: Systems, keep: Path | None) -> list[Measured]:
    """What each system made of each recording; what was kept is not heard again."""
    known = _kept(keep)
    list(systems.hear(found[0].recording.path))  # all models are loaded before anything is timed
    measured = []
    for unit in found:
        if unit.key not in known:
            known[unit.key] = dict(systems.hear(unit.recording.path))
            if keep is not None:
                _append(keep, unit.key, known[unit.key])
        measured.append(Measured(unit, seconds_of(unit.recording.path), known[unit.key]))
        print(".", end="", flush=True, file=sys.stderr)
    return measured


def _kept(keep: Path | None) -> dict[str, dict[str, Heard]]:
    if keep is None or not keep.exists():
        return {}
    lines = map(json.loads, keep.read_text().splitlines())
    return {line["key"]: {system: Heard(**line["heard"][system]) for system in SYSTEMS} for line in lines}


def _append(keep: Path, key: str, heard: Mapping[str, Heard]) -> None:
    line = {"key": key, "heard": {system: one.as_json() for system, one in heard.items()}}
    with keep.open("a") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
