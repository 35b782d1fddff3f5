"""Speed of Trax beside faster-whisper and whisper.cpp, with word errors, on the same files in the same run.

    python -m benchmarks.speed [--set a|b|c|all] [--rounds 5] [--systems trax,...] [--quick] [--resume] [--report]

Each measurement is a fresh process, from its start to its end; the systems take turns within each round. The result
is kept after every run: `--resume` goes on where a run was cut off, and sets can be measured one by one. `--report`
measures nothing and prints the tables of `results/speed.json`. Exit code 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.speed_bench import Bench, bench
from benchmarks.speed_record import Record, Run
from benchmarks.speed_report import broken_aims, markdown
from benchmarks.speed_sets import SpeedSet, speed_set
from benchmarks.speed_systems import BATCHED, FLOOR, POOL, SEQUENTIAL, SYSTEMS, TRAX, WHISPER_CPP
from benchmarks.watch import Failed
from trax.timeline import Seconds

RESULTS = Path(__file__).parent / "results" / "speed.json"
DEFAULT_SYSTEMS = (TRAX, BATCHED, POOL, SEQUENTIAL, WHISPER_CPP, FLOOR)
SETS_OF = {FLOOR: "b", POOL: "ac"}  # the floor is that of the long file, and a pool needs several files
PACES = {BATCHED: 2.8, POOL: 2.4, SEQUENTIAL: 4.0, WHISPER_CPP: 7.0, FLOOR: 2.2}  # seconds for a minute of sound
USUAL_PACE = 1.5

QUIET = 0.5  # load average above which the machine isn't

Paces = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Turn:
    """One measurement that is to be made."""

    number: int  # of the round, from 0
    system: str


def main() -> int:
    options = _options()
    path = Path(tempfile.gettempdir()) / "trax-speed-quick.json" if options.quick else RESULTS
    if options.report:
        print(markdown(Record.load(path)))
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or Trax is compiled anew each time, and its rivals are not
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM; what was measured is kept"))
    session = Session(path, Record.load(path) if options.resume or not options.quick else Record())
    with tempfile.TemporaryDirectory(prefix="trax-speed-", ignore_cleanup_errors=True) as folder:
        sets = [speed_set(key, Path(folder), quick=options.quick) for key in options.sets]
        plans = [(chosen, _open_turns(chosen, session.record, options)) for chosen in sets]
        _announce(plans, session.paces)
        with bench(Path(folder)) as place:
            _warm_up(place, [turn.system for _, turns in plans for turn in turns])
            for chosen, turns in plans:
                session.measure(place, chosen, turns)
    print(markdown(session.record))
    missed = session.failures + ([] if options.quick else broken_aims(session.record))
    print("\n" + "\n".join(missed or ["A quick run judges nothing." if options.quick else "No aim is missed."]))
    return 1 if missed else 0


@dataclass(slots=True)
class Session:
    """What is measured in one call of the command."""

    path: Path
    record: Record
    paces: dict[str, float] = field(default_factory=dict)  # seconds that each system takes for a minute of sound
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.paces = dict.fromkeys((*SYSTEMS, FLOOR), USUAL_PACE) | PACES | self.record.paces()

    def measure(self, place: Bench, chosen: SpeedSet, turns: Sequence[Turn]) -> None:
        """Every turn of a set; a system that fails is left out from there on, and the others go on."""
        broken: set[str] = set()
        for done, turn in enumerate(turns, start=1):
            if turn.system in broken:
                continue
            try:
                self._keep(place.measure(turn.system, chosen, turn.number), chosen, turns[done:])
            except Failed as error:
                broken.add(turn.system)
                self.failures.append(f"{turn.system} failed on set {chosen.key}: {error}")
                _say(self.failures[-1])

    def _keep(self, run: Run, chosen: SpeedSet, rest: Sequence[Turn]) -> None:
        self.record.sets[chosen.key].runs.append(run)
        self.record.save(self.path)
        left = _expected(chosen, rest, self.paces | self.record.paces())
        _say(f"{chosen.key} round {run.number + 1}: {run.in_words()}; set {chosen.key}: {left / 60:.0f} min left")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--set", choices=("a", "b", "c", "all"), default="all", dest="sets")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--systems", default=",".join(DEFAULT_SYSTEMS), help=f"of {', '.join((*SYSTEMS, FLOOR))}")
    parser.add_argument("--quick", action="store_true", help="few files, one round; kept apart, and nothing is judged")
    parser.add_argument("--resume", action="store_true", help="keep what was measured of the same files")
    parser.add_argument("--report", action="store_true", help="print the tables of what was measured before")
    options = parser.parse_args()
    options.sets = ("a", "b", "c") if options.sets == "all" else (options.sets,)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.systems = options.systems.split(",")
    if unknown := set(options.systems) - {*SYSTEMS, FLOOR}:
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    return options


def _open_turns(chosen: SpeedSet, record: Record, options: argparse.Namespace) -> list[Turn]:
    """What of a set isn't measured yet, the systems in turn, every second round the other way round."""
    known = record.begin(chosen, keep=options.resume)
    done = {(run.number, run.system) for run in known.runs}
    return [turn for turn in _turns(chosen, options.systems, options.rounds) if (turn.number, turn.system) not in done]


def _turns(chosen: SpeedSet, systems: Sequence[str], rounds: int) -> Iterator[Turn]:
    for number in range(rounds):
        for system in systems[:: 1 if number % 2 == 0 else -1]:
            if chosen.key in SETS_OF.get(system, chosen.key):
                yield Turn(number, system)


def _warm_up(place: Bench, systems: Sequence[str]) -> None:
    for system in dict.fromkeys(systems):
        try:
            place.warm_up(system)
        except Failed as error:
            raise SystemExit(f"{system} doesn't run here, and nothing was measured: {error}") from error


def _announce(plans: Sequence[tuple[SpeedSet, list[Turn]]], paces: Paces) -> None:
    for chosen, turns in plans:
        seconds = _expected(chosen, turns, paces)
        _say(
            f"{chosen.key}: {len(chosen.recordings)} files, {chosen.audio_seconds / 60:.1f} min, {chosen.words} words; "
            f"{len(turns)} runs, about {seconds / 60:.0f} min"
        )
    if (load := os.getloadavg()[0]) > QUIET:
        _say(f"This machine isn't quiet: load average {load:.1f}. The ratios suffer less from it than the seconds.")


def _expected(chosen: SpeedSet, turns: Sequence[Turn], paces: Paces) -> Seconds:
    return sum(paces[turn.system] for turn in turns) * chosen.audio_seconds / 60


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
