"""What is remembered of measured speeds, and what is better forgotten."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.speeds.figures import FAST, LARGE, SPEED
from trax.errors import OutputError
from trax.speeds.record import Memory, machine


def test_speeds_come_back_slowest_first(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.recall() == []
    memory.remember([FAST, SPEED])
    memory.remember([LARGE])
    assert memory.recall() == [LARGE, SPEED, FAST]


def test_a_new_measurement_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.remember([SPEED, FAST])
    again = replace(SPEED, speed=55.0, measured_at="2026-11-23T12:00:00+00:00")
    memory.remember([again])
    assert memory.recall() == [again, FAST]
    other = replace(SPEED, encoder="openvino bf16", speed=70.0)
    memory.remember([other])
    assert memory.recall() == [again, other, FAST]


def test_what_another_machine_measured_is_kept_for_it(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    elsewhere = replace(SPEED, machine="another processor, 64 cores", speed=900.0)
    memory.remember([elsewhere])
    memory.remember([SPEED])
    assert memory.recall() == [SPEED]
    assert len(json.loads(memory.path.read_text())) == 2


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"speed": 1}', "null", '[{"model": "tiny.en"}]', "\udcff"])
def test_a_file_that_makes_no_sense_counts_as_none(tmp_path: Path, content: str) -> None:
    memory = Memory(tmp_path)
    memory.path.parent.mkdir()
    memory.path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert memory.recall() == []
    memory.remember([SPEED])
    assert memory.recall() == [SPEED]


def test_measurements_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    speeds = [replace(SPEED, model=f"model-{number}") for number in range(8)]
    threads = [threading.Thread(target=Memory(tmp_path).remember, args=([speed],)) for speed in speeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {speed.model for speed in Memory(tmp_path).recall()} == {speed.model for speed in speeds}


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(OutputError, match=r"speeds\.json"):
        Memory(tmp_path).remember([SPEED])


def test_the_machine_has_a_processor_and_cores() -> None:
    processor, _, cores = machine().rpartition(", ")
    assert processor
    assert cores.endswith(" cores")
