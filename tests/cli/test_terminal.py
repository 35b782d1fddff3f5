"""What a person at a terminal sees, on a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def at_terminal(*arguments: str) -> tuple[int, str]:
    """Exit code and everything that appeared, of `trax` with its output on a terminal."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
    command = [sys.executable, "-m", "trax", *arguments]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = bytearray()
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # the other end is closed: the program has ended
            break
        seen += part
    os.close(ours)
    return process.wait(60), seen.decode("utf-8", "replace")


def test_progress_shows_speed_and_goes_away_before_the_transcript(database_url: str) -> None:
    code, seen = at_terminal("transcribe", str(SAMPLE), "--model", "tiny.en")
    assert code == 0
    assert re.search(r"\d+ % +[\d.]+x", CONTROL.sub("", seen)), "no part done and no speed"
    assert "left" in seen
    last_line_with_bar, transcript = seen.rsplit("\x1b[2K", 1)
    assert "left" in last_line_with_bar
    assert "Good morning" in CONTROL.sub("", transcript).lstrip("\r\n")
    assert "tiny.en on cpu, int8" in CONTROL.sub("", seen)


def test_the_shell_is_psql(database_url: str) -> None:
    command = [sys.executable, "-m", "trax", "db", "shell", "-At", "-c", "SELECT count(*) FROM media_files"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr


PRINTING = (("models", "list"), ("media", "list"), ("media", "list", "--json"), ("--help",))


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_reader_that_has_seen_enough(database_url: str, arguments: tuple[str, ...]) -> None:
    theirs, ours = os.pipe()
    os.close(theirs)  # as `head` does when it has its lines
    command = [sys.executable, "-m", "trax", *arguments]
    done = subprocess.run(command, stdout=ours, stderr=subprocess.PIPE, text=True, check=False)
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_output_that_finds_no_room(database_url: str, arguments: tuple[str, ...]) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "trax", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("trax: The output can't be written: No space left on device.")
    assert len(done.stderr.splitlines()) == 1


def test_a_caller_that_closed_all_output() -> None:
    command = f"{sys.executable} -m trax models list >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == 0


ENDING = """
import atexit, sys, threading, time
from trax.cli import main
threading.Thread(target=time.sleep, args=(600,)).start()  # such as an engine that is still at work
atexit.register(print, "cleaned up")
print("product", end="", flush=False)
main._leave({code})
"""


@pytest.mark.parametrize("code", [0, 1, 130])
def test_the_end_waits_for_nobody_and_loses_nothing(code: int) -> None:
    command = [sys.executable, "-c", ENDING.format(code=code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (code, "productcleaned up\n", "")


def test_nobody_watches_and_rich_is_not_loaded(database_url: str) -> None:
    code = "import sys; from trax.cli import main; main._run(); print('rich' in sys.modules)"
    command = [sys.executable, "-c", code, "transcribe", str(SAMPLE), "--model", "tiny.en"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n"), done.stderr
    assert "radio station" in done.stdout
