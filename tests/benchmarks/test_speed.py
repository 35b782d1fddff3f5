"""What the runs of `benchmarks.speed` come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.recordings import Recording
from benchmarks.scoring import Errors
from benchmarks.speed_record import Record, Run, SetRecord
from benchmarks.speed_report import broken_aims, floor_shares, markdown, middle_errors, ratios
from benchmarks.speed_sets import SpeedSet, speed_set
from benchmarks.speed_systems import BATCHED, FLOOR, SEQUENTIAL, TRAX

FACTS = {"encoder": "openvino f32", "compute_type": "int8", "workers": 2, "threads_per_worker": 1, "batch_size": 4}


def a_run(system: str, number: int, wall: float, wrong: int = 10, **more: Any) -> Run:
    errors = None if system == FLOOR else Errors(1000, wrong, 0, 0)
    return Run(number, system, wall, 2 * wall, 500, 0.1, errors, **more)


def a_record(runs: list[Run], key: str = "b") -> Record:
    return Record({key: SetRecord("one long file", 1, 600.0, 1000, "", {"processor": "one", "cores": 2}, runs)})


def trax(number: int, wall: float, wrong: int = 10) -> Run:
    return a_run(TRAX, number, wall, wrong, server_cpu=0.5, profile={"encode": 3.0}, facts=FACTS)


def a_floor(number: int) -> Run:
    passes = [{"batch": 4, "hear": 6.0, "align": 3.0}, {"batch": 8, "hear": 7.0, "align": 1.0}]
    return a_run(FLOOR, number, 20, facts={"encoder": "openvino f32", "windows": 20, "passes": passes})


def test_ratios_are_those_of_the_same_round() -> None:
    found = a_record([trax(0, 10), a_run(BATCHED, 0, 20), a_run(BATCHED, 1, 90), trax(1, 30), trax(2, 5)]).sets["b"]
    assert ratios(found, TRAX) == [2.0, 3.0]


def test_aims_that_are_met() -> None:
    runs = [trax(0, 10, 12), a_run(BATCHED, 0, 14, 10), a_run(SEQUENTIAL, 0, 30, 11)]
    assert broken_aims(a_record(runs)) == []


@pytest.mark.parametrize(
    ("runs", "problem"),
    [
        ([trax(0, 10), a_run(BATCHED, 0, 13)], "1.30 times"),
        ([trax(0, 10, 13), a_run(BATCHED, 0, 20, 14), a_run(SEQUENTIAL, 0, 20, 10)], "WER 1.30 %"),
        ([trax(0, 10), a_floor(0)], "share is 0.80"),
    ],
    ids=["speed", "errors", "floor"],
)
def test_aim_that_is_missed(runs: list[Run], problem: str) -> None:
    [broken] = broken_aims(a_record(runs))
    assert problem in broken


def test_aims_are_judged_by_the_median_round() -> None:
    runs = [run for number in range(3) for run in (trax(number, 10 + 10 * number), a_run(BATCHED, number, 30))]
    assert broken_aims(a_record(runs)) == []
    assert len(broken_aims(a_record(runs, "a"))) == 1


def test_floor_is_that_of_the_faster_batches() -> None:
    found = a_record([trax(0, 10), a_floor(0)]).sets["b"]
    assert floor_shares(found, aligned=True) == [0.8]
    assert floor_shares(found, aligned=False) == [0.6]


def test_errors_are_those_of_a_real_round() -> None:
    counts = middle_errors([trax(0, 10, 30), trax(1, 10, 10), trax(2, 10, 20)])
    assert counts == Errors(1000, 20, 0, 0)
    assert middle_errors([a_floor(0)]) is None


def test_record_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    record = a_record([trax(0, 10), a_run(BATCHED, 0, 14), a_floor(0)])
    record.save(tmp_path / "speed.json")
    assert Record.load(tmp_path / "speed.json") == record
    assert Record.load(tmp_path / "nothing.json") == Record()


def test_table_has_a_row_for_each_system() -> None:
    text = markdown(a_record([trax(0, 10), trax(1, 12), a_run(BATCHED, 0, 14), a_floor(0)]))
    assert "| trax | 2 | 11.0 (10.0-12.0) | 54.5 | 1.40 | 2.20 | 500 | 1.00 | 10 | 0 | 0 |" in text
    assert "| faster-whisper-batched | 1 | 14.0 | 42.9 | 1.00 |" in text
    assert "8.0 s: 0.80 of Trax's time" in text


@pytest.fixture
def a_set(tmp_path: Path) -> SpeedSet:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"sound")
    return SpeedSet("a", "short clips", (Recording(clip, "words"),), 60.0, 1)


def test_runs_are_kept_only_where_nothing_has_changed(a_set: SpeedSet) -> None:
    record = Record()
    record.begin(a_set, keep=False).runs.append(trax(0, 10))
    assert len(record.begin(a_set, keep=True).runs) == 1
    a_set.recordings[0].path.write_bytes(b"another sound")
    assert record.begin(a_set, keep=True).runs == []


def test_starting_anew_does_not_replace_what_is_saved_until_something_is_measured(
    a_set: SpeedSet, tmp_path: Path
) -> None:
    path = tmp_path / "speed.json"
    a_record([trax(0, 10)]).save(path)
    record = Record.load(path)
    record.begin(a_set, keep=False)
    record.save(path)
    assert list(Record.load(path).sets) == ["b"]


def test_every_file_of_the_mixed_batch_has_a_reference(shared_data: Path, tmp_path: Path) -> None:
    mixed = speed_set("c", tmp_path)
    assert len(mixed.recordings) == 100
    assert all(recording.text.strip() for recording in mixed.recordings)
    assert len({recording.path for recording in mixed.recordings}) == 100
    assert mixed.words >= 5000
