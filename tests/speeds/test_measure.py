"""Measuring with a real model: figures that hold together, and an end that is explained."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.speeds.interrupted import INTERRUPTED
from trax.errors import JobFailed, ModelUnavailable
from trax.speeds import measure
from trax.speeds.record import machine
from trax.speeds.sample import sample_path
from trax.transcription.engines import EngineOptions

OPTIONS = EngineOptions(models_folder=Path("/nonexistent"), offline=True, encoder="ctranslate2")


def test_both_modes_are_measured_on_the_sample(tmp_path: Path) -> None:
    quality, fast = measure.measure_here("tiny.en", OPTIONS, sample_path(), 0.5, tmp_path)
    assert (quality.mode, fast.mode) == ("quality", "fast")
    for speed in (quality, fast):
        assert (speed.model, speed.device, speed.sound, speed.machine) == (
            "tiny.en",
            "cpu",
            "conversation.ogg",
            machine(),
        )
        assert speed.speed > 1
        assert 0 <= speed.file_seconds < 10
        assert speed.sound_seconds >= measure.WARM_UP
        assert speed.encoder
    assert quality.load_seconds > 0
    assert quality.peak_bytes == fast.peak_bytes > 50_000_000


def test_an_error_of_the_other_process_is_the_error() -> None:
    with pytest.raises(ModelUnavailable, match="small") as caught:
        measure.measure("small", OPTIONS)
    assert caught.value.next_step


def test_a_process_that_is_killed_is_explained() -> None:
    with pytest.raises(JobFailed, match="memory"):
        measure._in_a_new_process(_die)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_interrupt_does_not_wait_for_the_figures(tmp_path: Path) -> None:
    finished = tmp_path / "finished"
    command = [sys.executable, "-m", "tests.speeds.interrupted", str(finished)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=60, check=False)
    assert done.returncode == INTERRUPTED, done.stderr
    assert not finished.exists()


def test_the_peak_is_that_of_this_process() -> None:
    before = measure.peak_bytes()
    block = bytearray(b"x") * 200_000_000
    assert measure.peak_bytes() >= len(block)
    assert measure.peak_bytes() >= before
