"""A process that is measured: what it printed, what it cost, and that its failures are heard of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.watch import Failed, watch


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that can be run as `python -m measured`."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "measured.py"


def test_cpu_and_memory_of_children_count(module: Path) -> None:
    module.write_text(
        "import subprocess, sys\n"
        "burn = 'import time; memory = bytearray(150_000_000)\\nwhile time.process_time() < 1: pass'\n"
        "subprocess.run([sys.executable, '-c', burn], check=True)\n"
        "print('{\"given\": \"' + sys.argv[1] + '\"}')\n"
    )
    watched = watch("measured", ["this"], timeout=60)
    assert watched.printed == {"given": "this"}
    assert 1.0 <= watched.cpu < 3
    assert watched.wall >= 0.9
    assert watched.peak_mb > 150


def test_memory_of_whoever_measures_does_not_count(module: Path) -> None:
    module.write_text("import time; memory = bytearray(30_000_000)\nwhile time.process_time() < 0.5: pass\nprint('{}')")
    mine = bytearray(400_000_000)
    mine[::4096] = b"1" * len(mine[::4096])
    assert watch("measured", [], timeout=60).peak_mb < 200


def test_failure_is_raised_with_what_was_said(module: Path) -> None:
    module.write_text("import sys; sys.exit('no weights')")
    with pytest.raises(Failed, match=r"exit code 1(.|\n)*no weights"):
        watch("measured", [], timeout=60)


def test_no_answer_is_a_failure(module: Path) -> None:
    module.write_text("print('done')")
    with pytest.raises(Failed, match="no JSON"):
        watch("measured", [], timeout=60)


def test_process_that_hangs_is_ended(module: Path) -> None:
    module.write_text("import signal; signal.pause()")
    with pytest.raises(Failed, match="more than 1 s"):
        watch("measured", [], timeout=1)


def test_programs_are_run_by_the_same_python(module: Path) -> None:
    module.write_text("import json, sys; print(json.dumps({'python': sys.executable}))")
    assert watch("measured", [], timeout=60).printed == {"python": sys.executable}
